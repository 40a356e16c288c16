import { classify, type Classification } from '../../catalogue/index.ts';
import { reasonText } from '../../catalogue/drift.ts';
import type { PinRecord } from '../../state/types.ts';
import { Paper } from '../approvals/paper.ts';
import type { Style } from '../terminal.ts';
import { valueAt, type Drift } from './drift-of.ts';

/**
 * One tool as an operator reads it before accepting: what it was, what it is now, part by part, and what that does to its class. Every character that
 * cannot be seen is written as an escape.
 * @param width columns to break lines at; infinite for output that nobody reads on a terminal
 */
export function pinDetails(record: PinRecord, drift: Drift, style: Style, width = Number.POSITIVE_INFINITY): string[] {
  const paper = new Paper(style, width);
  const { pinned, latest, report, before, after } = drift;
  paper.row('Tool', record.name);
  paper.row('Server', record.server);
  paper.row('Seen', `first ${utc(record.firstSeen)}, last ${utc(record.lastSeen)}`);
  for (const { hash, decidedBy, firstSeen } of pinned) paper.row('Pinned', `${hash}  since ${utc(firstSeen)}${decidedBy === null ? '' : `, accepted by ${decidedBy}`}`);
  for (const { hash, standing, firstSeen, why } of record.definitions) {
    if (standing !== 'pinned') paper.row(standing === 'held' ? 'Held' : 'Noted', `${hash}  since ${utc(firstSeen)}${why.length === 0 ? '' : `: ${why.join('; ')}`}`);
  }
  if (latest === null) {
    if (before === null) paper.row('Text', 'too long to keep; any change of it is held');
    else {
      paper.row('Class', classText(classify(before, { server: record.server })));
      paper.exact('Definition', before.lexeme());
    }
    return paper.lines;
  }
  paper.line('');
  if (report === null || before === null || after === null) {
    paper.line(style.yellow('A text was too long to keep, so that there is nothing to compare. Ask the server itself: policylayer scan'));
    return paper.lines;
  }
  if (report.before !== null && report.after !== null) {
    paper.row('Class', `${classText(report.before)}  ->  ${classText(report.after)}`);
    const fresh = report.after.findings.filter((finding) => report.before?.findings.includes(finding) !== true);
    if (fresh.length > 0) paper.row('Findings', `new: ${fresh.join(', ')}`);
  }
  for (const reason of report.reasons) paper.line(`  ${style.yellow(reasonText(reason))}`);
  if (report.places.length === 0) paper.line('Nothing differs but what depends on machine, user or time.');
  for (const { pointer, change } of report.places) {
    paper.line('');
    paper.row(change, pointer === '' ? '(all of it)' : pointer);
    const was = change === 'added' ? null : valueAt(before, pointer);
    const is = change === 'removed' ? null : valueAt(after, pointer);
    if (was !== null) paper.exact('- before', was.lexeme(), 'red');
    if (is !== null) paper.exact('+ after', is.lexeme(), 'green');
  }
  return paper.lines;
}

function classText({ category, risk, confidence }: Classification): string {
  return `${category}, risk ${risk} (confidence ${confidence})`;
}

function utc(iso: string): string {
  return iso.replace('T', ' ').replace(/(:\d\d)\.\d+Z$/, '$1 UTC');
}
