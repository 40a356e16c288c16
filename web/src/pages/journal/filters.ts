import type { JournalRow } from '../../api/types.ts';
import { policyName } from '../../components/policy-name.ts';
import type { SearchTexts } from '../../app/search-text.ts';

/** The filters of the journal as they stand in the address. `last` is relative and becomes `since` when the gateway is asked. */
export const FILTER_KEYS = ['server', 'grant', 'name', 'outcome', 'code', 'policy', 'session', 'q', 'since', 'until', 'last'] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];
export type Filters = Readonly<Partial<Record<FilterKey, string>>>;

export const LASTS: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * 60_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
};

export function filtersOf(search: SearchTexts): Filters {
  return Object.fromEntries(FILTER_KEYS.flatMap((key) => (search[key] === undefined || search[key] === '' ? [] : [[key, search[key]]])));
}

/** @param now when the list was opened: pages of one list must begin at the same moment */
export function apiQuery(filters: Filters, now: number): Record<string, string> {
  const { last, ...rest } = filters;
  const span = last === undefined || !Object.hasOwn(LASTS, last) ? undefined : LASTS[last];
  return { ...rest, ...(span === undefined ? {} : { since: new Date(now - span.ms).toISOString() }) };
}

/** Whether a call that has just come belongs into the list. The free text is the gateway's to judge: such a list is read anew instead. */
export function fits(row: JournalRow, filters: Filters): boolean {
  const exact: readonly (readonly [FilterKey, string | null])[] = [['server', row.server], ['grant', row.grant], ['name', row.name], ['code', row.code], ['session', row.session]];
  if (filters.until !== undefined || filters.q !== undefined) return false;
  if (filters.outcome !== undefined && !filters.outcome.split(',').includes(row.outcome)) return false;
  if (filters.policy !== undefined && row.policy !== filters.policy && policyName(row.policy ?? '') !== filters.policy) return false;
  return exact.every(([key, value]) => filters[key] === undefined || filters[key] === value);
}
