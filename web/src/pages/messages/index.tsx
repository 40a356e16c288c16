import { Anchor, Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, get, post, type Page as ApiPage } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { exactTime, RelativeTime } from '../../components/relative-time.tsx';
import { failed } from '../../components/toasts.ts';
import { Truncated } from '../../components/truncated.tsx';
import { SafeText } from '../../exact/exact-json.tsx';

interface Message {
  readonly id: number;
  readonly at: string;
  readonly read: boolean;
  readonly name: string;
  readonly email: string;
  readonly page: string;
  readonly text: string;
}

const COLUMNS: readonly Column<Message>[] = [
  { id: 'from', header: 'From', text: ({ name, email }) => `${name} ${email}`, cell: ({ name, email }) => <Truncated text={name === '' ? email : name} /> },
  { id: 'text', header: 'Message', bare: true, text: ({ text }) => text, cell: ({ text }) => <Truncated text={text} width="34rem" /> },
  { id: 'state', header: 'State', tight: true, cell: ({ read }) => (read ? <StatusBadge tone="quiet">read</StatusBadge> : <StatusBadge tone="info">new</StatusBadge>) },
  { id: 'at', header: 'When', tight: true, cell: ({ at }) => <RelativeTime at={at} /> },
];

/** What visitors of the catalogue wrote. */
export default function MessagesPage(): ReactNode {
  const [open, setOpen] = useState<Message | null>(null);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['inbox'],
    queryFn: ({ pageParam, signal }) => get<ApiPage<Message>>('/inbox', { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const look = async (message: Message): Promise<void> => {
    setOpen(message);
    if (message.read) return;
    try {
      await post(`${apiPath('inbox', String(message.id))}/read`);
      await Promise.all([queryClient.invalidateQueries({ queryKey: ['inbox'] }), queryClient.invalidateQueries({ queryKey: ['overview'] })]);
    } catch (problem) {
      failed(problem, 'Not marked as read');
    }
  };
  return (
    <Page title="Messages" lede="What visitors of the catalogue wrote to you.">
      <DataTable
        label="Messages"
        columns={COLUMNS}
        rows={data?.pages.flatMap(({ items }) => items)}
        rowKey={({ id }) => String(id)}
        error={error}
        retry={() => void refetch()}
        onOpen={(message) => void look(message)}
        empty={<EmptyState title="No message">The catalogue at /catalogue has a form by which visitors can write to you.</EmptyState>}
      />
      {hasNextPage ? (
        <Group>
          <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show older ones
          </Button>
        </Group>
      ) : null}
      <Drawer opened={open !== null} onClose={() => setOpen(null)} position="right" size="md" title="Message" closeButtonProps={{ 'aria-label': 'Close' }}>
        {open === null ? null : (
          <Stack>
            <div>
              <Text fw={600}>
                <SafeText text={open.name} />
              </Text>
              <Anchor href={`mailto:${encodeURIComponent(open.email)}`}>{open.email}</Anchor>
              <Text fz="sm" c="dimmed">
                {exactTime(open.at)}, from <SafeText text={open.page} />
              </Text>
            </div>
            <Text style={{ whiteSpace: 'pre-wrap' }}>
              <SafeText text={open.text} />
            </Text>
          </Stack>
        )}
      </Drawer>
    </Page>
  );
}
