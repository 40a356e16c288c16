import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { openState } from '../../src/state/open.ts';
import { SCHEMA_VERSION } from '../../src/state/schema.ts';
import { all, verified, walked } from './chain-support.ts';
import { OLD_VERSIONS, oldDatabase } from './old-databases.ts';
import { forEachDriver, scratch } from './support.ts';

// Each looks at a whole journal, or starts processes, many times.
vi.setConfig({ testTimeout: 240_000 });

const run = promisify(execFile);
const asRoot = process.getuid?.() === 0;
const cache = join(dirname(createRequire(import.meta.url).resolve('libsql')), '..', '.cache');
let directory = '';
let child = '';
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  directory = mkdtempSync(join(cache, 'kill-child-'));
  child = join(directory, 'child.mjs');
  await build({ entryPoints: [join(import.meta.dirname, 'chain-child.ts')], outfile: child, bundle: true, platform: 'node', format: 'esm', external: ['libsql'] });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Starts a child, and resolves when it is gone; `onText` is given what it has said so far. */
async function killed(args: readonly string[], onText: (text: string, process: ChildProcess) => void): Promise<string> {
  const running = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    onText(text, running);
  });
  await new Promise((resolve) => {
    running.once('close', resolve);
  });
  return text;
}

/** Every table and index with its columns. */
function schemaOf(database: SqlDatabase): unknown[] {
  return all(database, "SELECT m.type, m.name, (SELECT group_concat(c.name || ' ' || c.type) FROM pragma_table_info(m.name) c) AS columns FROM sqlite_schema m WHERE m.name NOT LIKE 'sqlite_%' ORDER BY m.type, m.name");
}

