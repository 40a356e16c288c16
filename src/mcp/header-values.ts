/** Values of `Mcp-*` headers (S26 streamable-http#value-encoding): plain visible text, or `=?base64?...?=`. */

const PREFIX = '=?base64?';
const SUFFIX = '?=';
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strips optional whitespace (SP, HTAB) in one pass from each end. */
export function stripOws(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === ' ' || value[start] === '\t')) start += 1;
  while (end > start && (value[end - 1] === ' ' || value[end - 1] === '\t')) end -= 1;
  return value.slice(start, end);
}

/**
 * Decodes a header value. The marks are exact: `=?BASE64?` is a literal (attack 14).
 * @returns null when the marks are there and the content is not canonical base64 of valid UTF-8
 */
export function decodeHeaderValue(raw: string): string | null {
  const value = stripOws(raw);
  if (!value.startsWith(PREFIX) || !value.endsWith(SUFFIX) || value.length < PREFIX.length + SUFFIX.length) return value;
  const content = value.slice(PREFIX.length, value.length - SUFFIX.length);
  if (!CANONICAL_BASE64.test(content)) return null;
  try {
    return UTF8.decode(Buffer.from(content, 'base64'));
  } catch {
    return null;
  }
}

/** Encodes a value for a header: as it is when a parser must read it back unchanged, else in base64. */
export function encodeHeaderValue(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !(value.startsWith(PREFIX) && value.endsWith(SUFFIX));
  return plain ? value : `${PREFIX}${Buffer.from(value, 'utf8').toString('base64')}${SUFFIX}`;
}
