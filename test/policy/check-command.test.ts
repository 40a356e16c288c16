import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../src/cli/commands/check.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
  writeFileSync(join(folder, 'good.policy.yaml'), 'version: "1"\ndefault: deny\ntools: { a: allow, b: deny }\n');
  writeFileSync(join(folder, 'odd.yaml'), 'version: "1"\ndefault: deny\ntools: { "a?": allow }\n');
  writeFileSync(join(folder, 'bad.yaml'), 'version: 1\ndefault: dney\n');
  writeFileSync(join(folder, 'latin1.yaml'), Buffer.from([0x76, 0xe9, 0x0a]));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(names: readonly string[], json = false): Promise<{ status: number; out: string; err: string }> {
  const text = { out: '', err: '' };
  const sink = (key: 'out' | 'err'): Writable => new Writable({ write: (chunk: Buffer, _, done) => { text[key] += String(chunk); done(); } });
  const status = await check({ files: names.map((name) => join(folder, name)), json, stdout: sink('out'), stderr: sink('err') });
  return { status, out: text.out.replaceAll(`${folder}/`, ''), err: text.err };
}

describe('check', () => {
  it('says that a sound file is sound and exits 0', async () => {
    const { status, out } = await run(['good.policy.yaml']);
    expect(status).toBe(0);
    expect(out).toMatch(/^good\.policy\.yaml: ok, good@[0-9a-f]{8}, 2 rules\n\n1 file checked, all can be loaded: 0 errors, 0 warnings\n$/);
  });
  it('shows warnings and still exits 0', async () => {
    const { status, out } = await run(['odd.yaml']);
    expect(status).toBe(0);
    expect(out).toContain('odd.yaml:3:10: warning: `?` in `a?` stands for itself');
    expect(out).toContain('0 errors, 1 warning\n');
  });
  it('shows every error of every file and exits 2', async () => {
    const { status, out } = await run(['bad.yaml', 'good.policy.yaml', 'missing.yaml', 'latin1.yaml', '.']);
    expect(status).toBe(2);
    expect(out).toContain('bad.yaml:1:10: error: `version` is the number 1');
    expect(out).toContain('bad.yaml:2:10: error: `default` is the string `dney`');
    expect(out).toContain('missing.yaml:1:1: error: there is no such file');
    expect(out).toContain('latin1.yaml:1:1: error: the file is not UTF-8');
    expect(out).toMatch(/good\.policy\.yaml: ok/);
    expect(out).toContain('5 files checked, 4 cannot be loaded: 5 errors, 0 warnings\n');
  });
  it('answers machines in JSON', async () => {
    const { status, out } = await run(['bad.yaml', 'odd.yaml'], true);
    expect(status).toBe(2);
    const parsed = JSON.parse(out) as { files: { file: string; ok: boolean; policy: string | null; errors: unknown[]; warnings: unknown[] }[] };
    expect(parsed.files).toMatchObject([
      { file: 'bad.yaml', ok: false, policy: null, warnings: [], errors: [{ severity: 'error', code: 'bad_version', file: 'bad.yaml', line: 1, column: 10, pointer: '/version', message: '`version` is the number 1; expected the string "1"', help: 'put it in quotes: version: "1"' }, { code: 'bad_action' }] },
      { file: 'odd.yaml', ok: true, policy: expect.stringMatching(/^odd@/) as string, errors: [], warnings: [{ code: 'literal_wildcard' }] },
    ]);
  });
  it('without a file explains itself on stderr and exits 2', async () => {
    expect(await run([])).toMatchObject({ status: 2, out: '', err: expect.stringContaining('no policy file') as string });
  });
});
