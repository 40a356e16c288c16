import { Button, Drawer, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { get, type Page as Rows } from '../../api/client.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { exactTime, RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import './audit.css';
import { differences } from './differences.ts';

interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly actorName: string;
  readonly via: string;
  readonly action: string;
  readonly kind: string;
  readonly name: string;
  readonly summary: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly address: string | null;
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'summary', header: 'What', cell: ({ summary }) => summary, bare: true },
  { id: 'action', header: 'Action', cell: ({ action }) => <span className="pl-mono">{action}</span> },
  { id: 'actor', header: 'By', cell: ({ actorName, actor }) => <Truncated text={actorName === '' ? actor : actorName} width="12rem" /> },
  { id: 'via', header: 'Through', cell: ({ via }) => via, wideOnly: true },
  { id: 'at', header: 'When', tight: true, cell: ({ at }) => <RelativeTime at={at} /> },
];

const KINDS = ['server', 'policy', 'grant', 'member', 'token', 'setting', 'session', 'upstream_auth', 'journal'];

export default function AuditPage(): ReactNode {
  const [kind, setKind] = useState<string | null>(null);
  const [action, setAction] = useState('');
  const [actor, setActor] = useState('');
  const [name, setName] = useState('');
  const [filter] = useDebouncedValue({ kind, action: action.trim(), actor: actor.trim(), name: name.trim() }, 300);
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const audit = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) => get<Rows<AuditEntry>>('/audit', { ...filter, cursor: pageParam, limit: 50 }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = audit.data?.pages.flatMap(({ items }) => items);
  const filtered = kind !== null || action !== '' || actor !== '' || name !== '';
  return (
    <Page title="Audit" lede="Every change of the configuration, every sign-in, and who did it. Entries cannot be changed or removed here.">
      <DataTable
        label="Audit"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ seq }) => String(seq)}
        error={audit.error}
        retry={() => void audit.refetch()}
        onOpen={setOpen}
        currentKey={open === null ? null : String(open.seq)}
        tools={
          <Group gap="sm" align="flex-end">
            <Select label="Kind" size="xs" data={KINDS} value={kind} onChange={setKind} clearable placeholder="any" w="9rem" />
            <TextInput label="Action" size="xs" placeholder="policy.publish" value={action} onChange={(event) => setAction(event.currentTarget.value)} maxLength={100} w="11rem" />
            <TextInput label="Name" size="xs" placeholder="of what was changed" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={128} w="11rem" />
            <TextInput label="By (id)" size="xs" placeholder="member, or system" value={actor} onChange={(event) => setActor(event.currentTarget.value)} maxLength={128} w="11rem" />
          </Group>
        }
        footer={
          audit.hasNextPage ? (
            <Button variant="default" size="xs" onClick={() => void audit.fetchNextPage()} loading={audit.isFetchingNextPage}>
              Older entries
            </Button>
          ) : undefined
        }
        empty={filtered ? <EmptyState title="No entry fits">Change the filters. Actions, names and actors are compared exactly.</EmptyState> : <EmptyState title="Nothing has been changed yet" />}
      />
      <Drawer opened={open !== null} onClose={() => setOpen(null)} position="right" size="lg" title={open?.summary ?? ''} closeButtonProps={{ 'aria-label': 'Close' }}>
        {open === null ? null : <Entry entry={open} />}
      </Drawer>
    </Page>
  );
}

function Entry({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ['When', exactTime(entry.at)],
    ['By', entry.actorName === entry.actor || entry.actorName === '' ? entry.actor : `${entry.actorName} (${entry.actor})`],
    ['Through', entry.via],
    ['Address', entry.address ?? 'unknown'],
    ['Action', entry.action],
    ['Of', `${entry.kind} ${entry.name}`],
    ['Request', entry.requestId ?? 'none'],
    ['Number', String(entry.seq)],
  ];
  const changed = differences(entry.before, entry.after);
  return (
    <Stack>
      <dl className="pl-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {changed.length === 0 ? (
        <Text fz="sm" c="dimmed">
          No field is noted for it.
        </Text>
      ) : (
        <div className="pl-before-after">
          {changed.map(({ name, before, after }) => (
            <section key={name} aria-label={name}>
              <h3>{name}</h3>
              {before === null ? null : <pre data-side="before">− {before}</pre>}
              {after === null ? null : <pre data-side="after">+ {after}</pre>}
            </section>
          ))}
        </div>
      )}
    </Stack>
  );
}
