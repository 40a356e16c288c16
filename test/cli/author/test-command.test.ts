import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { test as testCommand } from '../../../src/cli/commands/test.ts';
import { runTestFile, runTestText } from '../../../src/cli/author/run-tests.ts';
import { Captured, expectGolden, expectToFit, files } from './capture.ts';

async function run(names: readonly string[], options: { json?: boolean; filter?: string; columns?: number } = {}): Promise<{ status: number; out: string }> {
  const stdout = new Captured(options.columns);
  const status = await testCommand({ paths: names.map((name) => join(files, name)), json: options.json === true, filter: options.filter, stdout: stdout.stream });
  return { status, out: stdout.text.replaceAll(`${files}/`, '') };
}

describe('policylayer test', () => {
  it('every case that holds passes, and the status is 0', async () => {
    const { status, out } = await run(['passing.test.yaml']);
    expectGolden('test-passing', out);
    expectToFit(out);
    expect(status).toBe(0);
  });

  it('a case that does not hold says what was expected, what was found and which rule decided, and the status is 1', async () => {
    const { status, out } = await run(['failing.test.yaml']);
    expectGolden('test-failing', out);
    expectToFit(out);
    expect(status).toBe(1);
  });

  it('a broken file reports every mistake with its place, runs no case, and the status is 2', async () => {
    const { status, out } = await run(['broken.test.yaml', 'passing.test.yaml']);
    expectGolden('test-broken', out);
    expect(status).toBe(2);
  });

  it('machines get everything as JSON', async () => {
    const { status, out } = await run(['failing.test.yaml'], { json: true });
    expect(status).toBe(1);
    const parsed = JSON.parse(out) as { summary: unknown; files: { cases: { name: string; passed: boolean; differences: unknown; found: unknown; before: unknown }[] }[] };
    expect(parsed.summary).toEqual({ files: 1, cases: 4, passed: 1, failed: 3, broken: 0 });
    expect(parsed.files[0]?.cases[2]).toMatchObject({
      name: 'the fourth charge',
      line: 13,
      passed: false,
      call: { kind: 'tool', name: 'create_charge' },
      before: { allow: 3, rate_limited: 2 },
      found: { effect: 'deny', code: 'rate_limited', rule: '/tools/create_charge/rate_limit', retryAfterMs: 30001 },
      differences: [{ field: 'code', expected: 'budget_exceeded', found: 'rate_limited' }, { field: 'rule' }, { field: 'retryAfterMs', expected: 1000, found: 30001 }],
    });
  });

  it('--filter runs the cases whose name holds a text, whatever its case', async () => {
    const { status, out } = await run(['failing.test.yaml'], { filter: 'THIS ONE IS' });
    expect(status).toBe(0);
    expect(out).toContain('1 case in 1 file: 1 passed, 0 failed');
    await expect(run(['failing.test.yaml'], { filter: 'nothing has this' })).rejects.toThrow(/no case has "nothing has this" in its name/);
  });

  it('colour is for terminals only', async () => {
    const colour = '\u001b[';
    expect((await run(['failing.test.yaml'])).out).not.toContain(colour);
    expect((await run(['failing.test.yaml'], { columns: 80 })).out.includes(colour)).toBe((process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb');
  });

  it('a file that is not there is an error with its name', async () => {
    const { status, out } = await run(['no-such.test.yaml']);
    expect(out).toContain('no-such.test.yaml:1:1: error: there is no such file');
    expect(status).toBe(2);
  });
});

describe('a directory of test files', () => {
  let directory = '';
  const one = 'inline: "{ version: \\"1\\", default: allow }"\ncases: [{ name: a, tool: x, expect: allow }]\n';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'test-files-'));
    for (const folder of ['b/c', 'empty', 'node_modules/dependency']) mkdirSync(join(directory, folder), { recursive: true });
    for (const name of ['z.test.yaml', 'b/y.test.yml', 'b/c/x.test.json', 'b/policy.yaml', 'node_modules/dependency/a.test.yaml']) writeFileSync(join(directory, name), one);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('stands for every *.test.yaml below it, in order, each once, without those of dependencies', async () => {
    const stdout = new Captured();
    expect(await testCommand({ paths: [directory, join(directory, 'z.test.yaml')], json: true, filter: undefined, stdout: stdout.stream })).toBe(0);
    const { files: found } = JSON.parse(stdout.text) as { files: { file: string }[] };
    expect(found.map(({ file }) => file.slice(directory.length + 1))).toEqual(['b/c/x.test.json', 'b/y.test.yml', 'z.test.yaml']);
  });

  it('without any test file below is an error', async () => {
    await expect(testCommand({ paths: [join(directory, 'empty')], json: false, filter: undefined, stdout: new Captured().stream })).rejects.toThrow(/holds no test file/);
  });
});

describe('a test file', () => {
  const inline = 'inline: |\n  version: "1"\n  default: deny\n  tools:\n    a: { rate_limit: { max: 1, window: 10s } }\n    b: { mode: observe, rate_limit: { max: 1, window: 10s } }\n';
  const run1 = async (cases: string): Promise<string[]> => {
    const result = await runTestText(`${inline}cases:\n${cases}`, 'x.test.yaml');
    return [...result.errors.map(({ message }) => message), ...result.cases.map(({ title, passed, differences }) => (passed ? `ok ${title}` : `FAIL ${title} ${JSON.stringify(differences)}`))];
  };

  it('gives every case a state of its own', async () => {
    expect(await run1('  - { name: 1, tool: a, expect: allow }\n')).toEqual(['`name` is the number 1; expected what the case shows, in words']);
    expect(await run1('  - { name: one, tool: a, expect: allow }\n  - { name: two, tool: a, expect: allow }\n')).toEqual(['ok one', 'ok two']);
  });

  it('moves the time of the state: a call exactly one window old still counts, a millisecond later it does not', async () => {
    expect(await run1('  - { name: still, tool: a, before: [{ tool: a, ago: 10s }], expect: rate_limited }\n  - { name: over, tool: a, before: [{ tool: a, ago: 10001ms }], expect: allow }\n')).toEqual(['ok still', 'ok over']);
  });

  it('runs at the same moment every day unless the case says when', async () => {
    const now = await runTestText(`${inline}cases:\n  - { name: a, tool: a, at: "2031-05-05T05:05:05+02:00", before: [{ tool: a, ago: 1s }], expect: { code: rate_limited, retryAfterMs: 9001 } }\n`, 'x.test.yaml');
    expect(now.cases[0]?.differences).toEqual([]);
  });

  it('reads policies and definitions from beside it, whatever the working directory', async () => {
    const result = await runTestFile(join(files, 'passing.test.yaml'));
    expect(result.errors).toEqual([]);
    expect(result.cases.filter(({ passed }) => !passed)).toEqual([]);
  });

  it('keeps the exact text of numbers, which no double holds', async () => {
    const result = await runTestText('inline: |\n  version: "1"\n  default: deny\n  tools:\n    pay: { budget: { sum: args.amount, max: 9007199254740993, window: 60 } }\ncases:\n  - { name: fits, tool: pay, args: { amount: 9007199254740993 }, expect: allow }\n  - { name: does not, tool: pay, args_json: "{\\"amount\\":9007199254740993.5}", expect: budget_exceeded }\n', 'x.test.yaml');
    expect(result.errors).toEqual([]);
    expect(result.cases.map(({ differences }) => differences)).toEqual([[], []]);
  });
});
