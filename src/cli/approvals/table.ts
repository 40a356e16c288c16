import { printable } from '../../policy/printable.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import { clip, table, type Style } from '../terminal.ts';

const SHORTEST_ID = 8;

/** How much of each id has to be shown so that no two look the same. */
export function idLength(records: readonly ApprovalRecord[]): number {
  for (let length = SHORTEST_ID; length < 22; length += 1) {
    if (new Set(records.map(({ id }) => id.slice(0, length))).size === records.length) return length;
  }
  return 128;
}

/** `42s`, `59m`, `3h`, `6d`: what is left until a time, or `-`. */
export function left(until: string, now: number): string {
  const seconds = Math.ceil((Date.parse(until) - now) / 1_000);
  if (!(seconds > 0)) return '-';
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 100 * 60) return `${Math.floor(seconds / 60)}m`;
  return seconds < 48 * 3_600 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** Requests as lines of at most `width` columns, with a heading. @param all whether some are not pending, so that the status is of interest */
export function requestTable(records: readonly ApprovalRecord[], now: number, width: number, all: boolean, style: Style): string[] {
  const length = idLength(records);
  const heading = ['ID', ...(all ? ['STATUS'] : []), 'LEFT', 'YES', 'SERVER', 'GRANT', 'CALL'];
  const rows = records.map((record) => [
    record.id.slice(0, length),
    ...(all ? [record.status] : []),
    record.status === 'pending' || record.status === 'approved' ? left(record.expiresAt, now) : '-',
    `${record.votes.filter(({ decision }) => decision === 'approve').length}/${record.needed}`,
    clip(printable(record.server, 64), 14),
    clip(printable(record.grant, 64), all ? 14 : 18),
    printable(record.name, 200),
  ]);
  const right = new Set(['LEFT', 'YES']);
  const [first = '', ...lines] = table([heading, ...rows], heading.map((name) => (right.has(name) ? 'right' : 'left')), width);
  return [style.bold(first), ...lines];
}
