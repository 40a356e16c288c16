import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importPolicy, type ImportOptions } from '../../../src/cli/commands/import.ts';
import { schema } from '../../../src/cli/commands/schema.ts';
import { loadPolicy } from '../../../src/policy/index.ts';
import { Captured, expectGolden, files } from './capture.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'import-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function run(file: string, options: ImportOptions = {}): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const status = await importPolicy(join(files, file), options, { stdout, stderr });
  return { status, out: stdout.text, err: stderr.text.replaceAll(`${files}/`, '').replaceAll(`${directory}/`, '') };
}

describe('import', () => {
  it.each(['intercept.yaml', 'hosted.json'])('%s: the document on stdout, what changes its meaning on stderr', async (file) => {
    const { status, out, err } = await run(file);
    expectGolden(`import-${file.replace(/\..*/, '')}`, `${out}${'-'.repeat(40)}\n${err}`);
    expect(status).toBe(0);
    expect((await loadPolicy(out, { name: 'imported' })).ok).toBe(true);
  });

  it('--out writes the same document into a file, and never over another unless --force says so', async () => {
    const out = join(directory, 'new.policy.yaml');
    const direct = await run('intercept.yaml');
    const { status, out: printed, err } = await run('intercept.yaml', { out });
    expect({ status, printed }).toEqual({ status: 0, printed: '' });
    expect(err).toContain('Wrote new.policy.yaml. Then: policylayer check new.policy.yaml');
    expect(readFileSync(out, 'utf8')).toBe(direct.out);
    writeFileSync(out, 'mine');
    await expect(run('intercept.yaml', { out })).rejects.toThrow(/new\.policy\.yaml exists/);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    await run('intercept.yaml', { out, force: true });
    expect(readFileSync(out, 'utf8')).toBe(direct.out);
  });

  const refused: readonly [title: string, file: string, options: ImportOptions, message: RegExp][] = [
    ['a policy of this language', 'stripe.policy.yaml', {}, /written in this language already/],
    ['the other dialect, when one was named', 'hosted.json', { from: 'intercept' }, /error:/],
    ['a file that is not there', 'nothing.yaml', {}, /there is no such file/],
    ['a directory', '.', {}, /this is a directory/],
    ['no policy at all', 'tools.json', {}, /error:/],
  ];
  it.each(refused)('%s gives status 2 and writes nothing', async (_title, file, options, message) => {
    const out = join(directory, 'new.policy.yaml');
    const { status, out: printed, err } = await run(file, { ...options, out });
    expect({ status, printed, written: existsSync(out) }).toEqual({ status: 2, printed: '', written: false });
    expect(err).toMatch(message);
    expect(err).toMatch(/was not imported: \d+ errors?\n$/);
  });

  it('machines get the document and the notes as JSON', async () => {
    const { status, out, err } = await run('hosted.json', { json: true });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const report = JSON.parse(out) as { document: string; notes: { code: string; line: number }[] };
    expect(report).toMatchObject({ dialect: 'hosted', out: null, errors: [] });
    expect(report.document).toBe((await run('hosted.json')).out);
    expect(report.notes.map(({ code }) => code)).toContain('sliding_windows');
    expect(JSON.parse((await run('stripe.policy.yaml', { json: true })).out)).toMatchObject({ document: null, errors: [{ code: 'not_old' }] });
  });
});

describe('schema', () => {
  it('is printed as JSON, or written into a file that did not exist', () => {
    const stdout = new Captured();
    expect(schema({}, stdout)).toBe(0);
    expect(JSON.parse(stdout.text)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', required: expect.arrayContaining(['version', 'default']) as unknown });
    const out = join(directory, 'policylayer.schema.json');
    const quiet = new Captured();
    expect(schema({ out }, quiet)).toBe(0);
    expect(quiet.text).toBe('');
    expect(readFileSync(out, 'utf8')).toBe(stdout.text);
    expect(() => schema({ out }, quiet)).toThrow(/exists/);
  });
});
