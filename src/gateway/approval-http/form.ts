import { isUtf8 } from 'node:buffer';
import { scan } from '../../wire/scan.ts';
import { mediaType, type Head, isUtf8Charset } from '../http/head.ts';

/** What was posted: from the form of a page, or as JSON by a program, which then gets JSON back. */
export interface Posted {
  readonly json: boolean;
  /** Text members only; anything else is not there. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads a posted form or a flat JSON object. @returns null when it is neither */
export function readForm(head: Head, body: Buffer): Posted | null {
  const type = head.get('content-type');
  if (type === null || !isUtf8Charset(type)) return null;
  if (mediaType(type) === 'application/x-www-form-urlencoded') {
    const text = body.toString('utf8');
    if (!isUtf8(body) || !isDecodable(text)) return null;
    const fields = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(text)) {
      // Given twice, it is not clear which one counts.
      if (fields.has(name)) return null;
      fields.set(name, value);
    }
    return { json: false, fields };
  }
  if (mediaType(type) !== 'application/json') return null;
  const fields = jsonFields(body);
  return fields === null ? null : { json: true, fields };
}

/** Bodies have few members, and what stands in them is flat. */
const LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxKeys: 100 };

/**
 * The text members of a JSON object, read as strictly as a message: what signed or checked it before us must have read the same.
 * @param body UTF-8 without byte order mark, no member twice
 * @returns null for anything else
 */
export function jsonFields(body: Buffer): Map<string, string> | null {
  const scanned = scan(body, LIMITS);
  if (!scanned.ok || scanned.root.kind !== 'object') return null;
  const fields = new Map<string, string>();
  for (const { key, value } of scanned.root.members()) {
    const text = value.text();
    if (text === null) continue;
    // Half a surrogate pair is stored as another character, and two names could become one.
    if (/\p{Cs}/u.test(text)) return null;
    fields.set(key, text);
  }
  return fields;
}

/** URLSearchParams would put another character where the escapes are no UTF-8. */
function isDecodable(form: string): boolean {
  try {
    decodeURIComponent(form);
    return true;
  } catch {
    return false;
  }
}
