import { createHash } from 'node:crypto';
import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import { bounded } from './page.ts';
import type { AuditCheck, AuditEntry, AuditFilter, NewAuditEntry } from './types.ts';

/** Longest text of one field, and of one side of a change, UTF-16 units; what is longer is cut, and says so. */
const FIELD_BOUND = 2_000;
const CHANGE_BOUND = 64 * 1024;
const CHECKED_AT_ONCE = 1_000;

/**
 * The audit of administrative changes. Each row holds SHA-256 over the hash of the row before it and its own content, and the newest hash is kept apart:
 * a row that was changed, removed or put in between is found, also at the end. Somebody who can write the file can make a whole chain anew; the
 * journal's signed checkpoints are against that. Writing methods run inside the caller's write transaction.
 */
export class AuditLog {
  readonly #database: SqlDatabase;
  readonly #head: SqlStatement;
  readonly #setHead: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #chunk: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#head = database.prepare('SELECT audit_seq, audit_hash FROM registry');
    this.#setHead = database.prepare('UPDATE registry SET audit_seq = ?, audit_hash = ?');
    this.#insert = database.prepare(`INSERT INTO registry_audit (seq, at, actor, actor_name, via, action, kind, name, summary, before, after, request_id, address, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#chunk = database.prepare('SELECT * FROM registry_audit WHERE seq > ? ORDER BY seq LIMIT ?');
  }

  add(entry: NewAuditEntry, at: string): void {
    const head = this.head();
    const columns: SqlValue[] = [
      head.seq + 1, at, text(entry.actor), text(entry.actorName), entry.via, text(entry.action), text(entry.kind), text(entry.name), text(entry.summary),
      change(entry.before), change(entry.after), entry.requestId === null ? null : text(entry.requestId), entry.address === null ? null : text(entry.address),
    ];
    const hash = link(head.hash, columns);
    this.#insert.run(...columns, hash);
    this.#setHead.run(head.seq + 1, hash);
  }

  head(): { readonly seq: number; readonly hash: string } {
    const [seq, hash] = this.#head.first() ?? [];
    return { seq: Number(seq ?? 0), hash: typeof hash === 'string' ? hash : '' };
  }

  list(filter: AuditFilter): AuditEntry[] {
    const conditions = ['seq < ?'];
    const values: SqlValue[] = [filter.before ?? Number.MAX_SAFE_INTEGER];
    for (const field of ['actor', 'action', 'kind', 'name'] as const) {
      const wanted = filter[field];
      if (wanted === undefined) continue;
      conditions.push(`${field} = ?`);
      values.push(text(wanted));
    }
    return this.#database.prepare(`SELECT * FROM registry_audit WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT ?`).all(...values, bounded(filter.limit)).map(entryOf);
  }

  /** Looks at every row. Cost grows with the audit: for `verify`, not for a page. */
  check(): AuditCheck {
    const head = this.head();
    let seq = 0;
    let hash = '';
    for (;;) {
      const rows = this.#chunk.all(seq, CHECKED_AT_ONCE);
      for (const row of rows) {
        const found = Number(row['seq']);
        if (found !== seq + 1) return { ok: false, rows: seq, head, problem: { seq: seq + 1, text: `audit row ${seq + 1} was removed` } };
        hash = link(hash, COLUMNS.map((name) => row[name] as SqlValue));
        if (hash !== row['hash']) return { ok: false, rows: seq, head, problem: { seq: found, text: `audit row ${found} was changed` } };
        seq = found;
      }
      if (rows.length === 0) break;
    }
    if (seq === head.seq && hash === head.hash) return { ok: true, rows: seq, head, problem: null };
    return { ok: false, rows: seq, head, problem: { seq: seq + 1, text: seq < head.seq ? `audit row ${seq + 1} was removed` : 'the newest audit rows are not those that were written last' } };
  }
}

const COLUMNS = ['seq', 'at', 'actor', 'actor_name', 'via', 'action', 'kind', 'name', 'summary', 'before', 'after', 'request_id', 'address'] as const;

/** JSON of an array: no two rows with different columns have the same text. */
function link(before: string, columns: readonly SqlValue[]): string {
  return createHash('sha256').update(JSON.stringify([before, ...columns])).digest('hex');
}

function text(value: string): string {
  return toColumn(value.length <= FIELD_BOUND ? value : `${value.slice(0, FIELD_BOUND)}…`) ?? '';
}

function change(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const json = JSON.stringify(value);
  return json.length <= CHANGE_BOUND ? json : JSON.stringify({ cut: `${json.length} characters` });
}

function entryOf(row: SqlRow): AuditEntry {
  const json = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : null);
  return {
    seq: Number(row['seq']),
    at: String(row['at']),
    actor: fromColumn(row['actor']) ?? '',
    actorName: fromColumn(row['actor_name']) ?? '',
    via: String(row['via']) as AuditEntry['via'],
    action: fromColumn(row['action']) ?? '',
    kind: fromColumn(row['kind']) ?? '',
    name: fromColumn(row['name']) ?? '',
    summary: fromColumn(row['summary']) ?? '',
    before: json(row['before']),
    after: json(row['after']),
    requestId: fromColumn(row['request_id']),
    address: fromColumn(row['address']),
  };
}