forEachDriver('kill -9', (driver) => {
  const path = scratch();

  test('at any moment of two processes that seal, sign, redact and change keys leaves a chain that verifies, and every call that was told', async () => {
    const file = path();
    const told: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      await Promise.all([0, 1].map(async (one) => {
        const least = 60 + Math.floor(Math.random() * 150) + one * 20;
        const text = await killed(['seal', driver, file], (said, process) => {
          if (said.split('\n').length > least) process.kill('SIGKILL');
        });
        told.push(...text.split('\n').slice(0, -1));
      }));
      const report = await verified(file, driver);
      expect(report.problems).toEqual([]);
      expect(report.rows + report.unsealed).toBe(report.lastSeq);
    }
    (await openState({ path: file, driver })).close();
    const report = await verified(file, driver);
    expect(report).toMatchObject({ ok: true, unsealed: 0, unsealedEnds: 0, unsigned: 0, problems: [] });
    expect(report.keys.every(({ vouched }) => vouched)).toBe(true);
    const database = await openDriver(file, driver);
    const recorded = new Set(all(database, 'SELECT id FROM journal').map(({ id }) => id));
    database.close();
    expect(told.filter((id) => !recorded.has(id))).toEqual([]);
    expect(told.length).toBeGreaterThan(600);
  });

  describe.each(OLD_VERSIONS)('while a database of version %i is brought up to date', (version) => {
    test('leaves the old schema or the new one, never one between, with every row', async () => {
      const fresh = path();
      (await openState({ path: fresh, driver })).close();
      const template = path();
      await oldDatabase(template, version, driver, 300);
      const [before, after] = await Promise.all([template, fresh].map(async (file) => {
        const database = await openDriver(file, driver);
        const schema = schemaOf(database);
        database.close();
        return schema;
      }));
      const found = { old: 0, new: 0 };
      for (let round = 0; round < 10; round += 1) {
        const files = Array.from({ length: 12 }, () => path());
        for (const file of files) {
          mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
          copyFileSync(template, file);
        }
        // Each file takes some milliseconds: the kill falls into one of them.
        const delay = Math.random() * 40;
        await killed(['migrate', driver, ...files], (said, process) => {
          if (said === 'ready\n') setTimeout(() => process.kill('SIGKILL'), delay);
        });
        for (const file of files) {
          const database = await openDriver(file, driver);
          expect(all(database, 'PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }]);
          const value = Number(database.prepare("SELECT value FROM meta WHERE name = 'schema_version'").get()?.['value']);
          expect([version, SCHEMA_VERSION]).toContain(value);
          expect(schemaOf(database)).toEqual(value === version ? before : after);
          expect(all(database, 'SELECT count(*) AS n FROM journal')).toEqual([{ n: 302 }]);
          found[value === version ? 'old' : 'new'] += 1;
          database.close();
        }
      }
      expect(found.old).toBeGreaterThan(0);
      expect(found.new).toBeGreaterThan(0);
    });

    test('a disk that is full says so and leaves the database as it was', async () => {
      const file = path();
      await oldDatabase(file, version, driver, 2000);
      const before = readFileSync(file);
      // In units of 512 bytes; the log of the migration needs more.
      const { stdout } = await run('/bin/sh', ['-c', 'ulimit -f 20; exec "$@"', 'sh', process.execPath, child, 'open', driver, file]).catch((error: { stdout: string }) => error);
      expect(stdout).toMatch(/StateUnavailable: .*(full|error|disk)/i);
      expect(readFileSync(file).equals(before)).toBe(true);
      (await openState({ path: file, driver })).close();
      expect(await verified(file, driver)).toMatchObject({ ok: true, rows: 2002, unsealed: 0 });
    });

    test.skipIf(process.platform === 'win32' || (asRoot && !existsSync('/usr/bin/setpriv')))('one that may not be written says so and is left as it was', async () => {
      const file = path();
      await oldDatabase(file, version, driver, 10);
      const before = readFileSync(file);
      chmodSync(file, 0o400);
      chmodSync(dirname(file), 0o500);
      // Modes mean nothing to root unless it gives that up.
      const opening = [child, 'open', driver, file];
      const weak = ['--bounding-set=-dac_override,-dac_read_search,-fowner', '--inh-caps=-all', process.execPath, ...opening];
      try {
        const { stdout } = await (asRoot ? run('setpriv', weak) : run(process.execPath, opening));
        expect(stdout).toMatch(/StateUnavailable: .*(read-only|readonly|permission|cannot open)/i);
      } finally {
        chmodSync(dirname(file), 0o700);
      }
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    test('a damaged or cut one says so and is left as it was', async () => {
      for (const spoil of [(file: string) => truncateSync(file, 3000), (file: string) => writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 100), Buffer.alloc(5000, 3)]))]) {
        const file = path();
        await oldDatabase(file, version, driver, 50);
        spoil(file);
        const before = readFileSync(file);
        const { stdout } = await run(process.execPath, [child, 'open', driver, file]);
        expect(stdout).toMatch(/StateUnavailable: .*(damaged|not an SQLite database|malformed)/i);
        expect(readFileSync(file).equals(before)).toBe(true);
      }
    });
  });

  test('a journal of an old version is sealed in steps, by one process after another that is killed', async () => {
    const file = path();
    await oldDatabase(file, 3, driver, 20_000);
    for (let round = 0; round < 3; round += 1) await killed(['seal', driver, file], (said, process) => {
      if (said.split('\n').length > 3) process.kill('SIGKILL');
    });
    const state = await openState({ path: file, driver });
    state.flush();
    state.close();
    const database = await openDriver(file, driver);
    const report = walked(database);
    expect(report).toMatchObject({ ok: true, unsealed: 0, problems: [] });
    // The rows are a year old: the retention has begun to remove them, and none before it was sealed.
    expect(report.rows + report.removedThrough).toBe(report.lastSeq);
    expect(report.lastSeq).toBeGreaterThan(20_002);
    expect(Number(all(database, 'SELECT max(length(body)) AS longest FROM chain_blocks')[0]?.['longest'])).toBeLessThan(64 * 1024);
    database.close();
  });
});
