import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/cli/commands/check.ts';
import { loadPolicy } from '../../src/policy/index.ts';

// NAME.yaml is a policy with mistakes; its first line says where they are, written before any program read it. NAME.txt is what
// `policylayer check` prints. UPDATE_GOLDEN=1 writes the second anew; read the diff as the person would who made the mistake.
const FOLDER = join(import.meta.dirname, 'broken');
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')).sort();

async function checked(name: string): Promise<{ status: number; out: string }> {
  let out = '';
  const stdout = new Writable({ write: (chunk: Buffer, _, done) => { out += String(chunk); done(); } });
  const status = await check({ files: [join(FOLDER, name)], json: false, stdout, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  return { status, out: out.replaceAll(`${FOLDER}/`, '') };
}

/** `line:column` of every mistake, as the first line of the document announces them; null where it has no such line. */
function announced(text: string): string[] | null {
  const list = /^# wrong at (.*)\n/.exec(text)?.[1];
  return list === undefined ? null : list.split(', ');
}

describe('broken policies', () => {
  it('are at least eighty', () => expect(NAMES.length).toBeGreaterThanOrEqual(80));

  it.each(NAMES)('%s is never loaded, and every mistake is found in its place', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const result = await loadPolicy(text, { name: 'p' });
    expect(result.ok).toBe(false);
    const found = result.ok ? [] : result.errors.map((error) => `${error.line}:${error.column}`);
    const expected = announced(text);
    if (expected !== null) expect([...new Set(found)].join(', ')).toBe([...new Set(expected)].join(', '));
  });

  it.each(NAMES)('%s is answered by check with file, place, what was found, what was expected and help', async (name) => {
    const { status, out } = await checked(name);
    expect(status).toBe(2);
    const golden = join(FOLDER, name.replace(/\.yaml$/, '.txt'));
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, out);
    else expect(out).toBe(readFileSync(golden, 'utf8'));
    expect(out.startsWith(`${name}:`)).toBe(true);
  });

  it('a document of more than a megabyte is refused before it is parsed', async () => {
    const rules = Array.from({ length: 60_000 }, (_, index) => `  tool_number_${index}: allow\n`).join('');
    const result = await loadPolicy(`version: "1"\ndefault: deny\ntools:\n${rules}`, { name: 'p' });
    expect(result.ok ? [] : result.errors.map(({ code, line, column }) => [code, line, column])).toEqual([['too_large', 1, 1]]);
  });

  it('a document that is one long line, one deep tree or one long list of mistakes is refused with a bounded report', async () => {
    const line = `version: "1"\ndefault: deny\ntools: { ${Array.from({ length: 20_000 }, (_, index) => `t${index}: alow`).join(', ')} }\n`;
    const deep = `version: "1"\ndefault: deny\ntools: { a: ${'['.repeat(5_000)}${']'.repeat(5_000)} }\n`;
    for (const text of [line, deep]) {
      const result = await loadPolicy(text, { name: 'p' });
      expect(result.ok).toBe(false);
      const errors = result.ok ? [] : result.errors;
      expect(errors.length).toBeLessThanOrEqual(501);
      for (const error of errors) expect(error.message.length + (error.excerpt?.text.length ?? 0)).toBeLessThan(2_000);
    }
  });
});
