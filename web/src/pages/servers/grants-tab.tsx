import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { grantsQuery } from '../../api/lists.ts';
import { useMay } from '../../api/session.ts';
import type { Grant } from '../../api/types.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';

const TONES = { active: 'good', expired: 'quiet', revoked: 'quiet', unusable: 'bad' } as const;

const COLUMNS: readonly Column<Grant>[] = [
  { id: 'label', header: 'Grant', sort: ({ label }) => label, cell: ({ label }) => <Truncated text={label} /> },
  { id: 'status', header: 'Status', tight: true, sort: ({ status }) => status, cell: ({ status, problem }) => <StatusBadge tone={TONES[status]} title={problem ?? undefined}>{status}</StatusBadge> },
  { id: 'policies', header: 'Policies', cell: ({ policies }) => <Truncated text={policies.length === 0 ? 'none: it can call nothing' : policies.join(', ')} /> },
  { id: 'used', header: 'Last used', tight: true, sort: ({ lastUsedAt }) => lastUsedAt, cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} /> },
];

export function GrantsTab({ server }: { readonly server: string }): ReactNode {
  const { data, error, refetch } = useQuery(grantsQuery);
  const may = useMay('grants.write', server);
  const rows = useMemo(() => data?.filter((grant) => grant.server === server), [data, server]);
  const mint = <Button renderRoot={(props) => <Link to="/grants" search={{ new: 'grant', server }} {...props} />}>Mint a grant</Button>;
  return (
    <DataTable
      label={`Grants for ${server}`}
      columns={COLUMNS}
      rows={rows}
      rowKey={({ label }) => label}
      rowHref={({ label }) => `/grants/${encodeURIComponent(label)}`}
      error={error}
      retry={() => void refetch()}
      empty={
        <EmptyState title="Nobody can use this server yet" action={may ? mint : undefined}>
          A grant is a token for one agent, with the policies that hold for it.
        </EmptyState>
      }
    />
  );
}
