import { printable } from '../../policy/printable.ts';
import type { Format } from './clients.ts';
import { readJsonc } from './jsonc.ts';
import { member, SyntaxProblem, type Field, type SyntaxNode } from './syntax.ts';
import { readToml, type TomlDocument, type TomlTable } from './toml.ts';

/** How a new field is written beside the ones that are there. */
export type EntryStyle = 'json' | 'toml-table' | 'toml-inline';

/** One server in a configuration file. */
export interface ServerEntry {
  /** Keys from the root. */
  readonly path: readonly string[];
  readonly name: string;
  /** What the entry means. */
  readonly value: unknown;
  /** The part of the text that is this entry's and nobody else's. */
  readonly start: number;
  readonly end: number;
  readonly style: EntryStyle;
  readonly fields: readonly Field[];
  /** Why it cannot be edited, whatever it says. */
  readonly obstacle: string | null;
}

export interface ConfigText {
  readonly entries: readonly ServerEntry[];
  /** What the whole file means; null for an empty one. */
  readonly value: unknown;
  /** Every string of the file with the keys that lead to it, for masking. */
  readonly strings: readonly StringPlace[];
}

export interface StringPlace {
  readonly path: readonly string[];
  readonly node: SyntaxNode;
}

/** @throws SyntaxProblem when the text is no such document, or servers stand where none can be */
export function readConfigText(text: string, format: Format, containers: readonly (readonly string[])[]): ConfigText {
  return format === 'toml' ? fromToml(text, containers) : fromJsonc(text, containers);
}

function fromJsonc(text: string, containers: readonly (readonly string[])[]): ConfigText {
  const root = readJsonc(text);
  if (root === null) return { entries: [], value: null, strings: [] };
  if (root.kind !== 'object') throw new SyntaxProblem('expected an object as the whole document', text, root.start);
  const entries = containers
    .flatMap((container) => resolve(root, container, []))
    .flatMap(({ path, node }) => {
      if (node.kind === 'other' && node.value === null) return [];
      if (node.kind !== 'object') throw new SyntaxProblem(`expected an object of servers at "${printable(path.join('.'), 80)}"`, text, node.start);
      return node.fields.map((field): ServerEntry => ({
        path: [...path, field.key],
        name: field.key,
        value: field.value.value,
        start: field.value.start,
        end: field.value.end,
        style: 'json',
        fields: field.value.fields,
        obstacle: field.value.kind === 'object' ? null : 'it is not an object',
      }));
    });
  return { entries, value: root.value, strings: stringsOf(root, []) };
}

function resolve(node: SyntaxNode, keys: readonly string[], path: readonly string[]): { path: readonly string[]; node: SyntaxNode }[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [{ path, node }];
  return node.fields.filter((field) => key === '*' || field.key === key).flatMap((field) => resolve(field.value, rest, [...path, field.key]));
}

function stringsOf(node: SyntaxNode, path: readonly string[]): StringPlace[] {
  if (node.kind === 'string') return [{ path, node }];
  return [...node.fields.flatMap((field) => stringsOf(field.value, [...path, field.key])), ...node.items.flatMap((item, index) => stringsOf(item, [...path, String(index)]))];
}

function fromToml(text: string, containers: readonly (readonly string[])[]): ConfigText {
  const document = readToml(text);
  const entries = containers.flatMap((container) => {
    const servers = container.reduce<unknown>(member, document.root);
    if (servers === undefined) return [];
    if (typeof servers !== 'object' || servers === null || Array.isArray(servers)) throw new SyntaxProblem(`expected a table of servers at ${container.join('.')}`, text, 0);
    return Object.entries(servers).map(([name, value]) => tomlEntry(document, [...container, name], value));
  });
  const strings = document.tables.flatMap((table) => table.pairs.flatMap((pair) => stringsOf(pair.value, [...table.path, ...pair.path])));
  return { entries, value: document.root, strings };
}

function tomlEntry(document: TomlDocument, path: readonly string[], value: unknown): ServerEntry {
  const entry = { path, name: path.at(-1) ?? '', value };
  const main = document.tables.findIndex((table) => !table.array && same(table.path, path));
  const table = document.tables[main];
  if (table !== undefined) {
    // Tables of its own that follow without anything in between are part of the entry; others of its own stand elsewhere.
    let last = main;
    while (isBelow(document.tables[last + 1], path)) last += 1;
    const below = document.tables.filter((other) => isBelow(other, path));
    const fields = [...table.pairs.map((pair): Field => ({ key: pair.path.join('.'), keyStart: pair.keyStart, keyEnd: pair.keyEnd, value: pair.value })), ...below.filter((other) => other.path.length === path.length + 1).map(asField)];
    return { ...entry, start: table.start, end: document.tables[last]?.end ?? table.end, style: 'toml-table', fields, obstacle: null };
  }
  const inline = inlineValue(document, path);
  if (inline !== null) return { ...entry, start: inline.start, end: inline.end, style: 'toml-inline', fields: inline.fields, obstacle: null };
  return { ...entry, start: 0, end: 0, style: 'toml-table', fields: [], obstacle: `it has no table of its own; write it below [${path.map((part) => printable(part, 40)).join('.')}]` };
}

/** The inline table at a path, or null. */
function inlineValue(document: TomlDocument, path: readonly string[]): SyntaxNode | null {
  for (const table of document.tables.filter((each) => !each.array)) {
    for (const pair of table.pairs) {
      const full = [...table.path, ...pair.path];
      if (!same(full, path.slice(0, full.length))) continue;
      const found = path.slice(full.length).reduce<SyntaxNode | null>((node, key) => node?.fields.find((field) => field.key === key)?.value ?? null, pair.value);
      if (found?.kind === 'object') return found;
    }
  }
  return null;
}

function asField(table: TomlTable): Field {
  const fields = table.pairs.map((pair): Field => ({ key: pair.path.join('.'), keyStart: pair.keyStart, keyEnd: pair.keyEnd, value: pair.value }));
  return { key: table.path.at(-1) ?? '', keyStart: table.keyStart, keyEnd: table.keyEnd, value: { kind: 'object', start: table.start, end: table.end, value: null, fields, items: [] } };
}

function isBelow(table: TomlTable | undefined, path: readonly string[]): boolean {
  return table !== undefined && table.path.length > path.length && same(table.path.slice(0, path.length), path);
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}
