import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { Anchor, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWhyNot } from '../../api/session.ts';
import type { Policy } from '../../api/types.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { usePolicies } from '../../policy-builder/api.ts';
import { NewPolicy } from './new-policy.tsx';

function stateOf(policy: Policy): ReactNode {
  if (policy.source === 'file') return <StatusBadge tone={policy.mode === 'observe' ? 'info' : 'good'}>{policy.mode === 'observe' ? 'observes, from file' : 'enforced, from file'}</StatusBadge>;
  const { published } = policy;
  if (published === null) return <StatusBadge tone="quiet">draft</StatusBadge>;
  return (
    <Group gap={6}>
      <StatusBadge tone={published.stage === 'enforce' ? 'good' : 'info'}>{published.stage === 'enforce' ? 'enforced' : 'observes'}</StatusBadge>
      {policy.draft === null ? null : <StatusBadge tone="warn">draft differs</StatusBadge>}
    </Group>
  );
}

function problemsOf({ problems }: Policy): ReactNode {
  const errors = problems.filter(({ severity }) => severity !== 'warning' && severity !== 'info').length;
  const warnings = problems.length - errors;
  if (problems.length === 0) return <span>none</span>;
  return (
    <Group gap={6}>
      {errors === 0 ? null : <StatusBadge tone="bad">{`${errors} ${errors === 1 ? 'mistake' : 'mistakes'}`}</StatusBadge>}
      {warnings === 0 ? null : <StatusBadge tone="warn">{`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`}</StatusBadge>}
    </Group>
  );
}

const COLUMNS: readonly Column<Policy>[] = [
  { id: 'name', header: 'Policy', cell: ({ name }) => <Truncated text={name} mono />, sort: ({ name }) => name, text: ({ name, description }) => `${name} ${description ?? ''}` },
  { id: 'state', header: 'State', cell: stateOf, sort: ({ published }) => published?.stage ?? 'draft', text: ({ published }) => published?.stage ?? 'draft' },
  { id: 'server', header: 'Server', cell: ({ server }) => (server === null ? 'any' : <Truncated text={server} />), sort: ({ server }) => server ?? '', text: ({ server }) => server ?? '' },
  { id: 'version', header: 'Version', align: 'end', tight: true, cell: ({ published }) => published?.number ?? 'none', sort: ({ published }) => published?.number ?? 0 },
  {
    id: 'grants',
    header: 'Used by grants',
    cell: ({ usedBy }) =>
      usedBy.length === 0 ? (
        'none'
      ) : (
        <Truncated text={usedBy.join(', ')} />
      ),
    sort: ({ usedBy }) => usedBy.length,
    text: ({ usedBy }) => usedBy.join(' '),
  },
  { id: 'problems', header: 'Problems of the draft', cell: problemsOf, sort: ({ problems }) => problems.length },
  { id: 'changed', header: 'Published', tight: true, wideOnly: true, cell: ({ published }) => <RelativeTime at={published?.at} />, sort: ({ published }) => published?.at ?? '' },
];

export default function PoliciesPage(): ReactNode {
  const policies = usePolicies();
  const whyNot = useWhyNot('policies.write');
  const [open, dialog] = useDisclosure(new URLSearchParams(location.search).has('new'));
  const create = (
    <GuardedButton whyNot={whyNot} onClick={dialog.open}>
      New policy
    </GuardedButton>
  );
  return (
    <Page title="Policies" lede="What an agent may do with the tools of a server. A policy is written as a draft, watched while it observes, and then enforced." actions={create}>
      <DataTable
        label="Policies"
        columns={COLUMNS}
        rows={policies.data}
        rowKey={({ name }) => name}
        error={policies.error}
        retry={() => void policies.refetch()}
        rowHref={({ name }) => `/policies/${encodeURIComponent(name)}`}
        initialSort={{ id: 'name', desc: false }}
        filter="Find a policy"
        empty={
          <EmptyState title="There is no policy yet" action={create}>
            Start from what a scan of a server proposes, or with an empty one. Servers are under{' '}
            <Anchor renderRoot={(props) => <Link to="/servers" {...props} />}>Servers</Anchor>.
          </EmptyState>
        }
      />
      {open ? <NewPolicy onClose={dialog.close} taken={(policies.data ?? []).map(({ name }) => name)} /> : null}
    </Page>
  );
}
