import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import type { RepeatedAnswer } from './types.ts';

/** How long an answer can be had again. */
export const ANSWER_KEPT_MS = 24 * 3_600_000;
/** A request that has not ended by then died with its process: the next one with its key is a new one. */
export const IN_PROGRESS_MS = 5 * 60_000;

export type Begun = null | { readonly kind: 'answer'; readonly answer: RepeatedAnswer } | { readonly kind: 'in_progress' } | { readonly kind: 'other_body' };

/** Answers to requests with an Idempotency-Key. Writing methods run inside the caller's write transaction. */
export class AnswerStore {
  readonly #get: SqlStatement;
  readonly #begin: SqlStatement;
  readonly #end: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #tidy: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#get = database.prepare('SELECT * FROM registry_answers WHERE key = ?');
    this.#begin = database.prepare('INSERT OR REPLACE INTO registry_answers (key, digest, status, headers, body, at) VALUES (?, ?, NULL, NULL, NULL, ?)');
    this.#end = database.prepare('UPDATE registry_answers SET status = ?, headers = ?, body = ?, at = ? WHERE key = ? AND status IS NULL');
    this.#drop = database.prepare('DELETE FROM registry_answers WHERE key = ? AND status IS NULL');
    this.#tidy = database.prepare('DELETE FROM registry_answers WHERE key IN (SELECT key FROM registry_answers WHERE at <= ? LIMIT ?)');
  }

  begin(key: string, digest: string, nowMs: number): Begun {
    const row = this.#get.get(toColumn(key));
    const age = row === undefined ? Number.POSITIVE_INFINITY : nowMs - Date.parse(String(row['at']));
    const open = row?.['status'] === null;
    if (row === undefined || age >= (open ? IN_PROGRESS_MS : ANSWER_KEPT_MS)) {
      this.#begin.run(toColumn(key), toColumn(digest), new Date(nowMs).toISOString());
      return null;
    }
    if (fromColumn(row['digest']) !== digest) return { kind: 'other_body' };
    if (open) return { kind: 'in_progress' };
    const headers = JSON.parse(String(row['headers'])) as Record<string, string>;
    return { kind: 'answer', answer: { key, digest, status: Number(row['status']), headers, body: fromColumn(row['body']) ?? '' } };
  }

  /** A request that failed is forgotten, so that it can be sent again. */
  end(answer: RepeatedAnswer | { readonly key: string; readonly failed: true }, at: string): void {
    if ('failed' in answer) this.#drop.run(toColumn(answer.key));
    else this.#end.run(answer.status, JSON.stringify(answer.headers), toColumn(answer.body), at, toColumn(answer.key));
  }

  tidy(nowMs: number, most: number): void {
    this.#tidy.run(new Date(nowMs - ANSWER_KEPT_MS).toISOString(), most);
  }
}
