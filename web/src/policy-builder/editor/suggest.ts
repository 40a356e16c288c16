import { isMap } from '../yaml/render.ts';
import { key as yamlKey } from '../yaml/render.ts';
import type { Context } from './context.ts';

/** What an editor knows of the server that the policy is for. */
export interface Known {
  readonly schema: unknown;
  readonly tools: readonly { readonly name: string; readonly category: string; readonly risk: string; readonly inputSchema: unknown; readonly description?: string | null }[];
  readonly approvers: readonly string[];
}

export interface Suggestion {
  readonly label: string;
  /** What is written. */
  readonly insert: string;
  readonly kind: 'key' | 'value' | 'tool' | 'class' | 'glob' | 'function';
  readonly detail: string;
  readonly info: string;
}

type Schema = Record<string, unknown>;
export const CATEGORIES = ['read', 'write', 'execute', 'destructive', 'financial'] as const;
export const RISKS = ['low', 'medium', 'high', 'critical'] as const;

/** The schemas that may hold at a place of the document, with `$ref` and `anyOf` followed. */
export function schemasAt(root: unknown, path: readonly string[]): Schema[] {
  let now = expand(root, root);
  for (const step of path) {
    now = now.flatMap((schema) => {
      const items = schema['items'];
      if (/^\d+$/.test(step) && items !== undefined) return expand(root, items);
      const { properties } = schema;
      if (isMap(properties) && Object.hasOwn(properties, step)) return expand(root, properties[step]);
      return schema['additionalProperties'] === undefined ? [] : expand(root, schema['additionalProperties']);
    });
  }
  return now;
}

function expand(root: unknown, schema: unknown, depth = 0): Schema[] {
  if (!isMap(schema) || depth > 8) return [];
  const reference = schema['$ref'];
  const out: Schema[] = [schema];
  if (typeof reference === 'string' && isMap(root) && isMap(root['$defs'])) out.push(...expand(root, root['$defs'][reference.replace('#/$defs/', '')], depth + 1));
  const either = schema['anyOf'];
  if (Array.isArray(either)) for (const one of either) out.push(...expand(root, one, depth + 1));
  return out;
}

const description = (schema: unknown): string => (isMap(schema) && typeof schema['description'] === 'string' ? schema['description'] : '');

/** What is known about a place, for hover help. Empty: nothing. */
export function helpAt(known: Known, path: readonly string[]): string {
  const [section, selector] = path;
  if (section === 'tools' && selector !== undefined && path.length === 2) {
    const tool = known.tools.find(({ name }) => name === selector);
    if (tool !== undefined) return [`${tool.category}, ${tool.risk} risk`, tool.description ?? ''].filter((part) => part !== '').join('\n');
    const members = known.tools.filter(({ name, category, risk }) => matches(selector, name, category, risk));
    return members.length === 0 ? 'No tool of the server matches.' : `${members.length} ${members.length === 1 ? 'tool' : 'tools'}: ${members.slice(0, 8).map(({ name }) => name).join(', ')}${members.length > 8 ? ', ...' : ''}`;
  }
  const own = schemasAt(known.schema, path).map(description).find((one) => one !== '');
  return own ?? '';
}

/** Whether a selector covers a tool. */
export function matches(selector: string, name: string, category: string, risk: string): boolean {
  if (selector === name) return true;
  if (selector.startsWith('@')) return selector === `@${category}` || selector === `@${risk}`;
  if (!selector.includes('*')) return false;
  const parts = selector.split('*');
  const [head = '', ...rest] = parts;
  const tail = rest.pop() ?? '';
  if (!name.startsWith(head)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - tail.length >= at && name.endsWith(tail);
}

const CONDITION_KEYS = new Set(['when', 'require', 'deny_if', 'if', 'sum']);
/** Whether a place holds a CEL expression. */
export function isExpression(path: readonly string[]): boolean {
  const last = path.findLast((step) => !/^\d+$/.test(step));
  return last !== undefined && CONDITION_KEYS.has(last) && path.length > 2 && !path.includes('arguments');
}

export function suggestions(known: Known, context: Context): Suggestion[] {
  const { path } = context;
  if (context.kind === 'key') {
    if (path.length === 1 && path[0] === 'tools') return selectors(known, context.siblings);
    if (path[0] === 'tools' && path.length >= 3 && path.at(-1) === 'arguments') return argumentKeys(known, path[1] ?? '', context.siblings);
    return keys(known, path, context.siblings);
  }
  if (isExpression(path)) return expression(known, path[1] ?? '');
  if (path.at(-1) === 'of' || path.includes('approvers')) return known.approvers.map((label) => ({ label, insert: label, kind: 'value', detail: 'approver', info: '' }));
  return values(known, path);
}

function keys(known: Known, path: readonly string[], siblings: readonly string[]): Suggestion[] {
  const out = new Map<string, Suggestion>();
  for (const schema of schemasAt(known.schema, path)) {
    if (!isMap(schema['properties'])) continue;
    for (const [name, member] of Object.entries(schema['properties'])) {
      if (siblings.includes(name) || out.has(name)) continue;
      out.set(name, { label: name, insert: `${name}: `, kind: 'key', detail: '', info: description(member) || schemasOf(known.schema, member) });
    }
  }
  return [...out.values(), ...(path.length >= 2 && path.at(-1) !== 'arguments' ? [] : [])];
}

const schemasOf = (root: unknown, schema: unknown): string => expand(root, schema).map(description).find((one) => one !== '') ?? '';

function values(known: Known, path: readonly string[]): Suggestion[] {
  const out = new Map<string, Suggestion>();
  const add = (value: unknown, info: string): void => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return;
    const label = String(value);
    // The version is a text that looks like a number.
    const insert = typeof value === 'string' && /^[\d.]+$/.test(value) ? JSON.stringify(value) : label;
    if (!out.has(label)) out.set(label, { label, insert, kind: 'value', detail: '', info });
  };
  for (const schema of schemasAt(known.schema, path)) {
    const info = description(schema);
    for (const source of [schema['enum'], schema['examples']]) if (Array.isArray(source)) for (const value of source) add(value, info);
    if ('const' in schema) add(schema['const'], info);
    if (schema['type'] === 'boolean') for (const value of [true, false]) add(value, info);
  }
  return [...out.values()];
}

