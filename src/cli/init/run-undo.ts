import { join } from 'node:path';
import { printable } from '../../policy/printable.ts';
import type { InitOptions } from './options.ts';
import { shownPath, wrapText } from './render.ts';
import type { InitReport } from './report.ts';
import { undo, type UndoStatus } from './undo.ts';

const WORDS: Readonly<Record<UndoStatus, readonly [done: string, planned: string]>> = {
  restored: ['restored, byte for byte', 'would be restored, byte for byte'],
  unwrapped: ['our entries were taken back', 'our entries would be taken back'],
  unchanged: ['nothing to do', 'nothing to do'],
  away: ['nothing to do', 'nothing to do'],
  failed: ['NOT taken back', 'could NOT be taken back'],
};

/** `policylayer init --undo`. @returns the exit status */
export function runUndo(options: InitOptions, report: InitReport): number {
  const files = undo(options);
  report.fact('files', files.map(({ path, status, notes }) => ({ path, status, notes })));
  if (files.length === 0) report.say('Nothing to undo: no backup of init is left.');
  for (const file of files) {
    const words = WORDS[file.status][options.dryRun ? 1 : 0];
    report.say(`${shownPath(file.path, options)}: ${file.status === 'failed' ? report.style.red(words) : words}`, ...file.notes.flatMap((note) => wrapText(printable(note, 400), report.width - 4).map((line) => `    ${line}`)));
    if (file.status === 'failed') report.problem(`${file.path}: ${file.notes.join('; ')}`);
  }
  if (files.some((file) => file.status === 'restored' || file.status === 'unwrapped') && !options.dryRun) {
    report.say('', 'Restart the clients. The policies that init wrote are kept:', `  ${shownPath(join(options.dataDir, 'policies'), options)}`);
  }
  return report.failed ? 2 : 0;
}
