import type { JsonNode } from '../../wire/json-node.ts';
import { compareDecimals, isMultipleOf, parseDecimal } from '../../wire/decimal.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import { canonical } from './equality.ts';

/**
 * Keywords that can be combined into one value of the same keyword, exactly. Each gives the text that means both, or null when no
 * single value does.
 */
export const COMBINED: ReadonlyMap<string, (listed: JsonNode, demanded: JsonNode) => string | null> = new Map([
  ...['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'].map((keyword) => [keyword, tighter(-1)] as const),
  ...['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'].map((keyword) => [keyword, tighter(1)] as const),
  ['multipleOf', commonMultiple],
  ['uniqueItems', (listed, demanded) => (listed.kind === 'true' ? 'true' : demanded.kind)],
  ['type', commonTypes],
  ['enum', commonChoices],
]);

/** The text that means both of two values of a keyword, one of them possibly just written by us. */
export function combined(keyword: string, listed: string, demanded: JsonNode): string | null {
  const combine = COMBINED.get(keyword);
  const read = scan(Buffer.from(listed, 'utf8'), UPSTREAM_LIMITS);
  if (!read.ok) return null;
  if (sameValue(read.root, demanded)) return listed;
  return combine === undefined ? null : combine(read.root, demanded);
}

function tighter(sign: 1 | -1): (listed: JsonNode, demanded: JsonNode) => string | null {
  return (listed, demanded) => {
    const [a, b] = [decimalIn(listed), decimalIn(demanded)];
    if (a === null || b === null) return null;
    return (Math.sign(compareDecimals(b, a)) === sign ? demanded : listed).lexeme();
  };
}

function decimalIn(node: JsonNode): ReturnType<typeof parseDecimal> {
  return node.kind === 'number' ? parseDecimal(node.lexeme()) : null;
}

function commonMultiple(listed: JsonNode, demanded: JsonNode): string | null {
  const [a, b] = [decimalIn(listed), decimalIn(demanded)];
  if (a === null || b === null) return null;
  return isMultipleOf(a, b) ? listed.lexeme() : isMultipleOf(b, a) ? demanded.lexeme() : null;
}

function commonTypes(listed: JsonNode, demanded: JsonNode): string | null {
  const [a, b] = [typesIn(listed), typesIn(demanded)];
  const common = a.flatMap((type) => (b.includes(type) || (type === 'integer' && b.includes('number')) ? [type] : type === 'number' && b.includes('integer') ? ['integer'] : []));
  const types = [...new Set(common)];
  if (types.length === 0) return null;
  return JSON.stringify(types.length === 1 ? types[0] : types);
}

function typesIn(node: JsonNode): readonly string[] {
  const names = node.kind === 'array' ? node.elements().map((element) => element.text()) : [node.text()];
  return names.filter((name) => name !== null);
}

/** What both lists hold, in the listed order and spelling. */
function commonChoices(listed: JsonNode, demanded: JsonNode): string | null {
  if (listed.kind !== 'array') return null;
  const wanted = new Set(demanded.elements().map((choice) => `=${canonical(choice, free)?.exact ?? ''}`));
  if (wanted.has('=')) return null;
  const kept = listed.elements().filter((choice) => wanted.has(`=${canonical(choice, free)?.exact ?? '!'}`));
  return kept.length === 0 ? null : `[${kept.map((choice) => choice.lexeme().replaceAll(/[\r\n]/g, ' ')).join(',')}]`;
}

function sameValue(a: JsonNode, b: JsonNode): boolean {
  const left = canonical(a, free);
  return left !== null && left.exact === canonical(b, free)?.exact;
}

/** Both schemas are bounded in size before they get here. */
function free(): void {}
