import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDriver, type SqlStatement } from '../../src/state/driver.ts';
import { databasePath, openState, openStateReader, visitState } from '../../src/state/open.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from '../../src/state/schema.ts';
import { Transactions } from '../../src/state/transaction.ts';
import { StateUnavailable } from '../../src/state/types.ts';
import { budget, claim, entry, FakeMachine, forEachDriver, request, scope, scratch } from './support.ts';

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

forEachDriver('files', (driver) => {
  const path = scratch();

  async function refusal(file: string): Promise<string> {
    const error = await openState({ path: file, driver }).then(
      (state) => {
        state.close();
        return null;
      },
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StateUnavailable);
    return error instanceof StateUnavailable ? error.message : '';
  }

  describe.skipIf(process.platform === 'win32')('modes', () => {
    test('database, log and index are for the owner alone, and so is a directory that we make', async () => {
      const file = join(dirname(path()), 'deep', 'er', 'state.db');
      const state = await openState({ path: file, driver });
      state.append(entry());
      expect(mode(dirname(file))).toBe('700');
      expect(mode(dirname(dirname(file)))).toBe('700');
      for (const suffix of ['', '-wal', '-shm']) expect(mode(file + suffix), suffix).toBe('600');
      state.close();
    });

    test('an existing database that others could read is closed to them', async () => {
      const file = path();
      (await openState({ path: file, driver })).close();
      chmodSync(file, 0o644);
      const state = await openState({ path: file, driver });
      state.append(entry());
      for (const suffix of ['', '-wal', '-shm']) expect(mode(file + suffix), suffix).toBe('600');
      state.close();
    });

    test.each([0o660, 0o606, 0o622])('a database that others could write (mode %o) is refused', async (bits) => {
      const file = path();
      (await openState({ path: file, driver })).close();
      chmodSync(file, bits);
      expect(await refusal(file)).toMatch(/can be written by other users \(mode 06\d\d\)/);
      await expect(openStateReader({ path: file, driver })).rejects.toThrow(/can be written by other users/);
      expect(mode(file)).toBe(bits.toString(8));
    });

    test('a linked database, log or index is refused', async () => {
      const real = path();
      (await openState({ path: real, driver })).close();
      const file = path();
      mkdirSync(dirname(file), { recursive: true });
      symlinkSync(real, file);
      expect(await refusal(file)).toMatch(/is a symbolic link/);
      const dangling = join(dirname(file), 'dangling.db');
      symlinkSync(join(dirname(file), 'nowhere'), dangling);
      expect(await refusal(dangling)).toMatch(/is a symbolic link/);
      expect(existsSync(join(dirname(file), 'nowhere'))).toBe(false);
      const own = join(dirname(file), 'own.db');
      symlinkSync(real, `${own}-wal`);
      expect(await refusal(own)).toMatch(/own\.db-wal is a symbolic link/);
    });
  });

  test('a directory in place of the file is refused', async () => {
    const file = path();
    mkdirSync(file, { recursive: true });
    expect(await refusal(file)).toMatch(/not a regular file/);
  });

  test('a file that is no database is refused and left as it is', async () => {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'root:x:0:0:'.repeat(500), { mode: 0o644 });
    expect(await refusal(file)).toMatch(/not an SQLite database/);
    expect(readFileSync(file, 'utf8')).toBe('root:x:0:0:'.repeat(500));
    expect(mode(file)).toBe('644');
  });

  test("another program's database is refused and left as it is", async () => {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    const other = await openDriver(file, driver);
    other.exec('CREATE TABLE notes (text TEXT)');
    other.close();
    chmodSync(file, 0o644);
    const before = readFileSync(file);
    expect(await refusal(file)).toMatch(/database of another program/);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(mode(file)).toBe('644');
  });

  test('a database of a newer version is refused by writer and reader', async () => {
    const file = path();
    (await openState({ path: file, driver })).close();
    const database = await openDriver(file, driver);
    database.exec(`UPDATE meta SET value = ${SCHEMA_VERSION + 1} WHERE name = 'schema_version'`);
    database.close();
    expect(await refusal(file)).toMatch(new RegExp(`schema version ${SCHEMA_VERSION + 1} and this program knows ${SCHEMA_VERSION}`));
    await expect(openStateReader({ path: file, driver })).rejects.toThrow(/use the newer program/);
  });

  test('a migration that dies half way leaves nothing behind', async () => {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    const database = await openDriver(file, driver);
    const dying = { ...database, exec: (sql: string): void => {
      if (sql.includes('CREATE TABLE clock')) throw new Error('killed');
      database.exec(sql);
    } };
    expect(() => migrate(dying, new Transactions(database))).toThrow(/killed/);
    expect(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']).toBe(0);
    expect(database.prepare('PRAGMA application_id').get()?.['application_id']).not.toBe(APPLICATION_ID);
    database.close();
    const state = await openState({ path: file, driver });
    expect(state.reserve([claim()], scope()).ok).toBe(true);
    state.close();
  });

  /** As the first release made it. Never brought up to date: files like this exist. */
  const VERSION_1 = `
    CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE clock (machine TEXT PRIMARY KEY NOT NULL, offset_us INTEGER NOT NULL, suspended_us INTEGER NOT NULL, last_us INTEGER NOT NULL) STRICT;
    CREATE TABLE counters (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, span INTEGER NOT NULL, dense INTEGER NOT NULL) STRICT;
    CREATE TABLE admissions (counter INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (counter, seq)) STRICT, WITHOUT ROWID;
    CREATE TABLE journal (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, clock INTEGER NOT NULL,
      server TEXT NOT NULL, grant_label TEXT, session TEXT, transport TEXT NOT NULL, protocol TEXT,
      method TEXT, name TEXT, request_id TEXT, outcome TEXT NOT NULL, code TEXT, rule TEXT, policy TEXT, reason TEXT,
      retry_after_ms INTEGER, observed TEXT, arg_keys TEXT, arg_hash TEXT, arg_values TEXT, upstream_status TEXT, latency_ms REAL
    ) STRICT;
    PRAGMA application_id = ${0x504c5374};
    INSERT INTO meta VALUES ('digest_key', '${'5a'.repeat(32)}'), ('schema_version', 1);
    INSERT INTO clock VALUES ('boot-1', 1763639999000000, 0, 1763640000000000);
    INSERT INTO counters VALUES (1, '["amazon-mq","mq","tool","send","session",null,null,"support","s-1","send"]', 3600000000, 1);
    INSERT INTO admissions VALUES (1, 1, 1763640000000000), (1, 2, 1763640000000000);
    INSERT INTO journal (seq, id, at, clock, server, transport, outcome) VALUES
      (1, 'old', 1763640000000, 1763640000000000, 'amazon-mq', 'stdio', 'ok'), (2, 'open', 1763640000000, 1763640000000000, 'amazon-mq', 'stdio', 'forwarded');`;

  describe('a database of version 1', () => {
    async function old(): Promise<string> {
      const file = path();
      mkdirSync(dirname(file), { recursive: true });
      const database = await openDriver(file, driver);
      database.exec('PRAGMA journal_mode = WAL');
      database.exec(VERSION_1);
      database.close();
      chmodSync(file, 0o600);
      return file;
    }

    /** The machine of the file, a moment later. */
    const clock = (): FakeMachine => Object.assign(new FakeMachine(), { monotonic: 1_000_000, wall: 1_763_640_000_000 });

    test('is brought up to date: its counters go on, its rows can be read and settled, budgets and approvals work', async () => {
      const file = await old();
      await expect(openStateReader({ path: file, driver })).rejects.toThrow(new RegExp(`schema version 1, expected ${SCHEMA_VERSION}`));
      await expect(visitState({ path: file, driver })).rejects.toThrow(/start the gateway once/);
      const state = await openState({ path: file, driver, clock: clock() });
      const hour = claim({ max: 3, windowMs: 3_600_000 });
      expect([state.reserve([hour], scope()).ok, state.reserve([hour], scope()).ok]).toEqual([true, false]);
      state.settle('open', { outcome: 'tool_error', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      state.flush();
      expect(state.query({}).map(({ id, outcome }) => [id, outcome])).toEqual([['old', 'ok'], ['open', 'tool_error']]);
      expect(state.reserve([budget({ amount: '3' })], scope()).ok).toBe(true);
      expect(state.requestApproval(request('a'))).toMatchObject({ status: 'pending' });
      state.close();
    });

    test('that was being brought up to date when the process died is still a whole one of version 1', async () => {
      const file = await old();
      const database = await openDriver(file, driver);
      for (const victim of ['CREATE TABLE budgets', 'schema_version']) {
        const dying = {
          ...database,
          exec: (sql: string): void => {
            if (sql.includes(victim)) throw new Error('killed');
            database.exec(sql);
          },
          prepare: (sql: string): SqlStatement => {
            if (sql.startsWith('INSERT OR REPLACE') && sql.includes(victim)) throw new Error('killed');
            return database.prepare(sql);
          },
        };
        expect(() => migrate(dying, new Transactions(database))).toThrow(/killed/);
        expect(database.prepare("SELECT value FROM meta WHERE name = 'schema_version'").get()?.['value']).toBe(1);
        expect(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('budgets', 'approvals')").get()?.['n']).toBe(0);
      }
      database.close();
      const state = await openState({ path: file, driver, clock: clock() });
      expect(state.query({})).toHaveLength(2);
      state.close();
    });

    test('is brought up to date once by many that open it at the same moment', async () => {
      const file = await old();
      const states = await Promise.all(Array.from({ length: 6 }, () => openState({ path: file, driver, clock: clock() })));
      for (const state of states) expect(state.query({})).toHaveLength(2);
      for (const state of states) state.close();
    });
  });

  describe('a database of version 2', () => {
    /** What version 2 added, as it was released. Never brought up to date: files like this exist. */
    const VERSION_2 = `
      CREATE TABLE budgets (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, span INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE spends (
        budget INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, amount TEXT NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (budget, seq)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE spend_blocks (
        budget INTEGER NOT NULL, level INTEGER NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL, amount TEXT NOT NULL,
        PRIMARY KEY (budget, level, block)
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE journal ADD COLUMN reserved TEXT;
      CREATE TABLE approvals (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, status TEXT NOT NULL,
        server TEXT NOT NULL, grant_label TEXT NOT NULL, session TEXT, kind TEXT NOT NULL, method TEXT NOT NULL, name TEXT NOT NULL,
        arguments TEXT, also_sent TEXT, definition_hash TEXT, policies TEXT NOT NULL, policy TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT,
        needed INTEGER NOT NULL, approvers TEXT, via TEXT NOT NULL, timeout_ms INTEGER NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, expires_us INTEGER NOT NULL,
        done_us INTEGER, told INTEGER NOT NULL, used_by TEXT
      ) STRICT;
      CREATE INDEX approvals_by_digest ON approvals (digest, seq);
      CREATE INDEX approvals_waiting ON approvals (grant_label, expires_us) WHERE status = 'pending';
      CREATE INDEX approvals_open ON approvals (expires_us) WHERE status IN ('pending', 'approved');
      CREATE INDEX approvals_done ON approvals (done_us) WHERE done_us IS NOT NULL;
      CREATE INDEX approvals_readable ON approvals (done_us) WHERE done_us IS NOT NULL AND (arguments IS NOT NULL OR also_sent IS NOT NULL);
      CREATE TABLE approval_votes (
        approval INTEGER NOT NULL, place INTEGER NOT NULL, approver TEXT NOT NULL, way TEXT NOT NULL, decision TEXT NOT NULL, comment TEXT,
        at INTEGER NOT NULL, PRIMARY KEY (approval, place)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE approval_links (
        id INTEGER PRIMARY KEY AUTOINCREMENT, approval INTEGER NOT NULL, approver TEXT NOT NULL, hash TEXT NOT NULL
      ) STRICT;
      CREATE INDEX approval_links_of ON approval_links (approval, id);
      UPDATE meta SET value = 2 WHERE name = 'schema_version';
      INSERT INTO budgets VALUES (1, 'key', 1000);`;

    async function old(): Promise<string> {
      const file = path();
      mkdirSync(dirname(file), { recursive: true });
      const database = await openDriver(file, driver);
      database.exec('PRAGMA journal_mode = WAL');
      database.exec(VERSION_1);
      database.exec(VERSION_2);
      database.close();
      chmodSync(file, 0o600);
      return file;
    }

    test('is brought up to date, with its rows, and holds messages and pins then', async () => {
      const file = await old();
      await expect(visitState({ path: file, driver })).rejects.toThrow(new RegExp(`schema version 2, expected ${SCHEMA_VERSION}`));
      const state = await openState({ path: file, driver });
      expect(state.query({})).toHaveLength(2);
      expect(state.messages.list()).toEqual([]);
      expect(state.pins.learn('s', [{ name: 't', hash: 'aa', text: '{}', standing: 'pinned', why: [] }], [])).toEqual({ version: 1, full: [], outdated: false });
      state.close();
      const again = await visitState({ path: file, driver });
      expect(again.pins.list().map(({ name }) => name)).toEqual(['t']);
      again.close();
    });

    test.each(['CREATE TABLE messages', 'schema_version'])('that was being brought up to date when the process died at %s is still a whole one of version 2', async (victim) => {
      const file = await old();
      const database = await openDriver(file, driver);
      const dying = {
        ...database,
        exec: (sql: string): void => {
          // Half of the step is done already when it dies.
          if (sql.includes(victim)) database.exec(sql.slice(0, sql.indexOf(';') + 1));
          if (sql.includes(victim)) throw new Error('killed');
          database.exec(sql);
        },
        prepare: (sql: string): SqlStatement => {
          if (sql.startsWith('INSERT OR REPLACE') && sql.includes(victim)) throw new Error('killed');
          return database.prepare(sql);
        },
      };
      expect(() => migrate(dying, new Transactions(database))).toThrow(/killed/);
      expect(database.prepare("SELECT value FROM meta WHERE name = 'schema_version'").get()?.['value']).toBe(2);
      expect(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('messages', 'pins')").get()?.['n']).toBe(0);
      database.close();
      const states = await Promise.all(Array.from({ length: 4 }, () => openState({ path: file, driver })));
      for (const state of states) expect(state.query({})).toHaveLength(2);
      for (const state of states) state.close();
    });
  });

  test('a visitor makes nothing where nothing is', async () => {
    const file = path();
    await expect(visitState({ path: file, driver })).rejects.toThrow(/does not exist/);
    expect(existsSync(file)).toBe(false);
  });

  test('many that open a new database at once all succeed', async () => {
    const file = path();
    const states = await Promise.all(Array.from({ length: 8 }, () => openState({ path: file, driver })));
    for (const state of states) state.append(entry());
    expect(states[0]?.query({})).toHaveLength(8);
    for (const state of states) state.close();
  });

  test('a reader of nothing says so and makes nothing', async () => {
    const file = path();
    await expect(openStateReader({ path: file, driver })).rejects.toThrow(/does not exist/);
    expect(existsSync(file)).toBe(false);
  });

  test('a data directory and a database file both name the database', async () => {
    const file = path();
    (await openState({ path: file, driver })).close();
    expect(databasePath(file)).toBe(file);
    expect(databasePath(dirname(file))).toBe(join(dirname(file), 'policylayer.db'));
    expect(databasePath('./data')).toBe(join('data', 'policylayer.db'));
  });
});
