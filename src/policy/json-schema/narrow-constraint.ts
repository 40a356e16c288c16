import type { JsonNode } from '../../wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import { SUBSCHEMAS } from './dialect.ts';
import type { Dialect } from './schema-types.ts';

/** What is written into a tool list is sent to every client: it stays small. Characters. */
export const LARGEST_CONSTRAINT = 64 * 1024;

/** Keywords that draft-07 does not have, or reads in another way. */
const ONLY_2020: ReadonlySet<string> = new Set(['prefixItems', 'dependentRequired', 'dependentSchemas', 'minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties']);
/** Names of schemas: after references are written out nothing needs them, and in another document they could clash. */
const NAMES: ReadonlySet<string> = new Set(['$id', '$schema', '$anchor', '$dynamicAnchor', '$defs', '$comment', 'definitions']);
/** Where a looser part does not make the whole looser. */
const NOT_MONOTONE: ReadonlySet<string> = new Set(['not', 'if', 'oneOf', 'contains', 'unevaluatedItems', 'unevaluatedProperties']);

/**
 * The policy's range in a form that means the same inside any document of a dialect: one line, references written out. A pattern that
 * ECMA-262 cannot read is left out, because clients that compile it would fail: the list then promises a little more than the policy.
 *
 * @returns null when there is no such form
 */
export function portableConstraint(constraint: JsonNode, dialect: Dialect): JsonNode | null {
  const text = new Writer(constraint, dialect).write(constraint, [], false);
  if (text === null) return null;
  const read = scan(Buffer.from(text, 'utf8'), UPSTREAM_LIMITS);
  return read.ok ? read.root : null;
}

/**
 * A schema with every `$ref` replaced by what it points to, so that it can stand inside another document; null when it refers to
 * itself, or when that cannot be done.
 */
export function inlineReferences(schema: JsonNode): string | null {
  return new Writer(schema, '2020-12', true).write(schema, [], false);
}

class Writer {
  readonly #root: JsonNode;
  readonly #dialect: Dialect;
  readonly #keepPatterns: boolean;
  #written = 0;

  constructor(root: JsonNode, dialect: Dialect, keepPatterns = false) {
    this.#root = root;
    this.#dialect = dialect;
    this.#keepPatterns = keepPatterns;
  }

  /** @param open references that are being written out; `exact`: nothing may be left out here */
  write(node: JsonNode, open: readonly number[], exact: boolean): string | null {
    if (node.kind === 'true' || node.kind === 'false') return node.kind;
    if (node.kind !== 'object' || open.length > 32) return null;
    const parts: string[] = [];
    let target: string | null = null;
    for (const { key, value } of node.members()) {
      if (NAMES.has(key)) continue;
      if (key === '$dynamicRef' || key === '$recursiveRef' || (this.#dialect === 'draft-07' && ONLY_2020.has(key))) return null;
      if (key === '$ref') {
        target = this.#reference(value, open, exact);
        if (target === null) return null;
        continue;
      }
      if (key === 'pattern' && !this.#portablePattern(value.text() ?? '')) {
        if (exact) return null;
        continue;
      }
      const text = this.#value(key, value, open, exact);
      if (text === null) return null;
      parts.push(`${JSON.stringify(key)}:${text}`);
      this.#written += text.length;
      if (this.#written > LARGEST_CONSTRAINT * 8) return null;
    }
    const rest = `{${parts.join(',')}}`;
    const whole = target === null ? rest : parts.length === 0 ? target : `{"allOf":[${target},${rest}]}`;
    const blind = target !== null && (node.get('unevaluatedItems') ?? node.get('unevaluatedProperties')) !== null;
    return blind || whole.length > LARGEST_CONSTRAINT ? null : whole;
  }

  #portablePattern(source: string): boolean {
    return this.#keepPatterns || isEcmaPattern(source);
  }

  #reference(node: JsonNode, open: readonly number[], exact: boolean): string | null {
    const text = node.text() ?? '';
    let target: JsonNode | null = this.#root;
    if (text !== '#') {
      if (!/^#(?:\/[^/%]*)+$/.test(text)) return null;
      for (const token of text.slice(2).split('/')) {
        const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
        target = target.kind === 'array' ? (target.elements()[Number(name)] ?? null) : target.get(name);
        if (target === null) return null;
      }
    }
    return open.includes(target.start) ? null : this.write(target, [...open, target.start], exact);
  }

  #value(key: string, value: JsonNode, open: readonly number[], exact: boolean): string | null {
    const shape = SUBSCHEMAS['2020-12'].get(key);
    const inner = exact || NOT_MONOTONE.has(key);
    if (shape === 'schema') return this.write(value, open, inner);
    if (shape === 'list') {
      const texts = value.elements().map((element) => this.write(element, open, inner));
      return texts.includes(null) ? null : `[${texts.join(',')}]`;
    }
    if (shape !== undefined) {
      const texts: string[] = [];
      for (const member of value.members()) {
        if (key === 'patternProperties' && !this.#portablePattern(member.key)) return null;
        const text = this.write(member.value, open, inner);
        if (text === null) return null;
        texts.push(`${JSON.stringify(member.key)}:${text}`);
      }
      return `{${texts.join(',')}}`;
    }
    // Between tokens only; a line break inside a string is always escaped. A message over stdio is one line.
    return value.lexeme().replaceAll(/[\r\n]/g, ' ');
  }
}

/** Whether a pattern of RE2 can be read by ECMA-262 with the `u` flag, and means the same. It is compiled, never run. */
function isEcmaPattern(source: string): boolean {
  if (/\(\?(?![:<])/.test(source)) return false;
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
