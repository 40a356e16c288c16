import { scan } from '../../wire/scan.ts';
import { ApiProblem } from './problem.ts';

const MAX_DEPTH = 48;
const MAX_KEYS = 20_000;

/**
 * Reads a JSON text that has exactly one meaning: no duplicate names, no name that changes a prototype, no text that a database would keep
 * in another form (U+0000, half of a surrogate pair).
 * @throws ApiProblem invalid_request
 */
export function strictJson(bytes: Buffer): unknown {
  const found = scan(bytes, { maxBytes: bytes.length, maxDepth: MAX_DEPTH, maxKeys: MAX_KEYS });
  if (!found.ok) throw new ApiProblem('invalid_request', `the body is no JSON that is accepted here: ${found.message}`, { problems: [{ pointer: '', message: found.message }] });
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  const problems: { pointer: string; message: string }[] = [];
  look(value, '', problems);
  if (problems.length > 0) throw new ApiProblem('invalid_request', 'the body holds text that cannot be kept', { problems });
  return value;
}

/** Depth is bounded by the scan before. */
function look(value: unknown, pointer: string, problems: { pointer: string; message: string }[]): void {
  if (problems.length >= 100) return;
  if (typeof value === 'string') {
    if (!plainText(value)) problems.push({ pointer, message: 'the text holds U+0000 or half of a surrogate pair' });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const below = `${pointer}/${escapePointer(key)}`;
    if (key === '__proto__' || !plainText(key)) problems.push({ pointer: below, message: 'a field of this name is not accepted' });
    else look(item, below, problems);
  }
}

function plainText(text: string): boolean {
  return !text.includes('\0') && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** One part of a JSON Pointer (RFC 6901 section 3). */
export function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
