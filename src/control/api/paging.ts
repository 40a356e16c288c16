import { z } from 'zod';
import { invalid } from './problem.ts';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

const limit = z.string().regex(/^[1-9]\d{0,2}$/, `a number from 1 to ${MAX_LIMIT} is expected`).transform(Number).pipe(z.number().max(MAX_LIMIT)).default(DEFAULT_LIMIT)
  .meta({ override: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT } });
const cursor = z.string().max(1_024).regex(/^[A-Za-z0-9_-]+$/, 'this is no cursor of ours').optional().describe('`next` of the page before');

/** Query parameters of every list: `z.strictObject({ ...pageQuery, more })`. After validation `limit` is a number, `cursor` still opaque. */
export const pageQuery = { cursor, limit } as const;

/** The reply schema of a list. */
export function pageOf<Item extends z.ZodType>(item: Item): z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().nullable().describe('cursor of the next page; null on the last') });
}

/** Makes the cursor of a list. @param list names the list, so that a cursor of another one is refused. @param at where the next page begins */
export function writeCursor(list: string, at: string | number): string {
  return Buffer.from(JSON.stringify([list, at])).toString('base64url');
}

/** Reads a cursor back. Callers may write what they like into it: it only ever says where to begin. @throws ApiProblem when it is none of this list */
export function readCursor(list: string, text: string | undefined, kind: 'number'): number | undefined;
export function readCursor(list: string, text: string | undefined, kind: 'string'): string | undefined;
export function readCursor(list: string, text: string | undefined, kind: 'number' | 'string'): string | number | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === 2 && value[0] === list) {
      const at: unknown = value[1];
      if (kind === 'number' && typeof at === 'number' && Number.isSafeInteger(at) && at >= 0) return at;
      if (kind === 'string' && typeof at === 'string') return at;
    }
  } catch {
    // Told below, like everything else that is no cursor.
  }
  throw invalid('/cursor', 'this is no cursor of this list; begin with the first page', { in: 'query' });
}

/**
 * Cuts a page out of what was read with one more than its limit.
 * @param at what the cursor of an item says
 */
export function cutPage<Item>(list: string, rows: readonly Item[], size: number, at: (item: Item) => string | number): { items: Item[]; next: string | null } {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return { items, next: rows.length > size && last !== undefined ? writeCursor(list, at(last)) : null };
}
