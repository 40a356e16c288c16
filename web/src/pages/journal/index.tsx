import { Button, Group, Menu, Switch, Text } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { apiUrl } from '../../api/client.ts';
import { useSearchTexts, useSetSearch } from '../../app/search-text.ts';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { JOURNAL_COLUMNS } from './columns.tsx';
import { JournalDetail } from './detail.tsx';
import { FilterBar } from './filter-bar.tsx';
import { apiQuery, filtersOf } from './filters.ts';
import { useJournal } from './use-journal.ts';

export default function JournalPage(): ReactNode {
  const search = useSearchTexts();
  const setSearch = useSetSearch();
  const filters = filtersOf(search);
  const tail = search['tail'] !== 'off' && filters.until === undefined;
  const { rows, fresh, error, loadingMore, complete, more, again } = useJournal(filters, tail);
  const filtered = Object.keys(filters).length > 0;
  return (
    <Page
      title="Journal"
      lede="Every call, why it was let through or refused, and proof that nothing was changed afterwards."
      actions={
        <>
          <Switch label="Live" checked={tail} disabled={filters.until !== undefined} onChange={(event) => setSearch({ tail: event.currentTarget.checked ? null : 'off' })} />
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />} rightSection={<IconChevronDown size={14} aria-hidden="true" />}>
                Export
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>What the filters leave</Menu.Label>
              <Menu.Item component="a" href={apiUrl('/journal/export', { format: 'csv', ...apiQuery(filters, Date.now()) })} download>
                CSV, for tables
              </Menu.Item>
              <Menu.Item component="a" href={apiUrl('/journal/export', { format: 'jsonl', ...apiQuery(filters, Date.now()) })} download>
                JSONL, for machines
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <FilterBar filters={filters} onChange={setSearch} />
      <DataTable
        label="Journal"
        columns={JOURNAL_COLUMNS}
        rows={rows}
        rowKey={({ id }) => id}
        error={error}
        retry={again}
        onOpen={({ id }) => setSearch({ open: id })}
        currentKey={search['open'] ?? null}
        freshKeys={fresh}
        virtualHeight="max(24rem, calc(100dvh - 19rem))"
        onEnd={more}
        footer={
          <Group justify="center" py="sm">
            <Text fz="sm" c="dimmed" role="status">
              {loadingMore ? 'Loading older calls' : complete ? 'That is all' : ''}
            </Text>
          </Group>
        }
        empty={
          filtered ? (
            <EmptyState title="No call fits these filters" action={<Button variant="default" onClick={() => setSearch(Object.fromEntries(Object.keys(filters).map((key) => [key, null])))}>Clear the filters</Button>} />
          ) : (
            <EmptyState title="No call yet">Every call of every client is written down here, the refused ones too. Connect a client with a grant to see the first one.</EmptyState>
          )
        }
      />
      <JournalDetail id={search['open'] ?? null} known={rows?.find(({ id }) => id === search['open'])} onClose={() => setSearch({ open: null })} />
    </Page>
  );
}
