import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../scripts/ci-summary.mjs');
const directory = mkdtempSync(join(tmpdir(), 'ci-summary-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

function summary(steps: string, files: readonly TestFile[] | string | null, ...flags: string[]): { readonly status: number | null; readonly last: string; readonly text: string } {
  rmSync(directory, { recursive: true, force: true });
  const root = mkdtempSync(directory);
  writeFileSync(join(root, 'steps'), steps);
  const report = join(root, 'report.json');
  if (files !== null) writeFileSync(report, typeof files === 'string' ? files : JSON.stringify({ testResults: files }));
  const { status, stdout } = spawnSync(process.execPath, [script, join(root, 'steps'), report, ...flags], { encoding: 'utf8' });
  rmSync(root, { recursive: true, force: true });
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '', text: stdout };
}

const file = (...states: string[]): TestFile => ({ name: 'a.test.ts', status: states.includes('failed') ? 'failed' : 'passed', assertionResults: states.map((status, at) => ({ fullName: `test ${at}`, status })) });

describe('the last line of a CI run', () => {
  it('adds up steps and tests', () => {
    expect(summary('passed\tlint\t2\npassed\ttests\t9\n', [file('passed', 'passed'), file('passed')])).toMatchObject({ status: 0, last: '5 passed, 0 failed' });
  });

  const failing: readonly [title: string, steps: string, files: readonly TestFile[] | string | null, flags: readonly string[], last: string][] = [
    ['a step that failed', 'failed\tlint\t2\n', [file('passed')], [], '1 passed, 1 failed'],
    ['a step of which nothing is known', '?\tlint\n', [file('passed')], [], '1 passed, 1 failed'],
    ['a test that failed', 'passed\tlint\t2\n', [file('passed', 'failed')], [], '2 passed, 1 failed'],
    ['a test file that could not be loaded', '', [{ name: 'b.test.ts', status: 'failed', message: 'SyntaxError: x\nat y', assertionResults: [] }, file('passed')], [], '1 passed, 1 failed'],
    ['a skipped test where nothing may be skipped', '', [file('passed', 'pending', 'skipped', 'todo')], ['--no-skips'], '1 passed, 3 failed'],
    ['a skipped test that runs elsewhere, beside one that does not', '', [file('passed', 'pending', 'skipped')], ['--no-skips', '--elsewhere', '^test 1$'], '1 passed, 1 failed'],
    ['no report', 'passed\tlint\t2\n', null, [], '1 passed, 1 failed'],
    ['a report cut short', 'passed\tlint\t2\n', '{"testResults":[', [], '1 passed, 1 failed'],
    ['a report without a single test', 'passed\tlint\t2\n', [], [], '1 passed, 1 failed'],
  ];

  it.each(failing)('%s counts as failed', (_title, steps, files, flags, last) => {
    expect(summary(steps, files, ...flags)).toMatchObject({ status: 1, last });
  });

  it('a skipped test is named, and fails nothing where skips are allowed', () => {
    const result = summary('', [file('passed', 'pending')]);
    expect(result).toMatchObject({ status: 0, last: '1 passed, 0 failed' });
    expect(result.text).toContain('skipped test 1');
  });
});
