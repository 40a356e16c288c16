import { exactDouble } from '../../wire/decimal.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/**
 * What becomes of a number that no double holds exactly (protocol.md J13): RFC 8785 has no spelling for it. `refuse`: there is no canonical
 * form; `keep`: its text as it stands, which at worst tells two spellings of one number apart.
 */
export type InexactNumbers = 'refuse' | 'keep';

/**
 * The canonical text of a value (RFC 8785): members by UTF-16 code units, no space, one spelling of every string and number, so `10`, `10.0`
 * and `1e1` are the same. Depth is bounded by the scan that the value came from.
 * @returns null when there is none: an inexact number, or half of a surrogate pair, which is no Unicode text
 */
export function canonicalJson(node: JsonNode, inexact: InexactNumbers): string | null {
  switch (node.kind) {
    case 'object': {
      const parts: string[] = [];
      for (const { key, value } of node.members().toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))) {
        const name = canonicalText(key);
        const text = name === null ? null : canonicalJson(value, inexact);
        if (text === null) return null;
        parts.push(`${name}:${text}`);
      }
      return `{${parts.join(',')}}`;
    }
    case 'array': {
      const parts: string[] = [];
      for (const element of node.elements()) {
        const text = canonicalJson(element, inexact);
        if (text === null) return null;
        parts.push(text);
      }
      return `[${parts.join(',')}]`;
    }
    case 'string': return canonicalText(node.text() ?? '');
    case 'number': {
      const lexeme = node.lexeme();
      const value = exactDouble(lexeme);
      // String() of a double is the spelling that RFC 8785 asks for; of -0 it is 0.
      if (value !== null) return String(value);
      return inexact === 'keep' ? lexeme : null;
    }
    default: return node.kind;
  }
}

const LONE_SURROGATE = /\p{Cs}/u;

/** JSON.stringify escapes exactly what RFC 8785 says, but invents a spelling for lone surrogates. */
export function canonicalText(text: string): string | null {
  return LONE_SURROGATE.test(text) ? null : JSON.stringify(text);
}
