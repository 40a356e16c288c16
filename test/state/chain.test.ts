import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { verifyChain } from '../../src/state/chain/verify.ts';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { openState } from '../../src/state/open.ts';
import { AuditLog } from '../../src/state/registry/audit.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import { JournalRetention } from '../../src/state/retention.ts';
import { all, richJournal, verified, walked, withState } from './chain-support.ts';
import { audit } from './registry-builders.ts';
import { entry, FakeMachine, forEachDriver, scratch } from './support.ts';

// Each looks at a whole journal, or starts processes, many times.
vi.setConfig({ testTimeout: 240_000 });

forEachDriver('the chain of the journal', (driver) => {
  const path = scratch();

  test('everything that a gateway does verifies: open calls that end later, floods, redaction, a new key, a restart', async () => {
    const file = path();
    await richJournal(file, driver);
    const report = await verified(file, driver);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, firstSeq: 1, unsealed: 0, unsealedEnds: 0, unsigned: 0, redacted: 3, removedThrough: 0 });
    expect(report.rows).toBe(report.lastSeq);
    expect(report.keys).toHaveLength(2);
    expect(report.keys.every(({ vouched }) => vouched)).toBe(true);
    expect(report.lastCheckpoint?.lastSeq).toBe(report.lastSeq);
  });

  // Every column of every row of the tables that a check rests on is changed once, every row is removed once, and neighbours change places.
  const RESTS_ON = [
    ['journal', 'seq'], ['chain_blocks', 'number'], ['chain_head', 'one'], ['chain_salts', 'seq'], ['chain_open', 'seq'], ['chain_redacted', 'seq'],
  ] as const;

  function other(value: unknown, column: string): string | number | Uint8Array {
    if (typeof value === 'number') return value + 1;
    if (typeof value === 'object' && value !== null) {
      const bytes = Buffer.from(value as Uint8Array);
      if (bytes.length === 0) return Buffer.from([1]);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return bytes;
    }
    if (typeof value === 'string') return `${value}x`;
    if (['hash', 'body', 'signature'].includes(column)) return Buffer.from('planted');
    return column.endsWith('_ms') ? 7 : 'x';
  }

  /** Tries a change in a transaction that is undone, and says what a check finds. Null: the database itself refuses it. */
  function tried(database: SqlDatabase, sql: string, ...values: (string | number | Uint8Array | null)[]): ReturnType<typeof walked> | null {
    // The check begins a transaction of its own.
    database.exec('SAVEPOINT attempt');
    try {
      if (database.prepare(sql).run(...values).changes === 0) throw new Error(`nothing was changed by ${sql}`);
    } catch (error) {
      database.exec('ROLLBACK TO attempt; RELEASE attempt');
      if (error instanceof Error && error.message.startsWith('nothing')) throw error;
      return null;
    }
    const inside: SqlDatabase = { ...database, exec: (text) => (text === 'BEGIN' || text === 'ROLLBACK' ? undefined : database.exec(text)) };
    const report = walked(inside);
    database.exec('ROLLBACK TO attempt; RELEASE attempt');
    return report;
  }

  test('every single change of a value, in rows, blocks, checkpoints, keys and notes, is found', async () => {
    const file = path();
    await richJournal(file, driver);
    const database = await openDriver(file, driver);
    let attempts = 0;
    for (const [table, key] of RESTS_ON) {
      const columns = all(database, `SELECT name FROM pragma_table_info('${table}')`).map(({ name }) => String(name)).filter((name) => name !== 'signed_at' && name !== 'one');
      for (const row of all(database, `SELECT * FROM ${table}`)) {
        for (const column of columns) {
          const report = tried(database, `UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`, other(row[column], column), Number(row[key]));
          if (report === null) continue;
          attempts += 1;
          expect(report.ok, `${table}.${column} of ${String(row[key])}`).toBe(false);
          if (table === 'journal' && column !== 'seq') expect(report.problems.map(({ seq }) => seq), `${column} of row ${String(row[key])}`).toContain(Number(row['seq']));
          if (table === 'chain_blocks' && column !== 'number') expect(report.problems.map(({ block }) => block), `${column} of block ${String(row[key])}`).toContain(Number(row['number']));
        }
      }
    }
    expect(attempts).toBeGreaterThan(500);
    expect(walked(database).ok).toBe(true);
    database.close();
  });

  test('every single removal, insertion and exchange of rows and blocks is found and named', async () => {
    const file = path();
    await richJournal(file, driver);
    const database = await openDriver(file, driver);
    for (const [table, key] of RESTS_ON) {
      for (const row of all(database, `SELECT * FROM ${table}`)) {
        const report = tried(database, `DELETE FROM ${table} WHERE ${key} = ?`, Number(row[key]));
        expect(report?.ok, `${table} without ${String(row[key])}`).toBe(false);
        const named = report?.problems.map(({ seq, block }) => (table === 'chain_blocks' ? block : seq));
        if (table !== 'chain_head') expect(named).toContain(Number(row[key]));
      }
    }
    const names = all(database, "SELECT name FROM pragma_table_info('journal')").map(({ name }) => String(name)).filter((name) => name !== 'seq').join(', ');
    const { last } = all(database, 'SELECT max(seq) AS last FROM journal')[0] as { last: number };
    for (let seq = 1; seq < last; seq += 1) {
      // Everything but its place, with the neighbour: the row is still there, elsewhere.
      const swap = `INSERT OR REPLACE INTO journal (seq, ${names}) SELECT CASE seq WHEN ?1 THEN ?1 + 1 ELSE ?1 END, ${names} FROM journal WHERE seq IN (?1, ?1 + 1)`;
      const report = tried(database, swap, seq);
      expect(report?.problems.map((problem) => problem.seq)).toEqual(expect.arrayContaining([seq, seq + 1]));
    }
    for (const seq of [0, -5]) {
      const report = tried(database, `INSERT INTO journal (seq, ${names}) SELECT ?, ${names} FROM journal WHERE seq = 1`, seq);
      expect(report?.problems.map((problem) => problem.seq)).toContain(seq);
    }
    const blocks = all(database, 'SELECT number FROM chain_blocks').length;
    for (let number = 1; number < blocks; number += 1) {
      const swap = `INSERT OR REPLACE INTO chain_blocks (number, kind, at, first, last, body, body_hash, hash, signature)
        SELECT CASE number WHEN ?1 THEN ?1 + 1 ELSE ?1 END, kind, at, first, last, body, body_hash, hash, signature FROM chain_blocks WHERE number IN (?1, ?1 + 1)`;
      expect(tried(database, swap, number)?.problems.map((problem) => problem.block)).toContain(number);
    }
    database.close();
  });

  test('an audit of administrative changes that was written anew, or cut, is not the one that a checkpoint signed', async () => {
    const file = path();
    const log = (state: SqliteState, name: string): void => state.registry.addAudit(audit({ name }));
    await withState(file, driver, (state) => {
      for (const name of ['one', 'two']) log(state, name);
      state.append(entry({ outcome: 'ok' }));
    });
    // Nothing is called any more; what an admin does is signed all the same.
    await withState(file, driver, (state) => log(state, 'three'));
    expect((await verified(file, driver)).problems).toEqual([]);
    const database = await openDriver(file, driver);
    const forgeries = ["UPDATE registry SET audit_seq = 2, audit_hash = (SELECT hash FROM registry_audit WHERE seq = 2)", "UPDATE registry SET audit_seq = 0, audit_hash = ''"];
    for (const [index, forgery] of forgeries.entries()) {
      database.exec('SAVEPOINT attempt');
      database.exec(forgery);
      database.exec('DELETE FROM registry_audit WHERE seq > (SELECT audit_seq FROM registry)');
      const anew = new AuditLog(database);
      for (let seq = anew.head().seq; seq < 3; seq += 1) anew.add(audit({ name: 'forged' }), '2026-01-01T00:00:00.000Z');
      expect(anew.check().ok).toBe(true);
      const inside: SqlDatabase = { ...database, exec: (text) => (text === 'BEGIN' || text === 'ROLLBACK' ? undefined : database.exec(text)) };
      const { problems } = walked(inside);
      expect(problems.map(({ code }) => code)).toEqual(Array.from({ length: index + 1 }, () => 'audit_rewritten'));
      database.exec('ROLLBACK TO attempt; RELEASE attempt');
    }
    database.close();
  });

  test('rows with long arguments end a block early, and a check gives others their turn after each block', async () => {
    const file = path();
    const argValues = JSON.stringify('x'.repeat(60_000));
    await withState(file, driver, (state) => {
      for (let i = 0; i < 200; i += 1) state.append(entry({ id: `big-${i}`, outcome: 'ok', argKeys: ['a'], argHash: 'ab'.repeat(32), argValues }));
      for (let i = 0; i < 600; i += 1) state.append(entry({ id: `small-${i}`, outcome: 'ok' }));
      state.flush();
    }, { logArguments: true });
    const database = await openDriver(file, driver);
    const sizes = all(database, 'SELECT (SELECT coalesce(sum(length(arg_values)), 0) FROM journal WHERE seq BETWEEN first AND last) AS text, last - first + 1 AS rows FROM chain_blocks WHERE kind = \'rows\'');
    for (const { text, rows } of sizes) {
      expect(Number(text)).toBeLessThan(4 * 1024 * 1024);
      expect(Number(rows)).toBeLessThanOrEqual(512);
    }
    const walk = verifyChain(database);
    let steps = 0;
    let before = 0;
    let report = walk.next();
    for (; report.done !== true; report = walk.next()) {
      expect(report.value.rows - before).toBeLessThanOrEqual(512);
      before = report.value.rows;
      steps += 1;
    }
    expect(report.value).toMatchObject({ ok: true, rows: 800, unsealed: 0, blocks: steps });
    database.close();
  });

  test('a row in the place of a removed one, and a row between, are named', async () => {
    const file = path();
    const clock = new FakeMachine();
    await withState(file, driver, (state) => {
      for (let i = 0; i < 10; i += 1) state.append(entry({ outcome: 'ok' }));
    }, { clock });
    const database = await openDriver(file, driver);
    database.exec("UPDATE journal SET seq = 100 WHERE seq = 5; INSERT INTO journal SELECT * FROM journal WHERE 0; UPDATE journal SET seq = 5, id = 'planted' WHERE seq = 100");
    expect(walked(database).problems).toMatchObject([{ code: 'row_changed', seq: 5 }]);
    database.exec('DELETE FROM journal WHERE seq IN (5, 6)');
    expect(walked(database).problems).toMatchObject([{ code: 'row_missing', seq: 5 }, { code: 'row_missing', seq: 6 }]);
    database.close();
  });

  test('bytes that are no UTF-8 in the place of others that read the same are found', async () => {
    const file = path();
    await withState(file, driver, (state) => state.append(entry({ outcome: 'ok', name: 'a\ufffdb' })));
    const database = await openDriver(file, driver);
    expect(walked(database).ok).toBe(true);
    database.exec("UPDATE journal SET name = CAST(x'61ff62' AS TEXT)");
    expect(walked(database).problems).toMatchObject([{ code: 'row_changed', seq: 1 }]);
    database.close();
  });

  test('a chain that was rewritten whole is found by a checkpoint that was kept elsewhere, and by the public key', async () => {
    const file = path();
    await withState(file, driver, (state) => {
      for (let i = 0; i < 5; i += 1) state.append(entry({ outcome: 'ok' }));
    });
    const kept = (await verified(file, driver)).lastCheckpoint;
    const key = readFileSync(join(dirname(file), 'journal-key.pem'));
    if (kept === null) throw new Error('no checkpoint');
    const publicKeys = [kept.publicKey];
    expect(await verified(file, driver, { checkpoints: [kept], publicKeys })).toMatchObject({ ok: true });
    for (const own of [true, false]) {
      const forged = path();
      await withState(forged, driver, () => undefined);
      if (own) writeFileSync(join(dirname(forged), 'journal-key.pem'), key, { mode: 0o600 });
      await withState(forged, driver, (state) => {
        for (let i = 0; i < 9; i += 1) state.append(entry({ outcome: 'ok', name: 'forged' }));
      });
      expect((await verified(forged, driver)).ok).toBe(true);
      expect((await verified(forged, driver, { checkpoints: [kept] })).problems.map(({ code }) => code)).toContain('chain_rewritten');
      expect((await verified(forged, driver, { publicKeys })).ok).toBe(own);
    }
    // The end was cut off, with the head set back to match.
    const database = await openDriver(file, driver);
    database.exec(`DELETE FROM chain_blocks WHERE number > 2; UPDATE chain_head SET number = 2, hash = (SELECT hash FROM chain_blocks WHERE number = 2), signed = 0`);
    expect(walked(database).ok).toBe(true);
    expect(walked(database, { checkpoints: [kept] }).problems).toMatchObject([{ code: 'chain_rewritten' }]);
    const bent = { ...kept, lastSeq: 3 };
    expect(walked(database, { checkpoints: [bent] }).problems).toMatchObject([{ code: 'checkpoint_file' }]);
    database.close();
  });

  test('what is not sealed yet is told, and is sealed by whoever opens the database next', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    for (let i = 0; i < 3; i += 1) state.append(entry({ outcome: 'ok' }));
    expect(await verified(file, driver)).toMatchObject({ ok: true, rows: 0, unsealed: 3, sealedThrough: 0, chain: null });
    state.flush();
    state.append(entry({ id: 'open' }));
    state.flush();
    state.settle('open', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    state.append(entry({ outcome: 'ok' }));
    await new Promise((resolve) => {
      setTimeout(resolve, 60);
    });
    expect(await verified(file, driver)).toMatchObject({ ok: true, rows: 4, unsealed: 1, unsealedEnds: 1, sealedThrough: 4 });
    expect(state.chain.proofs([1, 4, 5, 99])).toEqual(new Map([
      [1, { sealed: 'sealed', block: 2, checkpoint: null }], [4, { sealed: 'open', block: 3, checkpoint: null }], [5, { sealed: 'open', block: null, checkpoint: null }],
      [99, { sealed: 'open', block: null, checkpoint: null }],
    ]));
    state.close();
    expect(await verified(file, driver)).toMatchObject({ ok: true, rows: 5, unsealed: 0, unsealedEnds: 0 });
  });

  test('rows that are too old go with a block that says so, and none goes before it is sealed', async () => {
    const file = path();
    const clock = new FakeMachine();
    const state = await openState({ path: file, driver, clock });
    for (let i = 0; i < 3000; i += 1) state.append(entry({ outcome: 'ok', argValues: '{}', argKeys: [] }));
    const database = await openDriver(file, driver);
    const retention = new JournalRetention(database, { rows: 700, days: 90 });
    expect(retention.step(clock.wall * 1000, clock.wall)).toBe(false);
    expect(all(database, 'SELECT count(*) AS n FROM journal')).toEqual([{ n: 3000 }]);
    state.flush();
    while (retention.step(clock.wall * 1000, clock.wall));
    expect(walked(database)).toMatchObject({ ok: true, firstSeq: 2301, rows: 700, removedThrough: 2300, unsealed: 0 });
    expect(all(database, "SELECT count(*) AS n, sum(body IS NULL) AS gone FROM chain_blocks WHERE kind = 'rows'")).toEqual([{ n: 6, gone: 4 }]);
    expect(all(database, 'SELECT min(seq) AS first FROM chain_salts')).toEqual([{ first: 2301 }]);
    database.exec('DELETE FROM journal WHERE seq = 2301');
    expect(walked(database).problems).toMatchObject([{ code: 'row_missing', seq: 2301 }]);
    database.close();
    state.close();
  });

  test('redaction erases names, hash and values from the file, is told with who and why, and hides no other change', async () => {
    const file = path();
    const secret = 'card 4111-1111-1111-1111';
    const state = await openState({ path: file, driver, logArguments: true });
    for (let i = 0; i < 400; i += 1) state.append(entry({ outcome: 'ok', argKeys: ['card'], argHash: 'cd'.repeat(32), argValues: JSON.stringify({ card: secret, i }) }));
    state.append(entry({ id: 'running', argKeys: ['card'], argHash: 'cd'.repeat(32), argValues: JSON.stringify({ card: secret }) }));
    expect(await state.chain.redact({ seqs: [7, 401, 5000] }, 'alice', 'wish of a customer')).toBe(2);
    state.settle('running', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    state.flush();
    expect(state.query({ afterSeq: 6, limit: 1 })).toMatchObject([{ argKeys: null, argHash: null, argValues: null, name: 'send' }]);
    expect(state.chain.proofs([7]).get(7)?.sealed).toBe('redacted');
    expect(await verified(file, driver)).toMatchObject({ ok: true, redacted: 2 });
    expect(await state.chain.redact({ before: new Date(Date.now() + 1000) }, 'bob', 'end of the trial')).toBe(399);
    state.close();
    expect(readFileSync(file).includes(secret)).toBe(false);
    expect(existsSync(`${file}-wal`) && readFileSync(`${file}-wal`).includes(secret)).toBe(false);
    const report = await verified(file, driver);
    expect(report).toMatchObject({ ok: true, redacted: 401 });
    const database = await openDriver(file, driver);
    const told = all(database, "SELECT CAST(body AS TEXT) AS body FROM chain_blocks WHERE kind = 'redacted'").map(({ body }) => JSON.parse(String(body)) as { who: string; why: string });
    expect(told[0]).toMatchObject({ who: 'alice', why: 'wish of a customer' });
    database.exec("UPDATE journal SET grant_label = 'somebody else' WHERE seq = 7");
    expect(walked(database).problems).toMatchObject([{ code: 'row_changed', seq: 7 }]);
    database.close();
  });

  test('a changed key is vouched for by the old one; one that came otherwise is told until the operator names it', async () => {
    const file = path();
    const keyFile = join(dirname(file), 'journal-key.pem');
    const first = await withState(file, driver, (state) => {
      state.append(entry({ outcome: 'ok' }));
      state.flush();
      return state.chain.rotateKey();
    });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect((await verified(file, driver)).keys.map(({ vouched, id }) => [vouched, id === first])).toEqual([[true, false], [true, true]]);
    rmSync(keyFile);
    await withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })));
    const lost = await verified(file, driver);
    expect(lost.problems).toMatchObject([{ code: 'key_unvouched' }]);
    expect((await verified(file, driver, { publicKeys: [lost.keys.at(-1)?.publicKey ?? ''] })).ok).toBe(true);
    expect((await verified(file, driver, { publicKeys: [lost.keys[0]?.publicKey ?? ''] })).problems).toMatchObject([{ code: 'key_unknown' }]);
  });

  test('a foreign key that signed for a while is told, also when the named key signs again', async () => {
    const file = path();
    const keyFile = join(dirname(file), 'journal-key.pem');
    const write = (): Promise<void> => withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })));
    await write();
    const own = readFileSync(keyFile);
    rmSync(keyFile);
    await write();
    writeFileSync(keyFile, own, { mode: 0o600 });
    await write();
    const { keys } = await verified(file, driver);
    const [named, foreign] = keys.map(({ publicKey }) => publicKey);
    expect((await verified(file, driver, { publicKeys: [named ?? ''] })).problems).toMatchObject([{ code: 'key_unvouched', block: keys[1]?.block }]);
    expect((await verified(file, driver, { publicKeys: [named ?? '', foreign ?? ''] })).ok).toBe(true);
  });

  test('a process that dies between naming a new key and using it leaves the new key in force', async () => {
    const file = path();
    const keyFile = join(dirname(file), 'journal-key.pem');
    await withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })));
    const old = readFileSync(keyFile);
    const id = await withState(file, driver, (state) => state.chain.rotateKey());
    // As it was before the rename.
    copyFileSync(keyFile, join(dirname(file), 'journal-key.next.pem'));
    writeFileSync(keyFile, old);
    await withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })));
    const report = await verified(file, driver);
    expect(report.problems).toEqual([]);
    expect(report.lastCheckpoint?.key).toBe(id);
  });

  test.skipIf(process.platform === 'win32')('a key that others can read, or that is a link, signs nothing, and the journal is sealed without', async () => {
    for (const spoil of [(file: string) => chmodSync(file, 0o644), (file: string) => { rmSync(file); symlinkSync('/dev/null', file); }, (file: string) => writeFileSync(file, 'no key')]) {
      const file = path();
      await withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })));
      spoil(join(dirname(file), 'journal-key.pem'));
      const errors: string[] = [];
      await withState(file, driver, (state) => state.append(entry({ outcome: 'ok' })), { onError: ({ message }) => errors.push(message) });
      expect(errors.join()).toMatch(/journal key/);
      expect(await verified(file, driver)).toMatchObject({ ok: true, sealedThrough: 2, unsigned: 1 });
    }
  });

  test('a rate of calls that is sealed by several processes at once gives one chain', async () => {
    const file = path();
    const states = await Promise.all([1, 2, 3].map(() => openState({ path: file, driver })));
    for (let i = 0; i < 300; i += 1) {
      const state = states[i % 3];
      state?.append(entry({ id: `c-${i}` }));
      if (i % 7 === 0) states[(i + 1) % 3]?.flush();
      // Another process than the one that wrote the row may be told of its end.
      if (i > 5) states[(i + 2) % 3]?.settle(`c-${i - 5}`, { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    }
    for (const state of states) state.close();
    expect(await verified(file, driver)).toMatchObject({ ok: true, rows: 300, unsealed: 0, problems: [] });
  });
});
