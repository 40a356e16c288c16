import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { toolsQuery } from '../../api/servers.ts';
import { useMay } from '../../api/session.ts';
import type { Category, Server, Tool } from '../../api/types.ts';
import { useSearchText, useSetSearch } from '../../app/search-text.ts';
import { CategoryBadge, RiskBadge, StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { ClassCounts } from './class-counts.tsx';
import { ToolDrawer } from './tool-drawer.tsx';
import type { ScanRun } from './use-scan.ts';
import { findingLabel } from './words.ts';

const RISKS = ['low', 'medium', 'high', 'critical'];
const number = new Intl.NumberFormat('en-GB');

const COLUMNS: readonly Column<Tool>[] = [
  {
    id: 'name',
    header: 'Tool',
    sort: ({ name }) => name,
    text: ({ name, title, description }) => `${name} ${title ?? ''} ${description ?? ''}`,
    cell: ({ name, description }) => (
      <Stack gap={0} miw={0}>
        <Truncated text={name} mono />
        <Text fz="xs" c="dimmed" fw={400} component="span" truncate maw="26rem">
          {description?.trim().split('\n')[0]}
        </Text>
      </Stack>
    ),
  },
  { id: 'class', header: 'Class', tight: true, sort: ({ category }) => category, text: ({ category }) => category, cell: ({ category }) => <CategoryBadge category={category} /> },
  { id: 'risk', header: 'Risk', tight: true, sort: ({ risk }) => RISKS.indexOf(risk), text: ({ risk }) => risk, cell: ({ risk }) => <RiskBadge risk={risk} /> },
  { id: 'findings', header: 'Findings', tight: true, wideOnly: true, sort: ({ findings }) => findings.length, text: ({ findings }) => findings.join(' '), cell: ({ findings }) => (findings.length === 0 ? <Text component="span" fz="inherit" c="dimmed">–</Text> : <StatusBadge tone="warn" title={findings.map(findingLabel).join(', ')}>{findings.length}</StatusBadge>) },
  { id: 'pin', header: 'Definition', tight: true, sort: ({ pin }) => pin ?? '', text: ({ pin }) => pin ?? '', cell: ({ pin }) => <PinState pin={pin} /> },
  { id: 'tokens', header: 'Tokens', tight: true, wideOnly: true, align: 'end', sort: ({ contextTokens }) => contextTokens, cell: ({ contextTokens }) => number.format(contextTokens) },
];

function PinState({ pin }: { readonly pin: Tool['pin'] }): ReactNode {
  if (pin === 'held') return <StatusBadge tone="bad" title="It changed for the worse; calls are refused until somebody accepts it">held back</StatusBadge>;
  if (pin === 'noted') return <StatusBadge tone="warn">changed</StatusBadge>;
  if (pin === 'pinned') return <StatusBadge tone="good">pinned</StatusBadge>;
  return (
    <Text component="span" fz="inherit" c="dimmed" title="It is pinned when a client meets it first">
      not met yet
    </Text>
  );
}

export function ToolsTab({ server, scan }: { readonly server: Server; readonly scan: ScanRun }): ReactNode {
  const { data, error, refetch } = useQuery(toolsQuery(server.name));
  const open = useSearchText('tool');
  const setSearch = useSetSearch();
  const mayScan = useMay('servers.write', server.name);
  const tools = data?.tools;
  const classes = useMemo(() => count(tools ?? []), [tools]);
  if (scan.running && (tools?.length ?? 0) === 0) {
    return (
      <Group role="status">
        <Loader size="sm" />
        <Text>{server.kind === 'command' ? 'Starting the server and reading its tools. A first start may download it.' : 'Reaching the server and reading its tools.'}</Text>
      </Group>
    );
  }
  return (
    <Stack>
      <ProblemAlert error={scan.error} />
      {data?.problem === null || data?.problem === undefined ? null : (
        <Alert color="red" title="The last scan failed">
          {data.problem}
        </Alert>
      )}
      {tools === undefined || tools.length === 0 ? null : (
        <Group justify="space-between" gap="xs">
          <Group gap="sm">
            <ClassCounts toolCount={tools.length} classes={classes} />
            <Text fz="sm" c="dimmed">
              ≈ {number.format(data?.contextTokens ?? 0)} tokens of context. Seen <RelativeTime at={data?.at} never="in use" />.
            </Text>
          </Group>
          <Button size="xs" renderRoot={(props) => <Link to="/policies" search={{ new: server.name }} {...props} />}>
            Make a policy from these
          </Button>
        </Group>
      )}
      <DataTable
        label={`Tools of ${server.name}`}
        columns={COLUMNS}
        rows={tools}
        rowKey={({ name }) => name}
        error={error}
        retry={() => void refetch()}
        onOpen={({ name }) => setSearch({ tool: name })}
        currentKey={open ?? null}
        initialSort={{ id: 'risk', desc: true }}
        {...((tools?.length ?? 0) > 6 ? { filter: 'Find a tool' } : {})}
        empty={
          data?.problem ? (
            <EmptyState title="No tool is known" action={mayScan ? <Button variant="default" onClick={scan.start} loading={scan.running}>Try again</Button> : undefined}>
              Check the command or URL and its variables under “Settings”, then scan again.
            </EmptyState>
          ) : (
            <EmptyState title="Its tools have not been looked at" action={mayScan ? <Button onClick={scan.start} loading={scan.running}>Scan it</Button> : undefined}>
              A scan starts or reaches the server, lists its tools and says what each can do. No tool is called.
            </EmptyState>
          )
        }
      />
      <ToolDrawer server={server.name} tool={tools?.find(({ name }) => name === open)} onClose={() => setSearch({ tool: null })} />
    </Stack>
  );
}

function count(tools: readonly Tool[]): Partial<Record<Category, number>> {
  const counts: Partial<Record<Category, number>> = {};
  for (const { category } of tools) counts[category] = (counts[category] ?? 0) + 1;
  return counts;
}
