import { Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { get, post } from '../../api/client.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { told } from '../../components/toasts.ts';
import { bytes, type Ops, type Settings } from './settings.ts';
import { Caution } from '../../policy-builder/caution.tsx';

const SOURCES = { environment: 'comes from the environment', file: 'comes from a file', generated: 'was made at the first start, in the data directory' } as const;
const BACKUP = 'policylayer backup --to ./policylayer-backup --with-keys\npolicylayer restore --from ./policylayer-backup';

/** The key ring of stored secrets, and how nothing is lost. */
export function KeySettings({ settings, onChanged }: { readonly settings: Settings; readonly onChanged: () => Promise<void> }): ReactNode {
  const ops = useQuery({ queryKey: ['ops'], queryFn: ({ signal }) => get<Ops>('/ops', undefined, signal) });
  const [asking, setAsking] = useState(false);
  const { keys } = settings;
  return (
    <Stack maw="44rem">
      <Paper withBorder p="md" radius="md">
        <Stack gap="sm">
          <Title order={2}>Keys of stored secrets</Title>
          <Text>
            Credentials of servers are sealed with key {keys.newest}, which {SOURCES[keys.source]}. {keys.count === 1 ? 'There is one key.' : `There are ${keys.count} keys: older ones open what is not sealed anew yet.`}
          </Text>
          <Group>
            <Button variant="default" onClick={() => setAsking(true)}>
              Rotate the key
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Paper withBorder p="md" radius="md">
        <Stack gap="sm">
          <Title order={2}>Backup</Title>
          <Text>One file holds everything. The command copies it while the gateway runs; the key of the secrets is copied apart, so that a stolen backup opens nothing.</Text>
          <CodeBlock text={BACKUP} label="Backup and restore" />
          {ops.data === undefined ? null : (
            <List fz="sm" c="dimmed">
              <List.Item>
                Database {bytes(ops.data.databaseBytes)}, write-ahead log {bytes(ops.data.walBytes)}, {ops.data.journalRows.toLocaleString('en')} rows of the journal
              </List.Item>
              <List.Item>
                PolicyLayer {ops.data.version} on Node {ops.data.node}, {bytes(ops.data.memoryBytes)} of memory
              </List.Item>
            </List>
          )}
          {ops.error === null ? null : <Caution tone="bad">The figures of the database could not be read.</Caution>}
        </Stack>
      </Paper>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Rotate the key"
        confirm="Rotate"
        danger={false}
        onConfirm={async () => {
          const done = await post<{ key: number; resealed: number; unreadable?: number }>('/settings/keys/rotate');
          await onChanged();
          told(`Key ${done.key} is the newest. ${done.resealed} ${done.resealed === 1 ? 'secret was' : 'secrets were'} sealed anew${(done.unreadable ?? 0) > 0 ? `, ${done.unreadable ?? 0} could not be opened` : ''}.`);
        }}
      >
        A new key is made and every stored secret is sealed with it. Nothing stands still meanwhile. Back up the key ring after it.
      </ConfirmDialog>
    </Stack>
  );
}
