import { createHash } from 'node:crypto';

/**
 * Text that SQLite's C strings and UTF-8 cannot carry: NUL (libsql cuts there) and lone surrogates (they would all become U+FFFD,
 * so two different names would look the same). Such text is stored as MARK + its JSON form, which escapes both.
 */
const MARK = '\u0001';
const UNSAFE = /^\u0001|[\u0000\p{Surrogate}]/u;

/** Reversible: two different strings never have the same stored form. */
export function toColumn(text: string | null): string | null {
  return text !== null && UNSAFE.test(text) ? MARK + JSON.stringify(text) : text;
}

export function fromColumn(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (!value.startsWith(MARK)) return value;
  try {
    return String(JSON.parse(value.slice(1)));
  } catch {
    return value;
  }
}

/**
 * At most `bound` characters of client-chosen text. A longer one keeps its beginning and gets a digest of the whole, so that a
 * journal row stays small (protocol.md, attack 55) and two long names still differ.
 */
export function clip(text: string, bound: number): string {
  if (text.length <= bound) return text;
  const digest = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
  return `${text.slice(0, bound)}…[${text.length} characters, sha256 ${digest}]`;
}
