import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import type { Span } from './source-text.ts';
import { pointer } from './pointer.ts';
import { printable } from './printable.ts';
import type { Reporter } from './diagnostic.ts';

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const LONGEST_NUMBER = 400;

/**
 * A part of the document as JSON text: keys sorted, numbers exactly as written. Null when it holds something that JSON cannot hold,
 * which is reported.
 */
export function jsonText(node: SourceNode, at: string, reporter: Reporter): string | null {
  switch (node.kind) {
    case 'broken':
      return null;
    case 'null':
      return 'null';
    case 'string':
      return JSON.stringify(node.value);
    case 'boolean':
      return String(node.value);
    case 'number':
      if (JSON_NUMBER.test(node.text) && node.text.length <= LONGEST_NUMBER) return node.text;
      reporter.error('bad_number', node.span, at, `${printable(node.text, 40)} is not a number of JSON`, 'write it in plain digits, for example `0.5`');
      return null;
    case 'list': {
      const items = node.items.map((item, index) => jsonText(item, at + pointer(index), reporter));
      return items.includes(null) ? null : `[${items.join(',')}]`;
    }
    case 'map': {
      const members = node.entries.map((entry) => ({ key: entry.key, text: jsonText(entry.value, at + pointer(entry.key), reporter) }));
      if (node.damaged || members.some((member) => member.text === null)) return null;
      members.sort((a, b) => (a.key < b.key ? -1 : 1));
      return `{${members.map(({ key, text }) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
    }
  }
}

/** Where a JSON Pointer leads in the document: the key of a member, an element, or the nearest thing around what is not there. */
export function spanAt(root: SourceNode, path: string): Span {
  let node = root;
  let { span } = root;
  for (const token of path.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const entry = node.kind === 'map' ? node.entries.find((candidate) => candidate.key === key) : undefined;
    const next = node.kind === 'list' ? node.items[Number(key)] : entry?.value;
    if (next === undefined) return span;
    span = entry?.keySpan ?? next.span;
    node = next;
  }
  return span;
}

/** A schema is a map, or `true`/`false`. */
export function describeNoSchema(node: SourceNode): string {
  return `the schema is ${found(node)}; expected a map of JSON Schema keywords, or \`false\` to forbid the argument`;
}
