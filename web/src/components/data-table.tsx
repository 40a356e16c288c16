import { Group, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconSearch } from '@tabler/icons-react';
import { createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { TableRow } from './data-table-row.tsx';
import type { Column, DataTableProps } from './data-table-types.ts';
import { EmptyState, ErrorState } from './empty-state.tsx';
import './data-table.css';

export type { Column, DataTableProps } from './data-table-types.ts';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns: {} });
/** Longer tables are virtual even where nobody asked: a page with thousands of rows answers no key. */
const MANY_ROWS = 300;
const NO_ROWS: readonly never[] = [];

/** Rows with sorting, a filter and keys: arrows, j, k, Home and End go from row to row, Enter opens. */
export function DataTable<Row extends object>(props: DataTableProps<Row>): ReactNode {
  const [words, setWords] = useState('');
  const shown = useMemo(() => filtered(props.rows ?? NO_ROWS, props.columns, words), [props.rows, props.columns, words]);
  if (props.error !== undefined && props.error !== null && props.rows === undefined) return <ErrorState error={props.error} retry={props.retry} />;
  if (props.rows === undefined) return <Loading label={props.label} />;
  if (props.rows.length === 0) {
    return (
      <Stack gap="sm">
        {props.tools}
        {props.empty}
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      {props.filter === undefined && props.tools === undefined ? null : (
        <Group gap="sm">
          {props.filter === undefined ? null : (
            <TextInput aria-label={props.filter} placeholder={props.filter} type="search" value={words} onChange={(event) => setWords(event.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden="true" />} w={{ base: '100%', xs: '18rem' }} maxLength={200} />
          )}
          {props.tools}
        </Group>
      )}
      {shown.length === 0 ? (
        <EmptyState title="Nothing fits">
          No row holds “{words}”. Clear the filter to see all {props.rows.length}.
        </EmptyState>
      ) : (
        <Rows {...props} rows={shown} />
      )}
      {words !== '' && shown.length > 0 ? (
        <Text fz="sm" c="dimmed" aria-live="polite">
          {shown.length} of {props.rows.length}
        </Text>
      ) : null}
    </Stack>
  );
}

function filtered<Row>(rows: readonly Row[], columns: readonly Column<Row>[], words: string): readonly Row[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== '');
  if (wanted.length === 0) return rows;
  return rows.filter((row) => {
    const text = columns.map((column) => column.text?.(row) ?? '').join('\n').toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true, sensitivity: 'base' });
}

function Rows<Row extends object>(props: DataTableProps<Row> & { readonly rows: readonly Row[] }): ReactNode {
  const { columns, rows, rowKey, label } = props;
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: (row: Row) => column.sort?.(row) ?? undefined,
        sortFn: (a: { original: Row }, b: { original: Row }) => compare(column.sort?.(a.original) ?? null, column.sort?.(b.original) ?? null),
        sortUndefined: 'last' as const,
        enableSorting: column.sort !== undefined,
      })),
    [columns],
  );
  const [initialState] = useState(() => (props.initialSort === undefined ? {} : { sorting: [{ ...props.initialSort }] }));
  const table = useTable({ features, columns: definitions, data: rows, getRowId: rowKey, initialState, enableMultiSort: false });
  const sorted = table.getRowModel().rows;
  const sorting = table.state.sorting[0];
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = props.virtualHeight !== undefined || sorted.length > MANY_ROWS;
  const virtualizer = useVirtualizer({ count: sorted.length, getScrollElement: () => scroll.current, estimateSize: () => 42, overscan: 12, enabled: virtual, getItemKey: (index) => sorted[index]?.id ?? index });
  const items = virtual ? virtualizer.getVirtualItems() : null;
  const first = items?.[0];
  const last = items?.at(-1);
  const { onEnd } = props;
  const atEnd = virtual && last !== undefined && last.index >= sorted.length - 5;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd, sorted.length]);
  const part = items === null ? sorted.map((row, index) => ({ row, index })) : items.flatMap(({ index }) => (sorted[index] === undefined ? [] : [{ row: sorted[index], index }]));
  return (
    <div className="pl-table-scroll" ref={scroll} style={virtual ? { maxHeight: props.virtualHeight ?? '70vh' } : undefined} {...(virtual ? { tabIndex: 0, role: 'region', 'aria-label': label } : {})}>
      <table className="pl-table" aria-label={label} aria-rowcount={virtual ? sorted.length + 1 : undefined} data-cards={props.phone !== 'scroll'}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.id} column={column} order={sorting?.id === column.id ? (sorting.desc ? 'descending' : 'ascending') : 'none'} onSort={() => table.getColumn(column.id)?.toggleSorting()} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={moveBetweenRows}>
          {first === undefined || first.start === 0 ? null : <Spacer height={first.start} columns={columns.length} />}
          {part.map(({ row, index }) => (
            <TableRow
              key={row.id}
              row={row.original}
              columns={columns}
              index={index}
              measure={virtual ? virtualizer.measureElement : undefined}
              current={props.currentKey === row.id}
              fresh={props.freshKeys?.has(row.id) === true}
              href={props.rowHref?.(row.original)}
              onOpen={props.onOpen}
              ariaRow={virtual}
            />
          ))}
          {last === undefined || virtualizer.getTotalSize() <= last.end ? null : <Spacer height={virtualizer.getTotalSize() - last.end} columns={columns.length} />}
        </tbody>
      </table>
      {props.footer}
    </div>
  );
}

function Heading<Row>({ column, order, onSort }: { readonly column: Column<Row>; readonly order: 'ascending' | 'descending' | 'none'; readonly onSort: () => void }): ReactNode {
  const className = [column.align === 'end' ? 'end' : '', column.tight === true ? 'tight' : ''].join(' ').trim();
  if (column.sort === undefined) {
    return (
      <th scope="col" className={className}>
        {column.header === '' ? <span className="pl-hidden">Actions</span> : column.header}
      </th>
    );
  }
  const Sign = order === 'descending' ? IconArrowDown : IconArrowUp;
  return (
    <th scope="col" aria-sort={order} className={className}>
      <button type="button" onClick={onSort}>
        {column.header}
        <Sign size={13} aria-hidden="true" style={{ visibility: order === 'none' ? 'hidden' : 'visible' }} />
      </button>
    </th>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }): ReactNode {
  return (
    <tr className="pl-table-spacer" aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function Loading({ label }: { readonly label: string }): ReactNode {
  return (
    <Stack gap="xs" aria-busy="true" aria-label={`${label}: loading`} role="status">
      {[1, 2, 3, 4, 5].map((line) => (
        <Skeleton key={line} height={34} radius="sm" />
      ))}
    </Stack>
  );
}

/** Arrows, j and k, Home and End, from row to row. Letters in a field of a row stay letters. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const target = event.target as HTMLElement;
  if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row-open]')];
  const here = stops.findIndex((stop) => stop.closest('tr') === target.closest('tr'));
  const goals: Readonly<Record<string, number>> = { ArrowDown: here + 1, j: here + 1, ArrowUp: here - 1, k: here - 1, Home: 0, End: stops.length - 1 };
  const goal = goals[event.key];
  if (goal === undefined || stops[goal] === undefined) return;
  event.preventDefault();
  stops[goal].focus();
  stops[goal].scrollIntoView({ block: 'nearest' });
}
