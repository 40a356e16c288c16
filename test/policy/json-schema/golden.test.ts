import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileSchema, inlineReferences, narrowInputSchema } from '../../../src/policy/json-schema/index.ts';
import { splice } from '../../../src/wire/splice.ts';
import { scanned } from '../../wire/support/scanned.ts';

// Each file holds blocks: what is given, and under it, indented, what comes out. UPDATE_GOLDEN=1 writes what comes out anew; read the diff.
const FOLDER = join(import.meta.dirname, 'golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

function problems(given: string): string[] {
  const [origin, schema] = split(given, ' ');
  const result = compileSchema(scanned(schema), origin === 'policy' ? 'policy' : 'upstream');
  return result.ok ? ['none'] : result.problems.map(({ pointer, message, help }) => `${pointer}: ${message}${help === null ? '' : ` (${help})`}`);
}

/** The values stand in the block already, before ` => `. */
function failures(schema: string, lines: readonly string[]): string[] {
  const result = compileSchema(scanned(schema), 'upstream');
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return lines.map((line) => {
    const [value] = split(line, ' => ');
    const failed = result.schema.validate(value === '' ? null : scanned(value), 'x');
    return `${value} => ${failed === null ? 'valid' : `${failed.kind} | ${failed.path} | ${failed.message} | ${String(failed.wouldPass)}`}`;
  });
}

/** The given is a listed schema; the lines are what a policy demands. */
function narrowed(listed: string, lines: readonly string[]): string[] {
  return lines.map((line) => {
    const [constraint] = split(line, ' => ');
    const node = scanned(listed);
    const edits = narrowInputSchema(node, scanned(constraint));
    return `${constraint} => ${edits === null ? 'as it is' : splice(node.buffer, edits).toString('utf8')}`;
  });
}

function split(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
}

describe.each<[file: string, what: string, answer: (given: string, lines: readonly string[]) => string[]]>([
  ['problems.txt', 'a schema that cannot be used is answered with every problem, its place and help', problems],
  ['failures.txt', 'a value that does not pass is answered with its path, what it must be, and what would pass', failures],
  ['narrowed.txt', 'a listed schema under what a policy demands', narrowed],
  ['inlined.txt', 'a schema with its references written out', (schema) => [String(inlineReferences(scanned(schema)))]],
])('%s: %s', (file, _what, answer) => {
  const blocks = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n\n').map((block) => block.split('\n'));
  const written: string[] = [];

  it.each(blocks.map(([given = '', ...lines]) => [given, lines.map((line) => line.slice(2))] as const))('%s', (given, expected) => {
    const actual = answer(given, expected);
    if (UPDATE) written.push([given, ...actual.map((line) => `  ${line}`)].join('\n'));
    else expect(actual).toEqual(expected);
  });

  afterAll(() => {
    if (UPDATE) writeFileSync(join(FOLDER, file), `${written.join('\n\n')}\n`);
  });
});
