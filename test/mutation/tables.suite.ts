import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runTestFile } from '../../src/cli/author/run-tests.ts';
import { formatDiagnostic } from '../../src/policy/index.ts';

// test/policy/tables.test.ts for mutation testing: one test per file, and no file is read before its test runs.
const FOLDER = join(import.meta.dirname, '../policy/tables');

it.each(readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.yaml')).sort())('%s', async (name) => {
  const { errors, cases } = await runTestFile(join(FOLDER, name));
  expect(errors.map(formatDiagnostic)).toEqual([]);
  expect(cases.filter(({ passed }) => !passed).map(({ title }) => title)).toEqual([]);
  expect(cases.length).toBeGreaterThan(0);
});
