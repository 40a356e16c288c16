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
  const text = body.toString('utf8');
  if (mediaType(type) === 'application/x-www-form-urlencoded') {
    const fields = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(text)) {
      // Given twice, it is not clear which one counts.
      if (fields.has(name)) return null;
      fields.set(name, value);
    }
    return { json: false, fields };
  }
  if (mediaType(type) !== 'application/json') return null;
  const fields = jsonFields(text);
  return fields === null ? null : { json: true, fields };
}

/** The text members of a JSON object. @returns null for any other text */
export function jsonFields(text: string): Map<string, string> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) if (typeof value === 'string') fields.set(name, value);
  return fields;
}
