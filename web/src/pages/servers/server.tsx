import { Alert, Button, Group, Menu, Skeleton, Tabs, Text } from '@mantine/core';
import { IconDots, IconPower, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { apiPath, put, remove } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { serverQuery } from '../../api/servers.ts';
import { useMay, useWhyNot } from '../../api/session.ts';
import { useParam, useSearchText, useSetSearch } from '../../app/search-text.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { CopyButton } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { failed, told } from '../../components/toasts.ts';
import { GrantsTab } from './grants-tab.tsx';
import { OAuthTab } from './oauth-tab.tsx';
import { fromServer, toBody } from './server-form-values.ts';
import { ServerStatus } from './server-status.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { ToolsTab } from './tools-tab.tsx';
import { useScan } from './use-scan.ts';

export default function ServerPage(): ReactNode {
  const name = useParam('server');
  return <OneServer key={name} name={name} />;
}

function OneServer({ name }: { readonly name: string }): ReactNode {
  const { data, error, refetch } = useQuery(serverQuery(name));
  const tab = useSearchText('tab') ?? 'tools';
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('servers.write', name);
  const whyNot = useWhyNot('servers.write', name);
  const scan = useScan(name);
  const [removing, setRemoving] = useState(false);
  const crumbs = [{ label: 'Servers', to: '/servers' }];
  if (data === undefined) {
    return (
      <Page title={name} crumbs={crumbs}>
        {error === null ? <Skeleton height={280} /> : <ErrorState error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  const { value: server, version } = data;
  const editable = mayWrite && server.source === 'registry';
  const oauth = server.kind === 'http' && server.auth === 'oauth';
  const toggle = async (): Promise<void> => {
    try {
      await put(apiPath('servers', name), { ...toBody(fromServer(server), false), enabled: !server.enabled }, version);
      await queryClient.invalidateQueries({ queryKey: ['servers'] });
      told(server.enabled ? `${name} is switched off. Its grants and its history stay.` : `${name} is switched on.`);
    } catch (problem) {
      failed(problem);
    }
  };
  return (
    <Page
      title={name}
      crumbs={crumbs}
      lede={server.description ?? undefined}
      badges={
        <>
          <ServerStatus server={server} />
          {server.source === 'file' ? <StatusBadge tone="info" title="Change it there; here it is read-only">from gateway.yaml</StatusBadge> : null}
        </>
      }
      actions={
        <>
          <GuardedButton whyNot={whyNot} variant="default" leftSection={<IconRefresh size={16} aria-hidden="true" />} loading={scan.running} onClick={scan.start}>
            Scan
          </GuardedButton>
          {editable ? (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" px="xs" aria-label="More actions">
                  <IconDots size={18} aria-hidden="true" />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPower size={16} aria-hidden="true" />} onClick={() => void toggle()}>
                  {server.enabled ? 'Switch off' : 'Switch on'}
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden="true" />} onClick={() => setRemoving(true)}>
                  Remove
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          ) : null}
        </>
      }
    >
      {server.problem === null || scan.running ? null : (
        <Alert color="red" title={server.status === 'disabled' ? 'Switched off' : 'It does not work'}>
          {server.problem}
        </Alert>
      )}
      <Group gap="xs">
        <Text fz="sm" c="dimmed">
          Clients connect to
        </Text>
        <Text fz="sm" className="pl-mono">
          {server.proxyUrl}
        </Text>
        <CopyButton text={server.proxyUrl} what="the address" />
      </Group>
      <Tabs value={tab} onChange={(value) => setSearch({ tab: value === 'tools' ? null : value, tool: null })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="tools">Tools{server.held > 0 ? ` (${server.held} held)` : ''}</Tabs.Tab>
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
          {oauth ? <Tabs.Tab value="oauth">OAuth{server.oauth !== null && server.oauth.status !== 'ready' ? ' !' : ''}</Tabs.Tab> : null}
          <Tabs.Tab value="grants">Grants{server.grants > 0 ? ` (${server.grants})` : ''}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tools">
          <ToolsTab server={server} scan={scan} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsTab server={server} version={version} editable={editable} whyNot={whyNot} />
        </Tabs.Panel>
        <Tabs.Panel value="oauth">{oauth ? <OAuthTab server={server} whyNot={editable ? null : (whyNot ?? 'The server is written in gateway.yaml.')} /> : null}</Tabs.Panel>
        <Tabs.Panel value="grants">
          <GrantsTab server={name} />
        </Tabs.Panel>
      </Tabs>
      <ConfirmDialog
        opened={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${name}?`}
        confirm="Remove server"
        typed={name}
        onConfirm={async () => {
          await remove(apiPath('servers', name), version, server.grants > 0 ? { force: true } : {});
          await navigate({ to: '/servers' });
          queryClient.removeQueries({ queryKey: ['servers', 'one', name] });
          void queryClient.invalidateQueries({ queryKey: ['servers'] });
          void queryClient.invalidateQueries({ queryKey: ['grants'] });
          told(`${name} was removed.`);
        }}
      >
        Its secrets and accepted definitions are erased{server.grants > 0 ? `, and its ${server.grants === 1 ? 'grant is' : `${server.grants} grants are`} removed: agents that use ${server.grants === 1 ? 'it' : 'them'} are cut off at once` : ''}. The journal keeps its rows. This cannot be undone.
      </ConfirmDialog>
    </Page>
  );
}