function selectors(known: Known, siblings: readonly string[]): Suggestion[] {
  const taken = new Set(siblings);
  const count = (selector: string): string => {
    const found = known.tools.filter(({ name, category, risk }) => matches(selector, name, category, risk)).length;
    return `${found} ${found === 1 ? 'tool' : 'tools'}`;
  };
  const prefixes = new Map<string, number>();
  for (const { name } of known.tools) {
    const prefix = /^[A-Za-z0-9]+[_.-]/.exec(name)?.[0] ?? /^[A-Z]?[a-z]+(?=[A-Z])/.exec(name)?.[0];
    if (prefix !== undefined) prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1);
  }
  const globs = [...prefixes].filter(([, times]) => times > 1).map(([prefix]) => `${prefix}*`);
  return [
    ...known.tools.map(({ name, category, risk, description: info }): Suggestion => ({ label: name, insert: `${yamlKey(name, 'yaml')}: `, kind: 'tool', detail: `${category}, ${risk}`, info: (info ?? '').slice(0, 400) })),
    ...[...CATEGORIES, ...RISKS].map((name): Suggestion => ({ label: `@${name}`, insert: `"@${name}": `, kind: 'class', detail: count(`@${name}`), info: 'Tools of a class, also those that come later.' })),
    ...[...globs, '*'].map((glob): Suggestion => ({ label: glob, insert: `"${glob}": `, kind: 'glob', detail: count(glob), info: '`*` stands for any characters.' })),
  ].filter(({ label }) => !taken.has(label));
}

function toolsOf(known: Known, selector: string): Known['tools'] {
  return known.tools.filter(({ name, category, risk }) => matches(selector, name, category, risk));
}

/** Arguments of the tools that a selector covers, with what their schemas say of each. */
function argumentsOf(known: Known, selector: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const { inputSchema } of toolsOf(known, selector).slice(0, 50)) {
    if (!isMap(inputSchema) || !isMap(inputSchema['properties'])) continue;
    for (const [name, schema] of Object.entries(inputSchema['properties'])) {
      const type = isMap(schema) && typeof schema['type'] === 'string' ? schema['type'] : '';
      if (!out.has(name)) out.set(name, [type, description(schema)].filter((part) => part !== '').join(': ').slice(0, 300));
    }
  }
  return out;
}

function argumentKeys(known: Known, selector: string, siblings: readonly string[]): Suggestion[] {
  return [...argumentsOf(known, selector)].filter(([name]) => !siblings.includes(name)).map(([name, info]) => ({ label: name, insert: `${yamlKey(name.replaceAll('.', String.raw`\.`), 'yaml')}: `, kind: 'key', detail: 'argument', info }));
}

const FUNCTIONS: readonly (readonly [string, string])[] = [
  ['has()', 'whether an argument is there: has(args.amount)'],
  ['size()', 'length of a text or list'],
  ['startsWith()', 'args.name.startsWith("x")'],
  ['endsWith()', 'args.name.endsWith("x")'],
  ['contains()', 'args.name.contains("x")'],
  ['matches()', 'RE2, searched for: anchor with ^ and $'],
  ['all()', 'args.to.all(a, a.endsWith("@example.com"))'],
  ['exists()', 'args.to.exists(a, a == "x")'],
  ['now.getHours()', 'now.getHours("Europe/Berlin") >= 9'],
];

function expression(known: Known, selector: string): Suggestion[] {
  const member = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `args.${name}` : `args[${JSON.stringify(name)}]`);
  const variables: readonly (readonly [string, string])[] = [
    ['tool.name', 'name of the tool'], ['tool.category', 'read, write, execute, destructive or financial'], ['tool.risk', 'low, medium, high or critical'], ['server.name', 'name of the server'],
    ['grant.label', 'label of the grant'], ['grant.tags', 'tags of the grant: "ci" in grant.tags'], ['user.sub', 'claim of a verified token'], ['client.name', 'what the client says of itself'], ['session.id', 'the session'],
  ];
  return [
    ...[...argumentsOf(known, selector)].map(([name, info]): Suggestion => ({ label: member(name), insert: member(name), kind: 'value', detail: 'argument', info })),
    ...variables.map(([label, info]): Suggestion => ({ label, insert: label, kind: 'value', detail: '', info })),
    ...FUNCTIONS.map(([label, info]): Suggestion => ({ label, insert: label.replace('()', '('), kind: 'function', detail: '', info })),
  ];
}
