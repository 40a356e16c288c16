import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { get, type Page } from '../../api/client.ts';
import { useLive } from '../../api/live.tsx';
import type { JournalRow } from '../../api/types.ts';
import { apiQuery, fits, type Filters } from './filters.ts';

type CallEvent = Omit<JournalRow, 'argHash' | 'argValues'>;

/** What came by the stream since the list was opened; older ones are on the pages that scrolling loads. */
const MOST_ARRIVED = 2000;

export interface Journal {
  readonly rows: readonly JournalRow[] | undefined;
  readonly fresh: ReadonlySet<string>;
  readonly error: unknown;
  readonly loadingMore: boolean;
  readonly complete: boolean;
  readonly more: () => void;
  readonly again: () => void;
}

/** The journal, newest first, page after page; with `tail` what happens now comes in on top. */
export function useJournal(filters: Filters, tail: boolean): Journal {
  const key = JSON.stringify(filters);
  const [state, setState] = useState<{ readonly key: string; readonly opened: number; readonly arrived: readonly JournalRow[]; readonly settled: ReadonlyMap<string, JournalRow> }>({ key, opened: Date.now(), arrived: [], settled: new Map() });
  const now = state.key === key ? state : { key, opened: Date.now(), arrived: [], settled: new Map<string, JournalRow>() };
  if (now !== state) setState(now);
  const query = useInfiniteQuery({
    queryKey: ['journal', 'list', key],
    queryFn: ({ pageParam, signal }) => get<Page<JournalRow>>('/journal', { ...apiQuery(filters, now.opened), order: 'desc', limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
  const loaded = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
  useLive('call', (event) => {
    // The stream carries nothing of the arguments but their names.
    const row: JournalRow = { argHash: null, argValues: null, ...(event as CallEvent) };
    setState((before) => {
      if (before.arrived.some(({ id }) => id === row.id)) return { ...before, arrived: before.arrived.map((one) => (one.id === row.id ? row : one)) };
      if (loaded?.some(({ id }) => id === row.id) === true) return { ...before, settled: new Map(before.settled).set(row.id, row) };
      return tail && fits(row, filters) ? { ...before, arrived: [row, ...before.arrived].slice(0, MOST_ARRIVED) } : before;
    });
  });
  const rows = useMemo(() => {
    if (loaded === undefined) return undefined;
    const known = new Set(loaded.map(({ id }) => id));
    return [...now.arrived.filter(({ id }) => !known.has(id)), ...loaded.map((row) => now.settled.get(row.id) ?? row)];
  }, [loaded, now.arrived, now.settled]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const fresh = useMemo(() => new Set(now.arrived.slice(0, 30).filter(({ at }) => Date.now() - Date.parse(at) < 4000).map(({ id }) => id)), [now.arrived]);
  return { rows, fresh, error: query.error, loadingMore: isFetchingNextPage, complete: !hasNextPage, more, again: () => void query.refetch() };
}
