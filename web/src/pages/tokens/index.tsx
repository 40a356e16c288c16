import { Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { apiPath, getAll, post, remove } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { useMay } from '../../api/session.ts';
import { ROLES, type Role } from '../../api/types.ts';
import { ROLE_WORDS } from '../../app/member-menu.tsx';
import { StatusBadge } from '../../components/badges.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { expiryOf, SPANS } from '../grants/expiry.ts';
import { Caution } from '../../policy-builder/caution.tsx';

interface ApiToken {
  readonly id: string;
  readonly label: string;
  readonly member: string;
  readonly role: Role | null;
  readonly hint: string;
  readonly status: 'active' | 'expired';
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly createdAt: string;
}

export default function TokensPage(): ReactNode {
  const mayAll = useMay('members.write', null);
  const [all, setAll] = useState(false);
  const tokens = useQuery({ queryKey: ['tokens', all], queryFn: ({ signal }) => getAll<ApiToken>('/tokens', all ? { all: true } : {}, signal) });
  const queryClient = useQueryClient();
  const [making, make] = useDisclosure(false);
  const [removing, setRemoving] = useState<ApiToken | null>(null);
  const columns = useMemo<readonly Column<ApiToken>[]>(() => [
    { id: 'label', header: 'Token', cell: ({ label }) => <Truncated text={label} />, sort: ({ label }) => label, text: ({ label, member }) => `${label} ${member}` },
    { id: 'status', header: 'Status', cell: ({ status }) => <StatusBadge tone={status === 'active' ? 'good' : 'quiet'}>{status}</StatusBadge>, sort: ({ status }) => status },
    { id: 'role', header: 'Rights', cell: ({ role }) => (role === null ? "all of the member's" : `at most ${ROLE_WORDS[role]}`), sort: ({ role }) => role ?? '' },
    { id: 'hint', header: 'Ends in', cell: ({ hint }) => <span className="pl-mono">{hint}</span> },
    { id: 'expires', header: 'Expires', tight: true, cell: ({ expiresAt }) => <RelativeTime at={expiresAt} />, sort: ({ expiresAt }) => expiresAt },
    { id: 'used', header: 'Last used', tight: true, cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} />, sort: ({ lastUsedAt }) => lastUsedAt },
    {
      id: 'remove',
      header: 'Remove',
      tight: true,
      cell: (token) => (
        <Button size="compact-xs" variant="default" aria-label={`Remove ${token.label}`} onClick={() => setRemoving(token)}>
          Remove
        </Button>
      ),
    },
  ], []);
  return (
    <Page title="API tokens" lede="For programs that use the API as you do: policylayer apply, diff and export, or your own. They never sign in to this page." actions={<Button onClick={make.open}>New token</Button>}>
      <DataTable
        label="API tokens"
        columns={columns}
        rows={tokens.data}
        rowKey={({ id }) => id}
        error={tokens.error}
        retry={() => void tokens.refetch()}
        initialSort={{ id: 'label', desc: false }}
        filter="Find a token"
        tools={mayAll ? <Checkbox label="Everybody's" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> : undefined}
        empty={<EmptyState title="There is no API token">A token has at most your rights, and can have fewer.</EmptyState>}
      />
      {making ? <NewToken onClose={make.close} /> : null}
      <ConfirmDialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title="Remove the token"
        confirm="Remove token"
        onConfirm={async () => {
          if (removing === null) return;
          await remove(apiPath('tokens', removing.id));
          await queryClient.invalidateQueries({ queryKey: ['tokens'] });
        }}
      >
        Programs that use {removing?.label ?? 'it'} are refused from now on.
      </ConfirmDialog>
    </Page>
  );
}

function NewToken({ onClose }: { readonly onClose: () => void }): ReactNode {
  const queryClient = useQueryClient();
  const [label, setLabel] = useState('');
  const [role, setRole] = useState<string>('own');
  const [expiry, setExpiry] = useState('90');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [stored, setStored] = useState(false);
  const wrong = fieldErrors(error);
  const create = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const made = await post<{ secret: string }>('/tokens', { label, role: role === 'own' ? null : role, expiresAt: expiryOf(expiry, Date.now()) });
      void queryClient.invalidateQueries({ queryKey: ['tokens'] });
      setSecret(made.secret);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (secret !== null) {
    return (
      <Modal opened onClose={() => (stored ? onClose() : undefined)} closeOnClickOutside={false} closeOnEscape={stored} withCloseButton={stored} title={`${label} is ready`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack>
          <Caution title="This is the only time that the token is shown">
            The gateway keeps only its hash.
          </Caution>
          <CodeBlock text={secret} label="Token" wrap />
          <Text fz="sm" c="dimmed">
            Programs send it as <span className="pl-mono">Authorization: Bearer</span>, or read it from <span className="pl-mono">POLICYLAYER_API_TOKEN</span>.
          </Text>
          <Checkbox label="I have stored it" checked={stored} onChange={(event) => setStored(event.currentTarget.checked)} />
          <Group justify="flex-end">
            <Button onClick={onClose} disabled={!stored}>
              Done
            </Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="New API token" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (label.trim() !== '' && !busy) void create();
        }}
      >
        <Stack>
          <TextInput label="Label" description="What uses it." value={label} onChange={(event) => setLabel(event.currentTarget.value)} error={wrong['label']} required maxLength={120} data-autofocus autoComplete="off" />
          <Select label="Rights" description="It never has more than you have." data={[{ value: 'own', label: 'The same as mine' }, ...ROLES.map((value) => ({ value, label: `At most ${ROLE_WORDS[value]}` }))]} value={role} allowDeselect={false} onChange={(value) => setRole(value ?? 'own')} error={wrong['role']} />
          <Select label="Ends after" data={SPANS.map(({ value, label: text }) => ({ value, label: text }))} value={expiry} allowDeselect={false} onChange={(value) => setExpiry(value ?? '90')} error={wrong['expiresAt']} />
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={label.trim() === ''}>
              Create token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
