import { suggest } from '../../policy/suggest.ts';
import { quoted } from '../../policy/printable.ts';
import type { MapEntry, Position, Problem, ProblemDetails, TreeNode } from './tree.ts';

/** How a key of a map is read. */
export type FieldReader = (value: TreeNode, entry: MapEntry) => void;

/**
 * Reads values out of a tree and keeps every problem, so that one run reports them all. A read that fails returns null and has
 * reported why; the caller goes on with the rest.
 */
export class Reader {
  readonly problems: Problem[] = [];

  error(at: Position, message: string, details: ProblemDetails = {}): null {
    return this.#add('error', at, message, details);
  }

  warn(at: Position, message: string, details: ProblemDetails = {}): null {
    return this.#add('warning', at, message, details);
  }

  /** Reads a map whose keys are known. Unknown and missing keys are errors. */
  fields(node: TreeNode, what: string, known: Readonly<Record<string, FieldReader>>, required: readonly string[] = []): void {
    const entries = this.entries(node, what);
    if (entries === null) return;
    const names = Object.keys(known);
    for (const entry of entries) {
      // Own members only: a key named `constructor` must not find an inherited one.
      const read = Object.hasOwn(known, entry.key) ? known[entry.key] : undefined;
      if (read !== undefined) {
        read(entry.value, entry);
        continue;
      }
      const near = suggest(entry.key, names);
      this.error(entry.at, `unknown key ${quoted(entry.key)} in ${what}`, {
        code: 'unknown_key',
        expected: names.join(', '),
        help: near === null ? null : `did you mean ${quoted(near)}?`,
      });
    }
    for (const name of required) {
      if (!entries.some((entry) => entry.key === name)) this.error(node.at, `${what} has no ${quoted(name)}`, { code: 'missing_key', help: `add ${name}` });
    }
  }

  /** Reads a map whose keys are names that the operator chose. */
  entries(node: TreeNode, what: string): readonly MapEntry[] | null {
    if (node.kind === 'map') return node.entries;
    if (node.kind === 'scalar' && node.value === null) return [];
    return this.wrongType(node, what, 'a map');
  }

  items(node: TreeNode, what: string): readonly TreeNode[] | null {
    if (node.kind === 'list') return node.items;
    if (node.kind === 'scalar' && node.value === null) return [];
    return this.wrongType(node, what, 'a list');
  }

  /** @param secret when true the value never appears in a message */
  text(node: TreeNode, what: string, secret = false): string | null {
    if (node.kind === 'scalar' && typeof node.value === 'string') {
      if (node.value !== '') return node.value;
      return this.error(node.at, `${what} is empty`, { expected: 'text' });
    }
    const help = node.kind === 'scalar' && node.value !== null ? 'put it in quotes' : null;
    return this.wrongType(node, what, 'text', help, secret);
  }

  flag(node: TreeNode, what: string): boolean | null {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    return this.wrongType(node, what, 'true or false');
  }

  integer(node: TreeNode, what: string, min: number, max: number): number | null {
    const expected = `a whole number from ${min} to ${max}`;
    if (node.kind !== 'scalar' || typeof node.value !== 'number') return this.wrongType(node, what, expected);
    if (Number.isSafeInteger(node.value) && node.value >= min && node.value <= max) return node.value;
    return this.error(node.at, `${what} is out of range`, { code: 'out_of_range', found: String(node.value), expected });
  }

  choice<const T extends string>(node: TreeNode, what: string, values: readonly T[]): T | null {
    const expected = values.join(', ');
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return this.wrongType(node, what, expected);
    const value = values.find((each) => each === node.value);
    if (value !== undefined) return value;
    const near = suggest(node.value, values);
    return this.error(node.at, `${what} has no such value`, { found: describe(node), expected, help: near === null ? null : `did you mean ${quoted(near)}?` });
  }

  /** Whole seconds, or a number with `s`, `m`, `h` or `d`; in milliseconds. */
  duration(node: TreeNode, what: string, minMs: number, maxMs: number): number | null {
    const expected = 'whole seconds, or 30s, 10m, 1h, 1d';
    if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean') return this.wrongType(node, what, expected);
    const match = /^(\d{1,9})(s|m|h|d)?$/.exec(String(node.value));
    const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? 's'] ?? 1_000;
    if (match === null) return this.error(node.at, `${what} is not a duration`, { found: describe(node), expected });
    const ms = Number(match[1]) * unit;
    if (ms >= minMs && ms <= maxMs) return ms;
    return this.error(node.at, `${what} is out of range`, { code: 'out_of_range', found: describe(node), expected: `${minMs / 1_000}s to ${maxMs / 1_000}s` });
  }

  wrongType(node: TreeNode, what: string, expected: string, help: string | null = null, secret = false): null {
    if (node.kind === 'scalar' && node.broken) return null;
    return this.error(node.at, `${what} has the wrong type`, { code: 'wrong_type', found: secret && node.kind === 'scalar' ? null : describe(node), expected, help });
  }

  #add(severity: Problem['severity'], at: Position, message: string, details: ProblemDetails): null {
    this.problems.push({ severity, code: details.code ?? 'invalid_value', at, message, found: details.found ?? null, expected: details.expected ?? null, help: details.help ?? null });
    return null;
  }
}

/** What stands there, for a message. A value that came from a variable is named by its variable. */
export function describe(node: TreeNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.variables.length > 0) return `the value of ${node.variables.map((name) => `\${${name}}`).join(', ')}`;
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? quoted(node.value) : String(node.value);
}
