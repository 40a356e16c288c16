import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { get, type Page } from '../../api/client.ts';
import { useLive } from '../../api/live.tsx';
import type { JournalRow } from '../../api/types.ts';
import { OutcomeBadge } from '../../components/badges.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { exactTime } from '../../components/relative-time.tsx';
import { Section } from './section.tsx';

const SHOWN = 14;
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** The last calls, as they come. */
export function LiveCalls(): ReactNode {
  const [arrived, setArrived] = useState<readonly JournalRow[]>([]);
  const { data, error, refetch } = useQuery({ queryKey: ['journal', 'latest'], queryFn: ({ signal }) => get<Page<JournalRow>>('/journal', { limit: SHOWN, order: 'desc' }, signal), staleTime: 0 });
  useLive('call', (row) => setArrived((rows) => [row as JournalRow, ...rows.filter(({ id }) => id !== (row as JournalRow).id)].slice(0, SHOWN)));
  const known = new Set(arrived.map(({ id }) => id));
  const rows = [...arrived, ...(data?.items ?? []).filter(({ id }) => !known.has(id))].toSorted((a, b) => b.seq - a.seq).slice(0, SHOWN);
  return (
    <Section
      title="Calls as they come"
      action={
        <Anchor fz="sm" renderRoot={(props) => <Link to="/journal" {...props} />}>
          Journal
        </Anchor>
      }
    >
      {error !== null && rows.length === 0 ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      {data !== undefined && rows.length === 0 ? (
        <Text c="dimmed" fz="sm">
          No call yet. It appears here the moment a client makes one.
        </Text>
      ) : null}
      <ul className="pl-calls" aria-label="Last calls">
        {rows.map((row) => (
          <li key={row.id}>
            <time dateTime={row.at} title={exactTime(row.at)}>
              {clock.format(new Date(row.at))}
            </time>
            <Link to="/journal" search={{ open: row.id }}>
              <span className="pl-cut pl-mono" title={row.name ?? row.method ?? ''}>
                {row.name ?? row.method ?? 'no method'}
              </span>
              <small className="pl-cut">
                {row.server}
                {row.grant === null ? '' : ` by ${row.grant}`}
                {row.code === null ? '' : `: ${row.code}`}
              </small>
            </Link>
            <OutcomeBadge outcome={row.outcome} title={row.reason ?? undefined} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
