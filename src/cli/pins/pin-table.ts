import { printable } from '../../policy/printable.ts';
import type { PinRecord } from '../../state/types.ts';
import { clip, table, type Style } from '../terminal.ts';

/** How the newest definition of a tool stands. */
export function stateOf({ definitions }: PinRecord): 'held' | 'changed' | 'pinned' {
  if (definitions.some(({ standing }) => standing === 'held')) return 'held';
  return definitions.some(({ standing }) => standing === 'noted') ? 'changed' : 'pinned';
}

/** Pins as lines of at most `width` columns, with a heading. */
export function pinTable(records: readonly PinRecord[], width: number, style: Style): string[] {
  const rows = records.map((record) => [
    stateOf(record),
    clip(printable(record.server, 64), 24),
    printable(record.name, 128),
    record.lastSeen.slice(0, 10),
    record.definitions.findLast(({ standing }) => standing === 'held')?.why.join('; ') ?? '',
  ]);
  const [first = '', ...lines] = table([['STATE', 'SERVER', 'TOOL', 'SEEN', 'WHY'], ...rows], ['left', 'left', 'left', 'left', 'left'], width);
  return [style.bold(first), ...lines.map((line) => (line.startsWith('held') ? style.yellow(line) : line))];
}
