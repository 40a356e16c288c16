import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { getAll } from '../../api/client.ts';
import { useWhyNot } from '../../api/session.ts';
import type { Grant } from '../../api/types.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { GrantBadge } from './grant-badge.tsx';
import { NewGrant } from './new-grant.tsx';

const COLUMNS: readonly Column<Grant>[] = [
  { id: 'label', header: 'Grant', cell: ({ label }) => <Truncated text={label} />, sort: ({ label }) => label, text: ({ label, tags }) => `${label} ${tags.join(' ')}` },
  { id: 'status', header: 'Status', cell: (grant) => <GrantBadge grant={grant} />, sort: ({ status }) => status, text: ({ status }) => status },
  { id: 'server', header: 'Server', cell: ({ server }) => <Truncated text={server} />, sort: ({ server }) => server, text: ({ server }) => server },
  { id: 'policies', header: 'Policies', cell: ({ policies }) => (policies.length === 0 ? 'none: can call nothing' : <Truncated text={policies.join(', ')} />), sort: ({ policies }) => policies.join(' '), text: ({ policies }) => policies.join(' ') },
  { id: 'expires', header: 'Expires', tight: true, cell: ({ expiresAt }) => <RelativeTime at={expiresAt} />, sort: ({ expiresAt }) => expiresAt },
  { id: 'used', header: 'Last call', tight: true, cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} />, sort: ({ lastUsedAt }) => lastUsedAt },
  { id: 'calls', header: 'Calls, 24 h', align: 'end', tight: true, cell: ({ calls24h }) => calls24h.toLocaleString('en'), sort: ({ calls24h }) => calls24h },
];

export default function GrantsPage(): ReactNode {
  const grants = useQuery({ queryKey: ['grants'], queryFn: ({ signal }) => getAll<Grant>('/grants', {}, signal) });
  const whyNot = useWhyNot('grants.write');
  const [open, dialog] = useDisclosure(new URLSearchParams(location.search).has('new'));
  const create = (
    <GuardedButton whyNot={whyNot} onClick={dialog.open}>
      New grant
    </GuardedButton>
  );
  return (
    <Page title="Grants" lede="A grant lets one agent reach one server, within the policies that it names. Its token is what the client sends." actions={create}>
      <DataTable
        label="Grants"
        columns={COLUMNS}
        rows={grants.data}
        rowKey={({ label }) => label}
        error={grants.error}
        retry={() => void grants.refetch()}
        rowHref={({ label }) => `/grants/${encodeURIComponent(label)}`}
        initialSort={{ id: 'label', desc: false }}
        filter="Find a grant"
        empty={
          <EmptyState title="There is no grant yet" action={create}>
            Make one for each agent, so that each can be limited, watched and revoked alone.
          </EmptyState>
        }
      />
      {open ? <NewGrant onClose={dialog.close} taken={(grants.data ?? []).map(({ label }) => label)} /> : null}
    </Page>
  );
}
