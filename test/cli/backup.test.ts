import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDriver } from '../../src/state/driver.ts';

// Every command is a process of its own, and a busy machine starts them slowly.
vi.setConfig({ testTimeout: 180_000 });

const root = mkdtempSync(join(tmpdir(), 'policylayer-backup-'));
/** Below node_modules, where Node finds libsql, and out of the sources. */
const cache = join(dirname(createRequire(import.meta.url).resolve('libsql')), '..', '.cache');
const execute = promisify(execFile);
let child = '';
let command = '';
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  child = join(mkdtempSync(join(cache, 'backup-child-')), 'child.mjs');
  command = join(dirname(child), 'command.mjs');
  const common = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;
  await build({ ...common, entryPoints: [join(import.meta.dirname, '../state/child.ts')], outfile: child });
  await build({ ...common, entryPoints: [join(import.meta.dirname, 'state-command.ts')], outfile: command });
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(dirname(child), { recursive: true, force: true });
});

let numbers = 0;
function directory(): string {
  const made = join(root, String(++numbers));
  mkdirSync(made, { mode: 0o700 });
  return made;
}

async function recorded(data: string, rows: number): Promise<void> {
  await execute(process.execPath, [child, 'hammer', join(data, 'policylayer.db'), 'libsql', String(rows), '1000000']);
}

/** A process that admits calls, tells each of them, and runs until it is killed. */
function storm(data: string): { readonly process: ChildProcess; readonly told: string[]; end(): Promise<void> } {
  const running = spawn(process.execPath, [child, 'storm', join(data, 'policylayer.db'), 'libsql', '0', '100000000'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const told: string[] = [];
  let rest = '';
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    told.push(...lines);
  });
  const ended = new Promise<void>((resolve) => {
    running.once('close', () => resolve());
  });
  return { process: running, told, end: async () => { running.kill('SIGKILL'); await ended; } };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => { setTimeout(resolve, 10); });
}

interface Ran { readonly status: number; readonly out: string; readonly err: string }

async function run(name: 'backup' | 'restore' | 'verify', flags: object): Promise<Ran> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [command, name, JSON.stringify(flags)]);
    return { status: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, err: stderr };
  }
}

/** Of a copy, so that nothing here holds the database itself open. */
async function ids(file: string): Promise<Set<unknown>> {
  const copy = join(directory(), 'copy.db');
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  const database = await openDriver(copy);
  const found = new Set(database.prepare('SELECT id FROM journal').all().map(({ id }) => id));
  database.close();
  return found;
}

test('a backup under writes holds every call that was told before it, is sound, and its chain verifies', async () => {
  const data = directory();
  const writer = storm(data);
  try {
    for (let round = 0; round < 3; round += 1) {
      await until(() => writer.told.length > (round + 1) * 400);
      const before = [...writer.told];
      const to = join(data, `copy-${round}.db`);
      const { status, out } = await run('backup', { data, to, json: true });
      expect(status).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ database: to, verifies: true });
      expect(statSync(to).mode & 0o777).toBe(0o600);
      const copied = await ids(to);
      expect(before.filter((id) => !copied.has(id))).toEqual([]);
    }
  } finally {
    await writer.end();
  }
  expect(readdirSync(data).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a backup replaces nothing, and says what else has to be kept', async () => {
  const data = directory();
  await recorded(data, 3);
  writeFileSync(join(data, 'secret-keys.json'), '{}', { mode: 0o600 });
  const to = join(data, 'copy.db');
  const first = await run('backup', { data, to });
  expect(first.out).toContain('journal-key.pem');
  expect(first.out).toContain('secret-keys.json');
  const content = readFileSync(to);
  expect(await run('backup', { data, to })).toMatchObject({ status: 2 });
  expect(readFileSync(to).equals(content)).toBe(true);
  expect(await run('backup', { data: directory(), to: join(data, 'other.db') })).toMatchObject({ status: 2 });
});

