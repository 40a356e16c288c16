import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from './driver.ts';
import { boundedColumn } from './journal-row.ts';
import { acceptEntry, forgetEntry } from './pin-entry.ts';
import { definitionOf, MAX_NAME, MAX_OTHERS, MAX_PINNED, MAX_PINS, MAX_SERVER_BYTES, MAX_TEXT_BYTES } from './pin-row.ts';
import { fromColumn, toColumn } from './text.ts';
import type { AcceptResult, JournalEntry, LearnedDefinition, LearnedPins, PinFilter, PinRecord, PinStanding, ServerPins } from './types.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;
const WITHOUT_TEXT = 'id, pin, hash, standing, NULL AS text, why, decided_by, first_seen, last_seen';

interface Server {
  version: number;
  pins: number;
  bytes: number;
}

/** Pins of definitions (protocol.md L7). Writing methods run inside the caller's write transaction. */
export class PinStore {
  readonly #database: SqlDatabase;
  readonly #record: (entry: JournalEntry) => void;
  readonly #server: SqlStatement;
  readonly #putServer: SqlStatement;
  readonly #all: SqlStatement;
  readonly #pin: SqlStatement;
  readonly #insertPin: SqlStatement;
  readonly #touch: SqlStatement;
  readonly #definitions: SqlStatement;
  readonly #withTexts: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #setStanding: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #dropPin: SqlStatement;

  /** @param record writes a journal row in the same transaction */
  constructor(database: SqlDatabase, record: (entry: JournalEntry) => void) {
    this.#database = database;
    this.#record = record;
    this.#server = database.prepare('SELECT version, pins, bytes FROM pin_servers WHERE server = ?');
    this.#putServer = database.prepare('INSERT OR REPLACE INTO pin_servers (server, version, pins, bytes) VALUES (?, ?, ?, ?)');
    this.#all = database.prepare('SELECT p.name AS name, d.hash AS hash, d.standing AS standing FROM pins p JOIN pin_definitions d ON d.pin = p.id WHERE p.server = ? ORDER BY d.id');
    this.#pin = database.prepare('SELECT * FROM pins WHERE server = ? AND name = ?');
    this.#insertPin = database.prepare('INSERT INTO pins (server, name, first_seen, last_seen) VALUES (?, ?, ?, ?)');
    this.#touch = database.prepare('UPDATE pins SET last_seen = ?1 WHERE server = ?2 AND last_seen < ?3 AND name IN (SELECT value FROM json_each(?4))');
    this.#definitions = database.prepare(`SELECT ${WITHOUT_TEXT} FROM pin_definitions WHERE pin = ? ORDER BY id`);
    this.#withTexts = database.prepare('SELECT * FROM pin_definitions WHERE pin = ? ORDER BY id');
    this.#insert = database.prepare('INSERT INTO pin_definitions (pin, hash, standing, text, bytes, why, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#setStanding = database.prepare('UPDATE pin_definitions SET standing = ?, why = NULL, decided_by = ? WHERE id = ?');
    this.#drop = database.prepare('DELETE FROM pin_definitions WHERE id = ? RETURNING bytes');
    this.#dropPin = database.prepare('DELETE FROM pins WHERE id = ?');
  }

  version(server: string): number {
    return Number(this.#server.first(boundedColumn(server))?.[0] ?? 0);
  }

  read(server: string): ServerPins {
    // The version first: what changes meanwhile is then read again, and never missed.
    const version = this.version(server);
    const tools = new Map<string, { readonly hash: string; readonly standing: PinStanding }[]>();
    for (const row of this.#all.all(boundedColumn(server))) {
      const name = fromColumn(row['name']) ?? '';
      const one = { hash: String(row['hash']), standing: String(row['standing']) as PinStanding };
      const known = tools.get(name);
      if (known === undefined) tools.set(name, [one]);
      else known.push(one);
    }
    return { version, tools };
  }

  learn(server: string, definitions: readonly LearnedDefinition[], seen: readonly string[], wallMs: number): LearnedPins {
    const column = boundedColumn(server);
    const state = this.#load(column);
    const full: string[] = [];
    let outdated = false;
    let changed = false;
    for (const definition of definitions) {
      const pin = definition.name.length > MAX_NAME ? undefined : this.#pin.get(column, toColumn(definition.name));
      if (definition.standing !== 'pinned') {
        // Without a pin it was forgotten meanwhile.
        if (pin === undefined) outdated = true;
        else this.#keep(state, Number(pin['id']), definition, wallMs);
      } else if (pin !== undefined) {
        outdated = true;
      } else if (state.pins >= MAX_PINS || definition.name.length > MAX_NAME) {
        full.push(definition.name);
      } else {
        const id = this.#insertPin.run(column, toColumn(definition.name), wallMs, wallMs).lastRowid;
        this.#keep(state, id, definition, wallMs);
        state.pins += 1;
        changed = true;
      }
    }
    if (changed) state.version += 1;
    if (changed || definitions.length > 0) this.#store(column, state);
    if (seen.length > 0) this.#touch.run(wallMs, column, wallMs - HOUR_MS, JSON.stringify(seen.map(toColumn)));
    return { version: state.version, full, outdated };
  }

  /** Keeps one definition; of those beside the pinned ones the oldest goes when there are too many. They decide nothing: each is compared anew. */
  #keep(state: Server, pin: number, { hash, standing, text, why }: LearnedDefinition, wallMs: number): void {
    const known = this.#definitions.all(pin);
    if (known.some((row) => row['hash'] === hash)) return;
    const others = known.filter((row) => row['standing'] !== 'pinned');
    if (standing !== 'pinned' && others.length >= MAX_OTHERS) this.#dropDefinition(state, others.find((row) => row['standing'] === 'noted') ?? others[0]);
    const bytes = text === null ? 0 : Buffer.byteLength(text);
    const kept = bytes <= MAX_TEXT_BYTES && state.bytes + bytes <= MAX_SERVER_BYTES ? text : null;
    const size = kept === null ? 0 : bytes;
    state.bytes += size;
    this.#insert.run(pin, hash, standing, toColumn(kept), size, why.length === 0 ? null : JSON.stringify(why), wallMs, wallMs);
  }

