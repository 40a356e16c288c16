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
  it('hold at least 700 cases', () => expect(cases.flatMap(({ titles }) => titles).length).toBeGreaterThanOrEqual(700));

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
