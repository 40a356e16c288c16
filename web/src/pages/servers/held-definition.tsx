import { Alert, Checkbox, Group, List, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { acceptDefinition, pinQuery } from '../../api/servers.ts';
import { useWhyNot } from '../../api/session.ts';
import { ErrorState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { failed, told } from '../../components/toasts.ts';
import { Lines } from './lines.tsx';

/** The definition that is held back beside the one that holds, with the differences, and the way to accept it. */
export function HeldDefinition({ server, tool }: { readonly server: string; readonly tool: string }): ReactNode {
  const { data, error, refetch } = useQuery(pinQuery(server, tool));
  const whyNot = useWhyNot('policies.write', server);
  const [also, setAlso] = useState(false);
  const [busy, setBusy] = useState(false);
  if (data === undefined) return error === null ? <Skeleton height={120} /> : <ErrorState error={error} retry={() => void refetch()} />;
  const newest = data.definitions.findLast(({ standing }) => standing !== 'pinned');
  const before = data.definitions.findLast(({ standing }) => standing === 'pinned');
  if (newest === undefined) return null;
  const accept = async (): Promise<void> => {
    setBusy(true);
    try {
      await acceptDefinition(server, tool, newest.hash, also);
      told(`${tool} can be used with its new definition.`, 'Accepted');
    } catch (problem) {
      failed(problem);
      void refetch();
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert color={newest.standing === 'held' ? 'red' : 'yellow'} title={newest.standing === 'held' ? 'Its definition changed, so it is held back' : 'Its definition changed'}>
      <Stack gap="sm">
        <Text fz="sm">
          First seen <RelativeTime at={newest.firstSeen} />. {newest.standing === 'held' ? 'Calls to it are refused until somebody accepts the new definition.' : ''}
        </Text>
        {newest.why.length === 0 ? null : (
          <List fz="sm">
            {newest.why.map((reason) => (
              <List.Item key={reason}>{reason}</List.Item>
            ))}
          </List>
        )}
        <Lines before={before?.text ?? null} after={newest.text} />
        <Group gap="sm">
          <GuardedButton whyNot={whyNot} size="xs" loading={busy} onClick={() => void accept()}>
            Accept the new definition
          </GuardedButton>
          {whyNot === null ? <Checkbox size="xs" label="Keep the old one valid too" checked={also} onChange={(event) => setAlso(event.currentTarget.checked)} /> : null}
        </Group>
      </Stack>
    </Alert>
  );
}
