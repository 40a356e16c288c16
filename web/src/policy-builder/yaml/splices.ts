import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { isCollection, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Style } from './render.ts';
import { afterKey, flow, key } from './render.ts';

/** Replaces `text.slice(from, to)`. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** A policy's text with its nodes and their places. */
export interface Source {
  readonly text: string;
  readonly document: Document.Parsed;
  readonly style: Style;
}

/** @returns null when the text is no YAML mapping (or empty): then there is nothing that could be edited in place */
export function readSource(text: string): Source | null {
  const document = parseDocument(text, { keepSourceTokens: true, uniqueKeys: true, stringKeys: false });
  if (document.errors.length > 0 || !isMap(document.contents)) return null;
  return { text, document, style: /^\s*\{/.test(text) ? 'json' : 'yaml' };
}

export type Member = Pair<Node, Node | null>;

/** The pair of a mapping whose key is this text. */
export function memberOf(map: unknown, name: string): Member | null {
  if (!isMap(map)) return null;
  const pair = map.items.find(({ key: own }) => isScalar(own) && String(own.value) === name);
  return pair === undefined ? null : (pair as unknown as Member);
}

/** Where the last character of a node is written, without what follows it (comments, blank lines). */
export function endOf(node: Node, text: string): number {
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last !== undefined) {
      if (isMap(node)) {
        const pair = last as unknown as Member;
        return pair.value === null ? endOf(pair.key, text) : endOf(pair.value, text);
      }
      return endOf(last as Node, text);
    }
  }
  const [start, end] = node.range ?? [0, 0];
  let at = end;
  while (at > start && (text[at - 1] === '\n' || text[at - 1] === '\r' || text[at - 1] === ' ')) at -= 1;
  return at;
}

export const startOf = (node: Node): number => node.range?.[0] ?? 0;
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
};
export const columnOf = (text: string, at: number): number => at - lineStart(text, at);

/** Replaces what a key stands for, or adds it where it had no value. */
export function replaceValue({ text, style }: Source, pair: Member, value: unknown): Splice {
  const from = endOf(pair.key, text);
  const colon = text.indexOf(':', from) + 1;
  const to = pair.value === null ? colon : Math.max(colon, endOf(pair.value, text));
  const line = flow(value, style);
  const indent = columnOf(text, startOf(pair.key));
  const start = pair.value === null || pair.value.range === undefined ? colon : Math.min(startOf(pair.value), to);
  // Within one line the spaces before the value stay as they are.
  const before = /^[ \t]*$/.test(text.slice(colon, start)) && start > colon ? text.slice(colon, start) : ' ';
  const inFlow = text.slice(colon, to).includes('\n') === false && isScalar(pair.value);
  if (inFlow) return { from: colon, to, insert: `${before}${line}` };
  return { from: colon, to, insert: afterKey(value, indent, style, from - startOf(pair.key)) };
}

/** Adds a member at the end of a mapping that has at least one, or to an empty flow mapping. */
export function addMember(source: Source, map: YAMLMap, name: string, value: unknown, first = false): Splice {
  const { text, style } = source;
  if (map.flow === true) {
    const open = startOf(map) + 1;
    const written = `${key(name, style)}: ${flow(value, style)}`;
    if (map.items.length === 0) return { from: open, to: endOf(map, text) - 1, insert: ` ${written} ` };
    if (first) return { from: open, to: open, insert: ` ${written},` };
    const last = map.items.at(-1) as unknown as Member;
    const at = endOf(last.value ?? last.key, text);
    return { from: at, to: at, insert: `, ${written}` };
  }
  const items = map.items as unknown as Member[];
  const [head] = items;
  const indent = head === undefined ? 2 : columnOf(text, startOf(head.key));
  const written = key(name, style);
  const line = `${written}:${afterKey(value, indent, style, written.length)}`;
  if (first && head !== undefined) {
    const at = startOf(head.key);
    return { from: at, to: at, insert: `${line}\n${' '.repeat(indent)}` };
  }
  const at = lineEnd(text, endOf(map, text));
  return { from: at, to: at, insert: `\n${' '.repeat(indent)}${line}` };
}

/** Takes a member out, with its line. The mapping must keep at least one other, or be a flow mapping. */
export function removeMember({ text }: Source, map: YAMLMap, pair: Member): Splice {
  const from = startOf(pair.key);
  const to = pair.value === null ? text.indexOf(':', endOf(pair.key, text)) + 1 : endOf(pair.value, text);
  if (map.flow === true) {
    const after = /^\s*,[ \t]*/.exec(text.slice(to));
    if (after !== null) return { from, to: to + after[0].length, insert: '' };
    const before = /,\s*$/.exec(text.slice(0, from));
    return { from: before === null ? from : before.index, to, insert: '' };
  }
  const begin = lineStart(text, from);
  // The first member of a mapping in a list stands behind the dash.
  if (!/^[ ]*$/.test(text.slice(begin, from))) {
    const next = map.items[map.items.indexOf(pair) + 1] as unknown as Member | undefined;
    return { from, to: next === undefined ? to : startOf(next.key), insert: '' };
  }
  const end = lineEnd(text, to);
  return { from: begin, to: Math.min(text.length, end + 1), insert: '' };
}

/** Whether a part of the text holds a comment that an edit of the whole part would lose. */
export function hasComment(text: string, node: Node): boolean {
  const part = text.slice(startOf(node), endOf(node, text));
  return part.split('\n').length > 1 && /(^|\s)#/m.test(part);
}

/** All of them at once; they must not overlap. Those at one place are inserted in their order. */
export function splice(text: string, splices: readonly Splice[]): string {
  const sorted = splices.map((one, index) => ({ one, index })).sort((a, b) => a.one.from - b.one.from || a.index - b.index);
  let out = '';
  let at = 0;
  for (const { one } of sorted) {
    if (one.from < at) throw new Error('edits overlap');
    out += text.slice(at, one.from) + one.insert;
    at = one.to;
  }
  return out + text.slice(at);
}

export { isMap as isYamlMap, isScalar as isYamlScalar, isSeq as isYamlSeq };
export type { Scalar };
