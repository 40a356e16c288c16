import type { JournalSearchFilter, State } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';
import { rowView, type RowView } from './row-view.ts';

const PAGE = 500;

const COLUMNS = [
  'seq', 'at', 'id', 'server', 'grant', 'session', 'transport', 'protocol', 'method', 'name', 'requestId', 'outcome', 'code', 'rule', 'policy', 'reason', 'retryAfterMs', 'observed',
  'argKeys', 'argHash', 'argValues', 'upstreamStatus', 'latencyMs', 'sealed',
] as const satisfies readonly (keyof RowView)[];

/** What a spreadsheet takes for a formula, also behind white space that it drops, or in its full-width form. */
const FORMULA = /^[\s\u0000-\u0020\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n|%]/u;

/**
 * One cell of a CSV file (RFC 4180). Names and reasons are written by clients and servers: a text that a spreadsheet would run gets an apostrophe in
 * front, which makes it text.
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as text, page by page, as fast as somebody reads. */
export async function* exportRows(state: State, filter: JournalSearchFilter, format: 'csv' | 'jsonl', caller: Caller, signal: AbortSignal): AsyncGenerator<string> {
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  let place: Pick<JournalSearchFilter, 'beforeSeq' | 'afterSeq'> = {};
  for (;;) {
    const { rows, next } = await state.search({ ...filter, ...place, limit: PAGE }, signal);
    const proofs = state.chain.proofs(rows.map(({ seq }) => seq));
    const views = rows.map((row) => rowView(row, proofs.get(row.seq), caller));
    if (views.length > 0) yield views.map((view) => (format === 'csv' ? `${COLUMNS.map((column) => csvCell(view[column])).join(',')}\r\n` : `${JSON.stringify(view)}\n`)).join('');
    if (next === null) return;
    place = filter.order === 'asc' ? { afterSeq: next } : { beforeSeq: next };
  }
}
