import { formatDiagnostic } from '../../policy/index.ts';
import { printable } from '../../policy/printable.ts';
import { clip, type Style } from '../terminal.ts';
import type { CaseResult, TestFileResult } from './run-tests.ts';
import { wordOf } from '../../control/policy-tools/judged.ts';
import { count, wrap } from './words.ts';

export interface TestSummary {
  readonly files: number;
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  /** Files that could not be used. */
  readonly broken: number;
}

export function summaryOf(results: readonly TestFileResult[]): TestSummary {
  const cases = results.flatMap((result) => result.cases);
  const passed = cases.filter((one) => one.passed).length;
  return { files: results.length, cases: cases.length, passed, failed: cases.length - passed, broken: results.filter((result) => result.errors.length > 0).length };
}

/** The longest word that a call can be answered with, so that the table keeps one shape for all files. */
const WORD = 'invalid_arguments'.length + 2;

/** One file for people: a line per case, and for a failing one what was expected, what was found and which rule decided. */
export function testLines(result: TestFileResult, width: number, style: Style): string[] {
  if (result.errors.length > 0) return [...result.errors.flatMap((error) => formatDiagnostic(error).split('\n')), ''];
  if (result.cases.length === 0) return [];
  return [style.bold(printable(result.file, 300)), ...result.cases.flatMap((one) => caseLines(one, result.file, width, style)), ''];
}

function caseLines(one: CaseResult, file: string, width: number, style: Style): string[] {
  const room = width - 8 - WORD;
  const word = wordOf(one.found);
  const title = printable(one.title, 400);
  if (one.passed) return [`  ${style.green('ok')}    ${clip(title, room).padEnd(room)}  ${style.dim(word)}`.trimEnd()];
  const rows = one.differences.map(({ field, expected, found }) => [field, `expected ${show(expected)}`, `found ${show(found)}`] as const);
  const lines = [`  ${style.red('FAIL')}  ${clip(title, room).padEnd(room)}  ${style.red(word)}`];
  const detail = (label: string, text: string): void => {
    for (const [index, line] of wrap(text, width - 22).entries()) lines.push(`        ${style.dim((index === 0 ? label : '').padEnd(12))}  ${line}`);
  };
  detail('at', `${printable(file, 300)}:${one.line}`);
  detail('call', `${one.call.kind} ${printable(one.call.name, 200)}`);
  for (const [field, expected, found] of rows) {
    detail(field === 'code' ? 'expected' : field, field === 'code' ? expected.replace('expected ', '') : expected);
    detail(field === 'code' ? 'found' : '', field === 'code' ? found.replace('found ', '') : found);
  }
  const { rule, policy, reason, retryAfterMs } = one.found;
  const shown = new Set<string>(one.differences.map(({ field }) => field));
  if (rule !== null) detail('decided by', `${printable(rule, 300)} of ${printable(policy ?? '', 100)}`);
  if (reason !== null && !shown.has('reason')) detail('reason', printable(reason, 400));
  if (retryAfterMs !== null && !shown.has('retryAfterMs')) detail('retryAfterMs', String(retryAfterMs));
  const before = Object.entries(one.before).map(([outcome, times]) => `${times} × ${outcome}`);
  if (before.length > 0) detail('before', before.join(', '));
  return lines;
}

function show(value: string | number | null): string {
  return value === null ? 'none' : typeof value === 'number' ? String(value) : printable(value, 400);
}

/** The last line. */
export function summaryLine(summary: TestSummary, style: Style): string {
  const { files, cases, passed, failed, broken } = summary;
  const parts = [
    style.green(`${passed} passed`),
    failed === 0 ? '0 failed' : style.red(`${failed} failed`),
    ...(broken === 0 ? [] : [style.red(`${count(broken, 'file')} could not be used`)]),
  ];
  return `${count(cases, 'case')} in ${count(files, 'file')}: ${parts.join(', ')}`;
}

/** Everything, for `--json`. */
export function testJson(results: readonly TestFileResult[]): object {
  return {
    files: results.map(({ file, errors, cases }) => ({
      file,
      errors: errors.map(({ excerpt: _excerpt, ...rest }) => rest),
      cases: cases.map(({ title, ...rest }) => ({ name: title, ...rest })),
    })),
    summary: summaryOf(results),
  };
}
