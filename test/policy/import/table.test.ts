import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importPolicy } from '../../../src/policy/import/index.ts';

// Blocks: an old document in one line, and under it what it was read as, every error in full, the code and place of every note (their
// texts are in fixtures), and the lines of the new document after a bar. UPDATE_GOLDEN=1 writes what is under the first lines anew; read the diff.
const FILE = join(import.meta.dirname, 'table.txt');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
const RULER = '\n\n';

async function imported(given: string): Promise<string[]> {
  const [dialect, ...rest] = given.split(' ');
  const { dialect: read, document, notes, errors } = await importPolicy(rest.join(' ').replaceAll(String.raw`\&`, '\n'), dialect === 'intercept' || dialect === 'hosted' ? { dialect } : {});
  const said = errors.map(({ code, pointer, line, column, excerpt, message, help }) => `${line}:${column}+${excerpt?.length ?? 0} ${code} ${pointer}: ${message}${help === null ? '' : ` (${help})`}`);
  const noted = notes.map(({ code, pointer, line, column, excerpt }) => `note ${line}:${column}+${excerpt?.length ?? 0} ${code} ${pointer}`);
  const lines = document === null ? [] : document.trimEnd().split('\n').filter((line) => line !== '' && !line.startsWith('# Imported from'));
  return [`read as ${String(read)}`, ...said, ...noted, ...lines.map((line) => `| ${line}`)];
}

describe('an old document is imported into, or refused with', () => {
  const blocks = readFileSync(FILE, 'utf8').trimEnd().split(RULER).map((block) => block.split('\n'));
  const written: string[] = [];

  it.each(blocks.map(([given = '', ...lines]) => [given, lines.map((line) => line.slice(2))] as const))('%s', async (given, expected) => {
    const actual = await imported(given);
    if (UPDATE) written.push([given, ...actual.map((line) => `  ${line}`)].join('\n'));
    else expect(actual).toEqual(expected);
  });

  afterAll(() => {
    if (UPDATE) writeFileSync(FILE, `${written.join(RULER)}\n`);
  });
});

it('an old document of a mebibyte is read, and of one byte more it is not', async () => {
  const document = (bytes: number): string => 'version: "1"\ndefault: allow\n#'.padEnd(bytes, '-');
  const [largest, larger] = [await importPolicy(document(1024 * 1024)), await importPolicy(document(1024 * 1024 + 1))];
  expect([largest.dialect, largest.errors]).toEqual(['intercept', []]);
  expect([larger.dialect, larger.document, larger.errors.map(({ code, line, column, pointer, message, help }) => [code, line, column, pointer, message, help])]).toEqual([
    null, null, [['too_large', 1, 1, '', 'the file has more than 1048576 bytes', 'divide it']],
  ]);
});
