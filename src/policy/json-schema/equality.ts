import type { JsonNode } from '../../wire/json-node.ts';
import { decimalOf, formatDecimal, parseDecimal } from '../../wire/decimal.ts';

/**
 * One text per JSON value: equal values have equal texts, whatever their spelling, order of members or escapes. Numbers are read
 * twice: exactly as written, and as the doubles that most servers make of them.
 */
export interface Canonical {
  readonly exact: string;
  readonly asDoubles: string;
}

/** Null when a number in it is too long or too large to compute with. `spend` is told of every value. */
export function canonical(node: JsonNode, spend: (steps: number) => void): Canonical | null {
  const exact = write(node, exactNumber, spend);
  if (exact === null) return null;
  const asDoubles = node.kind === 'string' ? exact : write(node, doubleNumber, spend);
  return asDoubles === null ? null : { exact, asDoubles };
}

function exactNumber(lexeme: string): string | null {
  const value = parseDecimal(lexeme);
  return value === null ? null : formatDecimal(value);
}

function doubleNumber(lexeme: string): string | null {
  const value = decimalOf(Number(lexeme));
  return value === null ? null : formatDecimal(value);
}

function write(node: JsonNode, number: (lexeme: string) => string | null, spend: (steps: number) => void): string | null {
  spend(1);
  switch (node.kind) {
    case 'object': {
      const members = node.members().toSorted((a, b) => (a.key < b.key ? -1 : 1));
      const parts: string[] = [];
      for (const { key, value } of members) {
        const text = write(value, number, spend);
        if (text === null) return null;
        parts.push(`${JSON.stringify(key)}:${text}`);
      }
      return `{${parts.join(',')}}`;
    }
    case 'array': {
      const parts: string[] = [];
      for (const element of node.elements()) {
        const text = write(element, number, spend);
        if (text === null) return null;
        parts.push(text);
      }
      return `[${parts.join(',')}]`;
    }
    case 'string':
      spend(Math.floor((node.end - node.start) / 256));
      return JSON.stringify(node.text());
    case 'number':
      return number(node.lexeme());
    default:
      return node.kind;
  }
}