test('with keys: a directory for the owner alone, from which everything comes back', async () => {
  const data = directory();
  await recorded(data, 5);
  writeFileSync(join(data, 'secret-keys.json'), '{"keys":1}', { mode: 0o600 });
  const to = join(data, 'all');
  expect((await run('backup', { data, to, withKeys: true })).status).toBe(0);
  expect(statSync(to).mode & 0o777).toBe(0o700);
  expect(readdirSync(to).sort()).toEqual(['journal-key.pem', 'policylayer.db', 'secret-keys.json']);
  for (const name of readdirSync(to)) expect(statSync(join(to, name)).mode & 0o777).toBe(0o600);
  const other = directory();
  expect((await run('restore', { data: other, from: to })).status).toBe(0);
  expect(readFileSync(join(other, 'secret-keys.json'), 'utf8')).toBe('{"keys":1}');
  await recorded(other, 2);
  const verified = await run('verify', { data: other, json: true });
  expect(verified.status).toBe(0);
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, rows: 7 });
  expect((JSON.parse(verified.out) as { keys: unknown[] }).keys).toHaveLength(1);
});

test('a restored backup brings no session and no link back, and says what else is as it was', async () => {
  const data = directory();
  await recorded(data, 3);
  const path = join(data, 'policylayer.db');
  const opened = await openDriver(path);
  opened.exec("INSERT INTO registry_sessions (hash, member, created_at, last_used_at, expires_at) VALUES ('s', 'ada', '2026', '2026', '2999'); INSERT INTO registry_links (hash, purpose, expires_at) VALUES ('l', 'setup', '2999')");
  opened.close();
  const from = join(data, 'copy.db');
  expect((await run('backup', { data, to: from })).status).toBe(0);
  const done = await run('restore', { data, from, force: true });
  expect(done.status).toBe(0);
  expect(done.out).toMatch(/revoked or rotated since/);
  const database = await openDriver(path);
  expect(database.prepare('SELECT (SELECT count(*) FROM registry_sessions) + (SELECT count(*) FROM registry_links) AS left').get()?.['left']).toBe(0);
  database.close();
  expect((await run('verify', { data })).status).toBe(0);
});

test('nothing is restored while a gateway runs, nor over a database without --force; the old one stays, whole', async () => {
  const data = directory();
  await recorded(data, 4);
  const from = join(data, 'copy.db');
  await run('backup', { data, to: from });
  await recorded(data, 6);
  const path = join(data, 'policylayer.db');
  expect((await run('restore', { data, from })).err).toMatch(/exists/);
  const writer = storm(data);
  try {
    await until(() => writer.told.length > 50);
    const inUse = await run('restore', { data, from, force: true });
    expect(inUse).toMatchObject({ status: 2 });
    expect(inUse.err).toMatch(/in use.*nothing was changed/);
    const more = writer.told.length;
    await until(() => writer.told.length > more + 50);
  } finally {
    await writer.end();
  }
  const found = await ids(path);
  expect(writer.told.filter((id) => !found.has(id))).toEqual([]);
  const done = await run('restore', { data, from, force: true, json: true });
  expect(done.status).toBe(0);
  expect((await ids(path)).size).toBe(4);
  const { aside } = JSON.parse(done.out) as { aside: string };
  expect((await ids(aside)).size).toBe(found.size);
  expect(readdirSync(data).filter((name) => name.includes('.restore-'))).toEqual([]);
  await recorded(data, 1);
  expect((await run('verify', { data })).status).toBe(0);
});

test('what is damaged, changed, newer, not ours or not there is refused before anything is replaced', async () => {
  const data = directory();
  await recorded(data, 200);
  const good = join(data, 'copy.db');
  await run('backup', { data, to: good });
  const content = readFileSync(good);
  const target = directory();
  await recorded(target, 1);
  const before = readFileSync(join(target, 'policylayer.db'));
  const spoilt = async (name: string, spoil: (file: string) => Promise<void> | void): Promise<Ran> => {
    const file = join(data, `${name}.db`);
    writeFileSync(file, content, { mode: 0o600 });
    await spoil(file);
    return run('restore', { data: target, from: file, force: true });
  };
  const sql = (text: string) => async (file: string) => {
    const database = await openDriver(file);
    database.exec(text);
    database.close();
  };
  expect((await spoilt('cut', (file) => truncateSync(file, content.length - 8192))).status).toBe(2);
  expect((await spoilt('noise', (file) => writeFileSync(file, Buffer.concat([content.subarray(0, 20_480), Buffer.alloc(4096, 7), content.subarray(24_576)])))).status).toBe(2);
  expect((await spoilt('text', (file) => writeFileSync(file, 'no database'))).status).toBe(2);
  expect((await spoilt('empty', (file) => truncateSync(file, 0))).status).toBe(2);
  expect((await spoilt('newer', sql("UPDATE meta SET value = 99 WHERE name = 'schema_version'"))).err).toMatch(/schema version 99.*nothing was changed/);
  expect((await spoilt('other', sql('PRAGMA application_id = 1'))).err).toMatch(/another program/);
  const changed = await spoilt('changed', sql("UPDATE journal SET name = 'other' WHERE seq = 17"));
  expect(changed.status).toBe(1);
  expect(changed.err).toMatch(/does not verify[\s\S]*row 17/);
  expect((await run('restore', { data: target, from: join(data, 'none.db'), force: true })).status).toBe(2);
  expect(readFileSync(join(target, 'policylayer.db')).equals(before)).toBe(true);
  expect(readdirSync(target).sort()).toEqual(['journal-key.pem', 'policylayer.db']);
});

