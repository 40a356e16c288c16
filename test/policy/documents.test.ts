import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lintAgainst, loadPolicy, readDefinitions } from '../../src/policy/index.ts';
import type { Diagnostic } from '../../src/policy/index.ts';
import { printable } from '../../src/policy/printable.ts';

// Blocks of documents.txt: a document in one line (`\&` is a line break), and under it every error and warning in full, and what a
// sound document was read as. A line that starts with `rules` is the `tools` of a document, one with `limit` or `budget` a guard of a
// rule; `against` holds the rules against the tools in TOOLS. UPDATE_GOLDEN=1 writes what is under the first lines anew; read the diff.
const FILE = join(import.meta.dirname, 'documents.txt');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
const RULER = '\n\n';

const TOOLS = JSON.stringify([
  { name: 'pay', inputSchema: { type: 'object', properties: { amount: { type: 'number' }, note: { type: 'string' }, card: { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] }, list: { type: 'array', items: { type: 'string' } } }, required: ['amount'] } },
  { name: 'pay_back', inputSchema: { type: 'object', properties: { amount: { type: 'number' }, note: { type: 'string' } }, required: ['amount', 'note'] } },
  { name: 'get_a', annotations: { readOnlyHint: true }, inputSchema: { type: 'object', properties: {} } },
  { name: 'get_b', annotations: { readOnlyHint: false } },
  { name: 'loose', inputSchema: { type: 'object' } },
]);
const WRAPPED: Readonly<Record<string, (text: string) => string>> = {
  document: (text) => text,
  rules: (text) => `version: "1"\ndefault: deny\ntools: { ${text} }`,
  rule: (text) => `version: "1"\ndefault: deny\ntools: { a: { action: allow, ${text} } }`,
  limit: (text) => `version: "1"\ndefault: deny\ntools: { a: { rate_limit: ${text} } }`,
  budget: (text) => `version: "1"\ndefault: deny\ntools: { a: { budget: ${text} } }`,
  approval: (text) => `version: "1"\ndefault: deny\ntools: { a: { action: require_approval, approval: ${text} } }`,
  against: (text) => `version: "1"\ndefault: deny\ntools: { ${text} }`,
};

function shown({ severity, code, pointer, line, column, excerpt, message, help }: Diagnostic): string {
  return `${severity} ${line}:${column}+${excerpt?.length ?? 0} ${code} ${printable(pointer, 300)}: ${message}${help === null ? '' : ` (${help})`}`;
}

/** What a document does not say is left out, to keep the file readable. */
function isAbsent(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}

async function read(given: string): Promise<string[]> {
  const at = given.indexOf(' ');
  const kind = given.slice(0, at);
  const wrap = WRAPPED[kind];
  if (wrap === undefined) throw new Error(`no kind of block is called ${kind}`);
  const result = await loadPolicy(wrap(given.slice(at + 1).replaceAll(String.raw`\&`, '\n')), { name: 'p' });
  if (!result.ok) return [...result.errors, ...result.warnings].map(shown);
  if (kind === 'against') {
    const definitions = readDefinitions(TOOLS);
    if (definitions === null) throw new Error('TOOLS is no list of tools');
    return lintAgainst(result.policy, definitions).map(shown);
  }
  const model = JSON.stringify(result.policy.document, (key, value: unknown) => (key === 'span' || key === 'at' || isAbsent(value) ? undefined : value instanceof Map ? Object.fromEntries(value) : value));
  return [...result.warnings.map(shown), model];
}

describe('a document is read as, or answered with', () => {
  const blocks = readFileSync(FILE, 'utf8').trimEnd().split(RULER).map((block) => block.split('\n'));
  const written: string[] = [];

  it.each(blocks.map(([given = '', ...lines]) => [given, lines.map((line) => line.slice(2))] as const))('%s', async (given, expected) => {
    const actual = await read(given);
    if (UPDATE) written.push([given, ...actual.map((line) => `  ${line}`)].join('\n'));
    else expect(actual).toEqual(expected);
  });

  afterAll(() => {
    if (UPDATE) writeFileSync(FILE, `${written.join(RULER)}\n`);
  });
});