  #dropDefinition(state: Server, row: SqlRow | undefined): void {
    if (row !== undefined) state.bytes -= Number(this.#drop.get(Number(row['id']))?.['bytes'] ?? 0);
  }

  record(server: string, name: string): PinRecord | null {
    const pin = this.#pin.get(boundedColumn(server), toColumn(name));
    return pin === undefined ? null : this.#recordOf(pin, this.#withTexts);
  }

  list(filter: PinFilter): PinRecord[] {
    const conditions = ['1'];
    const values: SqlValue[] = [];
    if (filter.server !== undefined) {
      conditions.push('server = ?');
      values.push(boundedColumn(filter.server));
    }
    if (filter.held === true) conditions.push("id IN (SELECT pin FROM pin_definitions WHERE standing = 'held')");
    values.push(Math.max(0, Math.min(MAX_LIMIT, Math.trunc(filter.limit ?? DEFAULT_LIMIT))));
    const pins = this.#database.prepare(`SELECT * FROM pins WHERE ${conditions.join(' AND ')} ORDER BY server, name LIMIT ?`).all(...values);
    return pins.map((pin) => this.#recordOf(pin, this.#definitions));
  }

  #recordOf(pin: SqlRow, definitions: SqlStatement): PinRecord {
    return {
      server: fromColumn(pin['server']) ?? '',
      name: fromColumn(pin['name']) ?? '',
      firstSeen: new Date(Number(pin['first_seen'])).toISOString(),
      lastSeen: new Date(Number(pin['last_seen'])).toISOString(),
      definitions: definitions.all(Number(pin['id'])).map(definitionOf),
    };
  }

  accept(server: string, name: string, hash: string, by: string, also: boolean): AcceptResult {
    const column = boundedColumn(server);
    const pin = this.#pin.get(column, toColumn(name));
    if (pin === undefined) return { ok: false, why: 'no_pin' };
    const all = this.#definitions.all(Number(pin['id']));
    const wanted = all.find((row) => row['hash'] === hash);
    if (wanted === undefined) return { ok: false, why: 'unknown_hash' };
    const pinned = all.filter((row) => row['standing'] === 'pinned');
    if (wanted['standing'] === 'pinned' && (also || pinned.length === 1)) return { ok: false, why: 'already_pinned' };
    const newest = all.findLast((row) => row['standing'] === 'held');
    if (newest !== undefined && Number(newest['id']) > Number(wanted['id'])) return { ok: false, why: 'changed', newest: String(newest['hash']) };
    const state = this.#load(column);
    const beside = also ? pinned.slice(-(MAX_PINNED - 1)) : [];
    // What was held or noted was compared with what is pinned no more.
    for (const row of all) if (row !== wanted && !beside.includes(row)) this.#dropDefinition(state, row);
    this.#setStanding.run('pinned', boundedColumn(by), Number(wanted['id']));
    state.version += 1;
    this.#store(column, state);
    this.#record(acceptEntry(server, name, hash, by, also));
    return { ok: true, record: this.#recordOf(pin, this.#withTexts) };
  }

  forget(server: string, name: string | null, by: string): number {
    const column = boundedColumn(server);
    const one = name === null ? undefined : this.#pin.get(column, toColumn(name));
    const gone = name === null ? this.#database.prepare('SELECT * FROM pins WHERE server = ?').all(column) : one === undefined ? [] : [one];
    if (gone.length === 0) return 0;
    const state = this.#load(column);
    for (const pin of gone) {
      for (const row of this.#definitions.all(Number(pin['id']))) this.#dropDefinition(state, row);
      this.#dropPin.run(Number(pin['id']));
    }
    state.pins -= gone.length;
    state.version += 1;
    this.#store(column, state);
    this.#record(forgetEntry(server, name, gone.length, by));
    return gone.length;
  }

  #load(column: string | null): Server {
    const row = this.#server.first(column);
    return { version: Number(row?.[0] ?? 0), pins: Number(row?.[1] ?? 0), bytes: Number(row?.[2] ?? 0) };
  }

  #store(column: string | null, { version, pins, bytes }: Server): void {
    this.#putServer.run(column, version, pins, bytes);
  }
}
