import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runTestFile, runTestText } from '../../src/cli/author/run-tests.ts';
import { formatDiagnostic, loadPolicy } from '../../src/policy/index.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const COOKBOOK = join(DOCS, 'cookbook');

interface Block {
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

/** Every fenced block of a page. */
function blocks(page: string): Block[] {
  const text = readFileSync(join(DOCS, page), 'utf8');
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1] ?? '', text: match[2] ?? '', line: text.slice(0, match.index).split('\n').length,
  }));
}

const language = blocks('language.md');
const only = (info: string): { where: string; text: string }[] => language.filter((block) => block.info === info).map(({ line, text }) => ({ where: `language.md:${line}`, text }));

describe('docs/language.md', () => {
  it('has examples of every kind', () => {
    expect(new Set(language.map(({ info }) => info))).toEqual(new Set(['yaml', 'yaml test', 'yaml broken', 'json']));
    expect(only('yaml test').length).toBeGreaterThanOrEqual(14);
  });
  it.each(only('yaml'))('$where loads without a warning', async ({ text }) => {
    const loaded = await loadPolicy(text, { name: 'example' });
    expect((loaded.ok ? loaded.warnings : loaded.errors).map(formatDiagnostic).join('\n')).toBe('');
  });
  it.each(only('yaml broken'))('$where is refused', async ({ text }) => {
    expect((await loadPolicy(text, { name: 'example' })).ok).toBe(false);
  });
  it.each(only('yaml test'))('$where does what it says', async ({ where, text }) => {
    const result = await runTestText(text, join(DOCS, where));
    expect(result.errors.map(formatDiagnostic).join('\n')).toBe('');
    expect(result.cases.length).toBeGreaterThan(0);
    expect(result.cases.filter((one) => !one.passed).map(({ title, differences }) => `${title}: ${JSON.stringify(differences)}`).join('\n')).toBe('');
  });
});

describe('docs/library.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'policylayer-docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const scripts = blocks('library.md').filter(({ info }) => info === 'js');
  it('has at least two programs', () => expect(scripts.length).toBeGreaterThanOrEqual(2));

  // A line `// => VALUE` states what the expression statement before it gives.
  it.each(scripts)('the program in line $line gives what its comments say', async ({ text }) => {
    const entry = (room: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, `../../src/${room}/index.ts`)).href);
    let checks = 0;
    const body = text.replace(/'policylayer\/(policy|catalogue)'/g, (_name, room: string) => entry(room)).replace(/^(.+);\s*\/\/ => (.+)$/gm, (_line, expression: string, value: string) => {
      checks += 1;
      return `results.push([${expression}, ${value}]);`;
    });
    expect(checks).toBeGreaterThan(0);
    const file = join(folder, `example-${checks}-${text.length}.mjs`);
    writeFileSync(file, `export const results = [];\n${body}`);
    const { results } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { results: [unknown, unknown][] };
    for (const [given, stated] of results) expect(given).toEqual(stated);
  });
});

describe('the cookbook', () => {
  const names = readdirSync(COOKBOOK).filter((name) => name.endsWith('.policy.yaml')).map((name) => name.replace('.policy.yaml', '')).sort();
  const page = readFileSync(join(COOKBOOK, 'README.md'), 'utf8');

  it('has at least twenty policies, each with a test and a section of its own', () => {
    expect(names.length).toBeGreaterThanOrEqual(20);
    const tests = readdirSync(COOKBOOK).filter((name) => name.endsWith('.test.yaml')).map((name) => name.replace('.test.yaml', '')).sort();
    expect(tests).toEqual(names);
    const linked = [...page.matchAll(/\]\(([a-z-]+)\.policy\.yaml\)/g)].map((match) => match[1] ?? '').sort();
    expect([...new Set(linked)]).toEqual(names);
  });
  it.each(names)('%s loads without an unexpected warning', async (name) => {
    const loaded = await loadPolicy(readFileSync(join(COOKBOOK, `${name}.policy.yaml`), 'utf8'), { name });
    const found = (loaded.ok ? loaded.warnings : loaded.errors).map(formatDiagnostic);
    expect(found.join('\n')).toBe('');
  });
  it.each(names)('%s does what its test says', async (name) => {
    const result = await runTestFile(join(COOKBOOK, `${name}.test.yaml`));
    expect(result.errors.map(formatDiagnostic).join('\n')).toBe('');
    expect(result.cases.length).toBeGreaterThanOrEqual(2);
    expect(result.cases.filter((one) => !one.passed).map(({ title, differences }) => `${title}: ${JSON.stringify(differences)}`).join('\n')).toBe('');
  });
  it('no-sampling answers for the client', async () => {
    const loaded = await loadPolicy(readFileSync(join(COOKBOOK, 'no-sampling.policy.yaml'), 'utf8'), { name: 'p' });
    if (!loaded.ok) throw new Error('not loaded');
    const { combine } = await import('../../src/policy/index.ts');
    const set = combine([loaded.policy]);
    expect([set.client('sampling').effect, set.client('elicitation').effect, set.client('roots').effect]).toEqual(['deny', 'deny', 'allow']);
  });
});
