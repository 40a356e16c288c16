import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTestFile } from '../../src/cli/author/test-file.ts';
import { readTextFile } from '../../src/cli/author/read-source.ts';
import { runTestFile } from '../../src/cli/author/run-tests.ts';
import { formatDiagnostic } from '../../src/policy/index.ts';

// What the language means, as data: each expectation was derived from the language's definition, not from what the engine answers.
const FOLDER = join(import.meta.dirname, 'tables');
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.yaml')).sort();

async function titlesOf(name: string): Promise<string[]> {
  const text = readTextFile(join(FOLDER, name));
  if (typeof text !== 'string') throw new Error(formatDiagnostic(text));
  const read = await readTestFile(text, name);
  if (!read.ok) throw new Error(read.errors.map(formatDiagnostic).join('\n'));
  return read.file.cases.map((one) => one.title);
}

const cases = await Promise.all(FILES.map(async (name) => ({ name: relative('.', name), titles: await titlesOf(name) })));

describe('the decision tables', () => {
  it('hold at least 800 cases', () => expect(cases.flatMap(({ titles }) => titles).length).toBeGreaterThanOrEqual(800));

  /** All cases of some files at once, for what a requirement demands. */
  async function failures(...names: readonly string[]): Promise<string[]> {
    const results = await Promise.all(names.map((name) => runTestFile(join(FOLDER, name))));
    expect(results.flatMap(({ errors }) => errors.map(formatDiagnostic))).toEqual([]);
    return results.flatMap(({ file, cases: ran }) => ran.filter(({ passed }) => !passed).map(({ title }) => `${file}: ${title}`));
  }
  it('[#42, J13] no spelling of a number evades a comparison, a schema or a budget', async () => {
    expect(await failures('conditions/numeric-evasion.test.yaml', 'arguments/numbers.test.yaml', 'arguments/big-integers.test.yaml', 'budgets/decimals.test.yaml', 'budgets/bad-amounts.test.yaml')).toEqual([]);
  });
  it('[#43] no argument hides beside the governed one', async () => {
    expect(await failures('arguments/hiding.test.yaml', 'arguments/additional.test.yaml', 'conditions/presence.test.yaml', 'conditions/names-of-objects.test.yaml')).toEqual([]);
  });
  it('[#44] no spelling of a URI leads around a rule', async () => {
    expect(await failures('resources/uris.test.yaml')).toEqual([]);
  });

  describe.each(cases)('$name', ({ name, titles }) => {
    let running: ReturnType<typeof runTestFile> | null = null;
    it.each(titles)('%s', async (title) => {
      running ??= runTestFile(join(FOLDER, name));
      const { errors, cases: results } = await running;
      expect(errors.map(formatDiagnostic).join('\n')).toBe('');
      const result = results.find((one) => one.title === title);
      expect(result?.differences.map(({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`).join('\n')).toBe('');
    });
  });
});
