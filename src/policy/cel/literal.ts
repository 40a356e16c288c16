import { exactDouble } from '../../wire/decimal.ts';
import type { Expr } from './ast.ts';
import type { CelProblem } from './types.ts';

const MOST = 2n ** 63n - 1n;

/** A literal of the source, or the reason why it cannot be one. `value` is what the parser read. */
export function literalOf(value: unknown, source: string, start: number, end: number, problems: CelProblem[]): Expr {
  const refuse = (code: string, message: string, help: string | null): Expr => {
    problems.push({ start, end, code, message, help });
    return { kind: 'unknown', name: '', start, end };
  };
  const text = source.slice(start, end);
  switch (typeof value) {
    case 'bigint':
      if (value > MOST) return refuse('number_too_large', `${clipped(text)} does not fit into 64 bits`, 'write it with a fraction, e.g. `1e20`');
      return { kind: 'literal', value, start, end };
    case 'number':
      // What the author wrote and what is compared must be the same number (protocol.md J13).
      if (exactDouble(text) === null) return refuse('inexact_number', `${clipped(text)} cannot be compared exactly`, `the nearest number is \`${value}\``);
      return { kind: 'literal', value, start, end };
    case 'string':
    case 'boolean':
      return { kind: 'literal', value, start, end };
    default:
      if (value === null) return { kind: 'literal', value, start, end };
      if (value instanceof Uint8Array) return refuse('not_supported', 'bytes are not supported: JSON has none', 'write a string, without the `b`');
      return refuse('not_supported', `unsigned numbers are not supported: \`${clipped(text)}\``, 'leave the `u` out');
  }
}

function clipped(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
