import { Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { serversQuery } from '../../api/lists.ts';
import { useWhyNot } from '../../api/session.ts';
import type { Server } from '../../api/types.ts';
import { useSearchText } from '../../app/search-text.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { ClassCounts } from './class-counts.tsx';
import { ServerStatus } from './server-status.tsx';

const number = new Intl.NumberFormat('en-GB');

const COLUMNS: readonly Column<Server>[] = [
  {
    id: 'name',
    header: 'Server',
    sort: ({ name }) => name,
    text: ({ name, description, url, command }) => `${name} ${description ?? ''} ${url ?? ''} ${command?.join(' ') ?? ''}`,
    cell: ({ name, description, url, command }) => (
      <Stack gap={0} miw={0}>
        <Truncated text={name} />
        <Text fz="xs" c="dimmed" fw={400} component="span" truncate maw="22rem">
          {description ?? url ?? command?.join(' ')}
        </Text>
      </Stack>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    tight: true,
    sort: ({ status }) => status,
    text: ({ status }) => status,
    cell: (server) => (
      <Group gap={4}>
        <ServerStatus server={server} />
        {server.held > 0 ? <StatusBadge tone="warn">{server.held} held</StatusBadge> : null}
      </Group>
    ),
  },
  { id: 'tools', header: 'Tools', tight: true, sort: ({ toolCount }) => toolCount, cell: (server) => <ClassCounts toolCount={server.toolCount} classes={server.classes} /> },
  { id: 'context', header: 'Context', tight: true, align: 'end', sort: ({ contextTokens }) => contextTokens, cell: ({ contextTokens }) => (contextTokens === null ? <Text component="span" fz="inherit" c="dimmed">–</Text> : <span title="Tokens that the definitions of its tools take in a model’s context, about">≈ {number.format(contextTokens)}</span>) },
  { id: 'grants', header: 'Grants', tight: true, align: 'end', sort: ({ grants }) => grants, cell: ({ grants }) => grants },
  { id: 'seen', header: 'Last seen', tight: true, sort: ({ lastSeenAt }) => lastSeenAt, cell: ({ lastSeenAt }) => <RelativeTime at={lastSeenAt} /> },
];

export default function ServersPage(): ReactNode {
  const { data, error, refetch } = useQuery(serversQuery);
  const navigate = useNavigate();
  const only = useSearchText('only');
  const whyNot = useWhyNot('servers.write', null);
  const rows = useMemo(() => (only === 'held' ? data?.filter(({ held }) => held > 0) : data), [data, only]);
  const add = (): void => void navigate({ to: '/servers/new' });
  return (
    <Page
      title="Servers"
      lede="MCP servers that agents reach through this gateway."
      actions={
        <GuardedButton whyNot={whyNot} onClick={add}>
          Add a server
        </GuardedButton>
      }
    >
      {only === 'held' ? (
        <Group gap="xs">
          <Text fz="sm">Only servers with tools that are held back.</Text>
          <Button size="compact-sm" variant="default" renderRoot={(props) => <Link to="/servers" {...props} />}>
            Show all
          </Button>
        </Group>
      ) : null}
      <DataTable
        label="Servers"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ name }) => name}
        rowHref={({ name }) => `/servers/${encodeURIComponent(name)}`}
        error={error}
        retry={() => void refetch()}
        initialSort={{ id: 'name', desc: false }}
        {...((rows?.length ?? 0) > 5 ? { filter: 'Find a server' } : {})}
        empty={
          only === 'held' ? (
            <EmptyState title="Nothing is held back">Every tool is as it was accepted.</EmptyState>
          ) : (
            <EmptyState title="No server yet" action={whyNot === null ? <Button onClick={add}>Add a server</Button> : undefined}>
              Add the MCP server that your agents use today: paste its “claude mcp add” line, its JSON or its URL. The gateway then looks at its tools and says what each can do.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
