import type { SqlDatabase, SqlRow, SqlStatement } from './driver.ts';
import { fromColumn, toColumn } from './text.ts';
import type { Message, MessageFilter, NewMessage } from './types.ts';

/** Messages that are kept. */
export const MAX_MESSAGES = 1000;
/** Longest text of a message that is kept, UTF-16 units. */
export const MESSAGE_BOUND = 4096;
const NAME_BOUND = 200;
const EMAIL_BOUND = 320;
const PAGE_BOUND = 512;
const DEFAULT_LIMIT = 100;

function bounded(text: string, bound: number): string {
  return toColumn(text.length <= bound ? text : `${text.slice(0, bound)}…`) ?? '';
}

function messageOf(row: SqlRow): Message {
  return {
    id: Number(row['id']),
    at: new Date(Number(row['at'])).toISOString(),
    name: fromColumn(row['name']) ?? '',
    email: fromColumn(row['email']) ?? '',
    page: fromColumn(row['page']) ?? '',
    text: fromColumn(row['text']) ?? '',
    read: row['read'] === 1,
  };
}

/** The statements on messages. `add` and `markRead` run inside the caller's write transaction. */
export class MessageStore {
  readonly #insert: SqlStatement;
  readonly #count: SqlStatement;
  readonly #dropRead: SqlStatement;
  readonly #list: SqlStatement;
  readonly #markRead: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#insert = database.prepare('INSERT INTO messages (at, name, email, page, text, read) VALUES (?, ?, ?, ?, ?, 0)');
    this.#count = database.prepare('SELECT count(*) FROM messages');
    this.#dropRead = database.prepare('DELETE FROM messages WHERE id = (SELECT id FROM messages WHERE read = 1 ORDER BY id LIMIT 1)');
    this.#list = database.prepare('SELECT * FROM messages WHERE read <= ? AND id < ? ORDER BY id DESC LIMIT ?');
    this.#markRead = database.prepare('UPDATE messages SET read = 1 WHERE id = ?');
  }

  add({ name, email, page, text }: NewMessage, wallMs: number): number | null {
    if (Number(this.#count.first()?.[0] ?? 0) >= MAX_MESSAGES && this.#dropRead.run().changes === 0) return null;
    return this.#insert.run(wallMs, bounded(name, NAME_BOUND), bounded(email, EMAIL_BOUND), bounded(page, PAGE_BOUND), bounded(text, MESSAGE_BOUND)).lastRowid;
  }

  list({ unread = false, limit = DEFAULT_LIMIT, before = Number.MAX_SAFE_INTEGER }: MessageFilter): Message[] {
    return this.#list.all(unread ? 0 : 1, before, Math.max(0, Math.min(MAX_MESSAGES, Math.trunc(limit)))).map(messageOf);
  }

  markRead(id: number): boolean {
    return Number.isSafeInteger(id) && this.#markRead.run(id).changes > 0;
  }
}
