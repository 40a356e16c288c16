import { Stack, Tabs } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { getVersioned } from '../../api/client.ts';
import { PageLoading } from '../../app/fallbacks.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { JournalSettings } from './journal.tsx';
import { KeySettings } from './keys.tsx';
import { OidcSettings } from './oidc.tsx';
import { OrganisationSettings } from './organisation.tsx';
import type { Settings } from './settings.ts';

export default function SettingsPage(): ReactNode {
  const queryClient = useQueryClient();
  const settings = useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => getVersioned<Settings>('/settings', signal) });
  const refresh = async (): Promise<void> => {
    await queryClient.invalidateQueries({ queryKey: ['settings'] });
    await queryClient.invalidateQueries({ queryKey: ['session'] });
  };
  return (
    <Page title="Settings" lede="What holds for the whole gateway. What gateway.yaml says is shown, and changed there.">
      {settings.data === undefined ? (
        settings.error === null ? (
          <PageLoading />
        ) : (
          <ErrorState error={settings.error} retry={() => void settings.refetch()} />
        )
      ) : (
        <Tabs defaultValue="organisation" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="organisation">Organisation</Tabs.Tab>
            <Tabs.Tab value="oidc">Single sign-on</Tabs.Tab>
            <Tabs.Tab value="keys">Keys and backup</Tabs.Tab>
            <Tabs.Tab value="journal">Journal</Tabs.Tab>
          </Tabs.List>
          <Stack pt="md">
            <Tabs.Panel value="organisation">
              <OrganisationSettings key={settings.data.version} settings={settings.data} onSaved={refresh} />
            </Tabs.Panel>
            <Tabs.Panel value="oidc">
              <OidcSettings key={settings.data.version} settings={settings.data} onSaved={refresh} />
            </Tabs.Panel>
            <Tabs.Panel value="keys">
              <KeySettings settings={settings.data.value} onChanged={refresh} />
            </Tabs.Panel>
            <Tabs.Panel value="journal">
              <JournalSettings settings={settings.data.value} />
            </Tabs.Panel>
          </Stack>
        </Tabs>
      )}
    </Page>
  );
}
