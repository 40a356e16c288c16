import { Anchor, Button, Drawer, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { apiPath, get } from '../../api/client.ts';
import type { JournalRow } from '../../api/types.ts';
import { OutcomeBadge } from '../../components/badges.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import '../../components/facts.css';
import { policyName } from '../../components/policy-name.ts';
import { exactTime } from '../../components/relative-time.tsx';
import { ExactJson, SafeText } from '../../exact/exact-json.tsx';
import { Proof } from './proof.tsx';

/** GET /journal/{id}: the row, and where the chain holds it. */
export type RowWithProof = JournalRow & { readonly proof?: { readonly block: number | null; readonly checkpoint: number | null } };

function useRow(id: string | null): ReturnType<typeof useQuery<RowWithProof>> {
  return useQuery({
    queryKey: ['journal', 'one', id],
    enabled: id !== null,
    queryFn: ({ signal }) => get<RowWithProof>(apiPath('journal', id ?? ''), undefined, signal),
  });
}

export function JournalDetail({ id, known, onClose }: { readonly id: string | null; readonly known: JournalRow | undefined; readonly onClose: () => void }): ReactNode {
  const { data, error, refetch } = useRow(id);
  const row: RowWithProof | undefined = data ?? known;
  return (
    <Drawer opened={id !== null} onClose={onClose} position="right" size="34rem" title="Call" closeButtonProps={{ 'aria-label': 'Close' }}>
      {row === undefined ? error === null ? <Skeleton height={300} /> : <ErrorState error={error} retry={() => void refetch()} /> : <Detail row={row} />}
    </Drawer>
  );
}

function Detail({ row }: { readonly row: RowWithProof }): ReactNode {
  return (
    <Stack gap="md">
      <Group gap="sm">
        <OutcomeBadge outcome={row.outcome} />
        <Text fw={650} className="pl-mono">
          <SafeText text={row.name ?? row.method ?? 'no method'} />
        </Text>
      </Group>
      {row.reason === null ? null : <Text><SafeText text={row.reason} /></Text>}
      <Facts row={row} />
      {row.argValues === null || row.argValues === undefined ? null : <ExactJson text={row.argValues} label="Arguments" maxHeight="18rem" />}
      <Group gap="xs">
        {row.policy === null ? null : (
          <Button size="xs" variant="default" renderRoot={(props) => <Link to={`/policies/${encodeURIComponent(policyName(row.policy ?? ''))}`} search={{ view: 'tester', call: row.id }} {...props} />}>
            Explain it with the policy
          </Button>
        )}
        {row.policy === null ? null : (
          <Button size="xs" variant="default" renderRoot={(props) => <Link to={`/policies/${encodeURIComponent(policyName(row.policy ?? ''))}`} search={{ view: 'effect' }} {...props} />}>
            What would a change do?
          </Button>
        )}
        {row.session === null ? null : (
          <Button size="xs" variant="default" renderRoot={(props) => <Link to="/journal" search={{ session: row.session ?? '' }} {...props} />}>
            Other calls of this session
          </Button>
        )}
      </Group>
      <Proof row={row} />
    </Stack>
  );
}

function Facts({ row }: { readonly row: JournalRow }): ReactNode {
  const lines: readonly (readonly [string, ReactNode])[] = [
    ['When', exactTime(row.at)],
    ['Server', <Anchor key="server" renderRoot={(props) => <Link to={`/servers/${encodeURIComponent(row.server)}`} {...props} />}>{row.server}</Anchor>],
    ['Grant', row.grant === null ? null : <Anchor key="grant" renderRoot={(props) => <Link to={`/grants/${encodeURIComponent(row.grant ?? '')}`} {...props} />}>{row.grant}</Anchor>],
    ['Policy', row.policy === null ? null : <Anchor key="policy" renderRoot={(props) => <Link to={`/policies/${encodeURIComponent(policyName(row.policy ?? ''))}`} search={row.rule === null ? {} : { rule: row.rule }} {...props} />}>{row.policy}</Anchor>],
    ['Rule', mono(row.rule)],
    ['Code', mono(row.code)],
    ['Would have', mono(row.observed)],
    ['Try again after', row.retryAfterMs === null ? null : `${Math.ceil(row.retryAfterMs / 1000)} s`],
    ['Method', mono(row.method)],
    ['Argument names', row.argKeys === null ? null : row.argKeys.length === 0 ? 'none' : mono(row.argKeys.join(', '))],
    ['Arguments, keyed hash', mono(row.argHash)],
    ['Upstream', row.upstreamStatus === null ? null : <SafeText key="upstream" text={row.upstreamStatus} />],
    ['Took', row.latencyMs === null ? null : `${Math.round(row.latencyMs * 100) / 100} ms`],
    ['Session', mono(row.session)],
    ['Request id', mono(row.requestId)],
    ['Transport', row.protocol === null ? row.transport : `${row.transport}, protocol ${row.protocol}`],
    ['Decision id', mono(row.id)],
    ['Row', row.seq],
  ];
  return (
    <dl className="pl-facts">
      {lines.map(([term, value]) =>
        value === null ? null : (
          <div key={term} style={{ display: 'contents' }}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function mono(text: string | null): ReactNode {
  return text === null ? null : (
    <span className="pl-mono">
      <SafeText text={text} />
    </span>
  );
}
