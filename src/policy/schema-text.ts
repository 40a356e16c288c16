import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
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

/** Where a JSON Pointer leads in the document: the value, the key that is not there, or the nearest thing around it. */
export function nodeAt(root: SourceNode, path: string): SourceNode {
  let node = root;
  for (const token of path.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const next = node.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : node.kind === 'list' ? node.items[Number(key)] : undefined;
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** A schema is a map, or `true`/`false`. */
export function describeNoSchema(node: SourceNode): string {
  return `the schema is ${found(node)}; expected a map of JSON Schema keywords, or \`false\` to forbid the argument`;
}
