import type { SqlDatabase, SqlStatement, SqlValue } from './driver.ts';
import { approvalOf, currentStatus, REQUEST_COLUMNS, type StoredApproval } from './approval-row.ts';
import type { ApprovalFilter, ApprovalStatus } from './types.ts';
import { boundedColumn } from './journal-row.ts';
import { fromColumn, toColumn } from './text.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** Every column but those that can be long. */
const WITHOUT_TEXTS = ['seq', 'id', 'status', 'created_at', 'expires_at', 'expires_us', 'told', 'used_by', ...REQUEST_COLUMNS.map((column) => (column === 'arguments' || column === 'also_sent' ? `NULL AS ${column}` : column))].join(', ');

/** The statements on approvals and their votes. Writing methods run inside the caller's write transaction. */
export class ApprovalLog {
  readonly #database: SqlDatabase;
  readonly #byId: SqlStatement;
  readonly #toUse: SqlStatement;
  readonly #newest: SqlStatement;
  readonly #newestApproved: SqlStatement;
  readonly #votes: SqlStatement;
  readonly #waiting: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #finish: SqlStatement;
  readonly #approve: SqlStatement;
  readonly #tell: SqlStatement;
  readonly #insertVote: SqlStatement;
  readonly #status: SqlStatement;
  readonly #waitingByServer: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#byId = database.prepare('SELECT * FROM approvals WHERE id = ?');
    this.#toUse = database.prepare("SELECT seq FROM approvals WHERE id = ? AND digest = ? AND status = 'approved' AND expires_us > ?");
    this.#newest = database.prepare('SELECT * FROM approvals WHERE digest = ? ORDER BY seq DESC LIMIT 1');
    this.#newestApproved = database.prepare("SELECT * FROM approvals WHERE digest = ? AND status = 'approved' AND expires_us > ? ORDER BY seq DESC LIMIT 1");
    this.#votes = database.prepare('SELECT * FROM approval_votes WHERE approval = ? ORDER BY place');
    this.#waiting = database.prepare(
      "SELECT count(*) AS waiting, min(expires_us) AS first FROM approvals WHERE grant_label = ? AND status = 'pending' AND expires_us > ?",
    );
    const columns = ['id', 'status', 'created_at', 'expires_at', 'expires_us', 'told', ...REQUEST_COLUMNS];
    this.#insert = database.prepare(`INSERT INTO approvals (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
    this.#finish = database.prepare('UPDATE approvals SET status = ?, done_us = ?, used_by = ? WHERE seq = ?');
    this.#approve = database.prepare("UPDATE approvals SET status = 'approved', done_us = NULL, used_by = NULL, expires_at = ?, expires_us = ? WHERE seq = ?");
    this.#tell = database.prepare('UPDATE approvals SET told = 1 WHERE seq = ?');
    this.#status = database.prepare('SELECT id, status, expires_us FROM approvals WHERE id IN (SELECT value FROM json_each(?))');
    this.#waitingByServer = database.prepare("SELECT server, count(*) AS waiting FROM approvals WHERE status = 'pending' AND expires_us > ? GROUP BY server");
    this.#insertVote = database.prepare('INSERT INTO approval_votes (approval, place, approver, way, decision, comment, at) VALUES (?, ?, ?, ?, ?, ?, ?)');
  }

  byId(id: string, now: number): StoredApproval | null {
    return this.#one(this.#byId, [id], now);
  }

  /** Place of this approval if it was given for this very call and can be used now; else null. On the path of a call: nothing more is read. */
  toUse(id: string, digest: string, now: number): number | null {
    const row = this.#toUse.first(id, digest, now);
    return row === undefined ? null : Number(row[0]);
  }

  /** What has run out by `now` counts as expired. Reads no arguments: somebody looks every quarter of a second. */
  statuses(ids: readonly string[], now: number): Map<string, ApprovalStatus> {
    const rows = this.#status.all(JSON.stringify(ids));
    return new Map(rows.map((row) => [String(row['id']), currentStatus(String(row['status']) as ApprovalStatus, Number(row['expires_us']), now)]));
  }

  /** How many requests wait, by server. */
  waitingByServer(now: number): Map<string, number> {
    return new Map(this.#waitingByServer.all(now).map((row) => [fromColumn(row['server']) ?? '', Number(row['waiting'])]));
  }

  newest(digest: string, now: number): StoredApproval | null {
    return this.#one(this.#newest, [digest], now);
  }

  /** The newest approval that can be used. */
  usable(digest: string, now: number): StoredApproval | null {
    return this.#one(this.#newestApproved, [digest, now], now);
  }

  /** How many requests of a grant wait, and when the first of them runs out (store clock). */
  waiting(grant: string | null, now: number): { readonly waiting: number; readonly first: number } {
    const row = this.#waiting.get(grant, now);
    return { waiting: Number(row?.['waiting'] ?? 0), first: Number(row?.['first'] ?? 0) };
  }

  insert(id: string, createdAt: number, expiresAt: number, expiresUs: number, request: readonly SqlValue[]): void {
    this.#insert.run(id, 'pending', createdAt, expiresAt, expiresUs, 0, ...request);
  }

  /** `denied`, `used` or `expired`. */
  finish(seq: number, status: ApprovalStatus, doneUs: number, usedBy: string | null): void {
    this.#finish.run(status, doneUs, usedBy, seq);
  }

  approve(seq: number, expiresAt: number, expiresUs: number): void {
    this.#approve.run(expiresAt, expiresUs, seq);
  }

  markTold(seq: number): void {
    this.#tell.run(seq);
  }

  insertVote(seq: number, place: number, columns: readonly SqlValue[]): void {
    this.#insertVote.run(seq, place, ...columns);
  }

  /** Newest first. What has run out by `now` counts as expired. */
  list(filter: ApprovalFilter, now: number): StoredApproval[] {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    if (filter.status !== undefined) {
      const { status } = filter;
      const marks = status.map(() => '?').join(', ');
      conditions.push(status.length === 0 ? '0' : `CASE WHEN status IN ('pending', 'approved') AND expires_us <= ? THEN 'expired' ELSE status END IN (${marks})`);
      if (status.length > 0) values.push(now, ...status);
      // The common question, which then needs no look at what is over.
      if (status.every((one) => one === 'pending' || one === 'approved')) conditions.push("status IN ('pending', 'approved')");
    }
    for (const [column, wanted] of [['server', filter.server], ['grant_label', filter.grant]] as const) {
      if (wanted === undefined) continue;
      conditions.push(`${column} = ?`);
      values.push(boundedColumn(wanted));
    }
    if (filter.except !== undefined && filter.except.length > 0) {
      conditions.push('id NOT IN (SELECT value FROM json_each(?))');
      values.push(JSON.stringify(filter.except));
    }
    if (filter.name !== undefined) {
      conditions.push('name = ?');
      values.push(toColumn(filter.name));
    }
    if (filter.before !== undefined) {
      conditions.push('seq < (SELECT seq FROM approvals WHERE id = ?)');
      values.push(filter.before);
    }
    values.push(Math.max(0, Math.min(MAX_LIMIT, Math.trunc(filter.limit ?? DEFAULT_LIMIT))));
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = this.#database.prepare(`SELECT ${filter.texts === false ? WITHOUT_TEXTS : '*'} FROM approvals ${where} ORDER BY seq DESC LIMIT ?`).all(...values);
    return rows.map((row) => approvalOf(row, this.#votes.all(Number(row['seq'])), now));
  }

  #one(statement: SqlStatement, values: readonly SqlValue[], now: number): StoredApproval | null {
    const row = statement.get(...values);
    return row === undefined ? null : approvalOf(row, this.#votes.all(Number(row['seq'])), now);
  }
}
