import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { JournalRow } from '../../api/types.ts';
import { OutcomeBadge } from '../../components/badges.tsx';
import type { Column } from '../../components/data-table.tsx';
import { exactTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Clock time today, with the day before that. */
function When({ at }: { readonly at: string }): ReactNode {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={exactTime(at)} className="pl-num">
      {today ? '' : `${day.format(date)}, `}
      {clock.format(date)}
    </time>
  );
}

export const JOURNAL_COLUMNS: readonly Column<JournalRow>[] = [
  { id: 'name', header: 'Call', cell: ({ name, method }) => <Truncated text={name ?? method ?? 'no method'} mono width="20rem" /> },
  { id: 'at', header: 'When', tight: true, cell: ({ at }) => <When at={at} /> },
  { id: 'outcome', header: 'Outcome', tight: true, cell: ({ outcome, reason }) => <OutcomeBadge outcome={outcome} title={reason ?? undefined} /> },
  { id: 'server', header: 'Server', wideOnly: true, cell: ({ server }) => <Truncated text={server} width="11rem" /> },
  { id: 'grant', header: 'Grant', cell: ({ grant }) => (grant === null ? <Text component="span" fz="inherit" c="dimmed">–</Text> : <Truncated text={grant} width="11rem" />) },
  {
    id: 'why',
    header: 'Code and rule',
    cell: ({ code, rule, observed }) => (code === null && rule === null && observed === null ? <Text component="span" fz="inherit" c="dimmed">–</Text> : <Truncated mono text={[code ?? observed, rule].filter((part) => part !== null).join(' ')} width="16rem" />),
  },
  { id: 'latency', header: 'Took', tight: true, wideOnly: true, align: 'end', cell: ({ latencyMs }) => (latencyMs === null ? <Text component="span" fz="inherit" c="dimmed">–</Text> : `${latencyMs < 10 ? Math.round(latencyMs * 10) / 10 : Math.round(latencyMs)} ms`) },
];