test('a damaged database is put aside with its log, and the backup takes its place', async () => {
  const data = directory();
  await recorded(data, 3);
  const from = join(data, 'copy.db');
  await run('backup', { data, to: from });
  const path = join(data, 'policylayer.db');
  writeFileSync(path, 'not a database any more');
  writeFileSync(`${path}-wal`, 'old log');
  const done = await run('restore', { data, from, force: true, json: true });
  expect(done).toMatchObject({ status: 0, err: '' });
  expect((await ids(path)).size).toBe(3);
  const { aside } = JSON.parse(done.out) as { aside: string };
  expect(readFileSync(aside, 'utf8')).toBe('not a database any more');
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test('verify says what it found, with 0, 1 and 2', async () => {
  const data = directory();
  await recorded(data, 10);
  const whole = await run('verify', { data });
  expect(whole).toMatchObject({ status: 0, err: '' });
  expect(whole.out).toMatch(/10 checked \(1 to 10\); sealed through 10[\s\S]*BEGIN PUBLIC KEY[\s\S]*The journal verifies/);
  const told = JSON.parse((await run('verify', { data, json: true })).out) as { lastCheckpoint: object; publicKey: string };
  const [checkpoint, publicKey] = [join(data, 'checkpoint.json'), join(data, 'key.pem')];
  writeFileSync(checkpoint, JSON.stringify(told.lastCheckpoint));
  writeFileSync(publicKey, told.publicKey);
  expect((await run('verify', { data, checkpoint: [checkpoint], publicKey: [publicKey] })).status).toBe(0);
  const rotated = await run('verify', { data, rotateKey: true, json: true });
  expect(rotated.status).toBe(0);
  expect((JSON.parse(rotated.out) as { keys: { vouched: boolean }[] }).keys.map(({ vouched }) => vouched)).toEqual([true, true]);
  expect((await run('verify', { data, checkpoint: [checkpoint], publicKey: [publicKey] })).status).toBe(0);
  const database = await openDriver(join(data, 'policylayer.db'));
  database.exec("UPDATE journal SET outcome = 'refused' WHERE seq = 4; DELETE FROM journal WHERE seq = 7");
  database.close();
  const changed = await run('verify', { data });
  expect(changed.status).toBe(1);
  expect(changed.out).toMatch(/row_changed\s+row 4 [\s\S]*row_missing\s+row 7 [\s\S]*does not verify: 2 problems/);
  const other = directory();
  await recorded(other, 1);
  expect((await run('verify', { data: other, checkpoint: [checkpoint] })).status).toBe(1);
  expect((await run('verify', { data: other, publicKey: [publicKey] })).status).toBe(1);
  for (const flags of [{ data: directory() }, { data, checkpoint: [publicKey] }, { data, publicKey: [checkpoint] }, { data, publicKey: [join(data, 'none')] }, { data, publicKey: [join(data, 'journal-key.pem')] }]) {
    expect((await run('verify', flags)).status, JSON.stringify(flags)).toBe(2);
  }
});

test.skipIf(process.platform === 'win32')('keys that others can write are in no backup, and nothing is left of it', async () => {
  const data = directory();
  await recorded(data, 1);
  chmodSync(join(data, 'journal-key.pem'), 0o666);
  const to = join(data, 'all');
  expect((await run('backup', { data, to, withKeys: true })).status).toBe(2);
  expect(existsSync(to)).toBe(false);
});
