import { compilePattern } from '../re2.ts';
import { oneOf } from '../check-words.ts';
import { quoted } from '../printable.ts';
import type { SourceNode } from '../source-node.ts';
import { found } from '../source-node.ts';
import { suggest } from '../suggest.ts';
import { celNumber, celPath, celPresent, celString } from './cel-text.ts';
import type { At, OldReader } from './reader.ts';

const OPERATORS = ['eq', 'neq', 'in', 'not_in', 'lt', 'lte', 'gt', 'gte', 'regex', 'contains', 'exists'] as const;
export type Operator = (typeof OPERATORS)[number];

/** `{ path, op, value }`, read and checked but not translated. */
export interface OldCondition {
  readonly path: string;
  readonly op: Operator;
  readonly value: At;
  readonly where: At;
}

const COMPARED: Partial<Record<Operator, string>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' };

/** @param extra keys that the place allows beside `path`, `op` and `value` */
export function readCondition(where: At, reader: OldReader, extra: readonly string[] = []): { readonly condition: OldCondition; readonly fields: ReadonlyMap<string, At> } | null {
  const fields = reader.fields(where, 'a condition', ['path', 'op', 'value', ...extra]);
  if (fields === null) return null;
  const path = reader.text(fields.get('path'), '`path`');
  const opText = reader.text(fields.get('op'), '`op`');
  const op = OPERATORS.find((candidate) => candidate === opText);
  for (const key of ['path', 'op', 'value']) if (!fields.has(key)) reader.error('missing_key', where, `the condition has no \`${key}\``, null);
  const opPlace = fields.get('op');
  if (opPlace !== undefined && opText !== null && op === undefined) {
    const near = suggest(opText, OPERATORS);
    reader.error('unknown_operator', opPlace, `the operator is ${quoted(opText, 40)}; expected ${oneOf(OPERATORS)}`, near === null ? null : `did you mean \`${near}\`?`);
  }
  const value = fields.get('value');
  if (path === null || op === undefined || value === undefined) return null;
  if (!path.startsWith('args.') && !path.startsWith('state.')) {
    return reader.error('bad_path', fields.get('path') ?? where, `the path is ${quoted(path, 60)}; expected one that starts with \`args.\` or \`state.\``, null);
  }
  return { condition: { path, op, value, where }, fields };
}

/** The names of an `args.` path, or null when one is empty (reported). */
export function argumentNames(path: string, where: At, reader: OldReader): readonly string[] | null {
  const names = path.split('.').slice(1);
  if (path.startsWith('args.') && names.every((name) => name !== '') && celPath(names) !== null) return names;
  return reader.error('bad_path', where, `the path is ${quoted(path, 60)}; expected \`args.\` and the names of arguments`, null);
}

/**
 * A condition on arguments in CEL; null when it cannot be said (reported). Equality was loose in the old programs: `5` equalled "5".
 *
 * @param holdsMeansPass whether the call passes if it holds (`require`) or is restricted by it (`deny_if`, approvals). What must be
 *   found to restrict a call is searched for in both spellings, so that the strict equality of this language lets nothing more through.
 */
export function conditionText({ path, op, value, where }: OldCondition, holdsMeansPass: boolean, reader: OldReader): string | null {
  const names = argumentNames(path, where, reader);
  const at = names === null ? null : celPath(names);
  if (names === null || at === null) return null;
  const refuse = (expected: string): null => reader.error('bad_value', value, `the value of \`${op}\` is ${found(value.node)}; expected ${expected}`, null);
  if (op !== 'exists') reader.notes.add('other_types_refused', where.node.span, where.at);
  switch (op) {
    case 'exists': {
      const present = celPresent(names);
      if (value.node.kind !== 'boolean') return refuse('true or false');
      return value.node.value ? present : `!(${present})`;
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte': {
      const number = value.node.kind === 'number' ? celNumber(value.node.value, value.node.text) : null;
      return number === null ? refuse('a number that can be compared exactly') : `${at} ${COMPARED[op]} ${number}`;
    }
    case 'regex': {
      if (value.node.kind !== 'string') return refuse('a regular expression');
      const pattern = compilePattern(value.node.value);
      const text = celString(value.node.value);
      if (!pattern.ok || text === null) return reader.error('bad_pattern', value, `the pattern cannot be used: ${pattern.ok ? 'it is not Unicode' : pattern.message}`, null);
      return `${at}.matches(${text})`;
    }
    case 'contains': {
      const literal = oneLiteral(value.node);
      if (literal === null) return refuse('a text, a number, a boolean or null');
      const among = spellings(value.node, !holdsMeansPass).map((spelling) => `${spelling} in ${at}`);
      const element = among.join(' || ');
      return value.node.kind === 'string' ? `(type(${at}) == string ? ${at}.contains(${literal}) : ${element})` : among.length > 1 ? `(${element})` : element;
    }
    case 'eq':
    case 'neq':
    case 'in':
    case 'not_in':
      return equality(op, at, value, holdsMeansPass, reader, refuse);
  }
}

function equality(op: 'eq' | 'neq' | 'in' | 'not_in', at: string, value: At, holdsMeansPass: boolean, reader: OldReader, refuse: (expected: string) => null): string | null {
  const isList = op === 'in' || op === 'not_in';
  if (isList !== (value.node.kind === 'list')) return refuse(isList ? 'a list' : 'a text, a number, a boolean or null');
  const items = value.node.kind === 'list' ? value.node.items : [value.node];
  if (items.some((item) => oneLiteral(item) === null)) return refuse(isList ? 'a list of texts, numbers, booleans or null' : 'a text, a number, a boolean or null');
  const positive = op === 'eq' || op === 'in';
  const both = positive !== holdsMeansPass;
  const literals = [...new Set(items.flatMap((item) => spellings(item, both)))];
  if (items.some((item) => spellings(item, true).length > 1)) reader.notes.add('strict_equality', value.node.span, value.at);
  const [only] = literals;
  // An empty list: nothing is in it, but an argument that is missing still makes the condition fail.
  if (only === undefined) return positive ? 'false' : `(${at} == null || ${at} != null)`;
  if (literals.length === 1 && !isList) return `${at} ${positive ? '==' : '!='} ${only}`;
  const among = `${at} in [${literals.join(', ')}]`;
  return positive ? among : `!(${among})`;
}

function oneLiteral(node: SourceNode): string | null {
  switch (node.kind) {
    case 'string':
      // A number to some YAML readers, a text to others.
      return /^[-+]?[0-9]+_[0-9_.]*$/.test(node.value) ? null : celString(node.value);
    case 'number':
      return celNumber(node.value, node.text);
    case 'boolean':
      return String(node.value);
    case 'null':
      return 'null';
    default:
      return null;
  }
}

/** A value as CEL, and, if wanted, as the other type that the old programs took for the same. */
function spellings(node: SourceNode, both: boolean): readonly string[] {
  const literal = oneLiteral(node) ?? 'null';
  if (!both) return [literal];
  if (node.kind === 'number' || node.kind === 'boolean') return [literal, `'${node.kind === 'number' ? String(node.value) : node.value}'`];
  if (node.kind !== 'string') return [literal];
  if (node.value === 'true' || node.value === 'false') return [literal, node.value];
  const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(node.value) ? celNumber(Number(node.value), node.value) : null;
  return number === null ? [literal] : [literal, number];
}
