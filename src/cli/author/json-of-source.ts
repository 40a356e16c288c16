import { JsonNode } from '../../wire/json-node.ts';
import { jsonOfText } from '../../control/policy-tools/json-text.ts';
import type { SourceNode } from '../../policy/source-node.ts';
import type { Path, SourceReader } from './source-reader.ts';

const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/**
 * The value as the client would send it. A number that is written as JSON writes numbers keeps its exact text, so that a case can hold
 * what no double holds. Null when something in it has no JSON form; that was reported.
 */
export function jsonOfSource(reader: SourceReader, node: SourceNode, path: Path): JsonNode | null {
  const text = textOf(reader, node, path);
  return text === null ? null : parsed(text);
}

function parsed(text: string): JsonNode | null {
  const value = jsonOfText(text);
  return value instanceof JsonNode ? value : null;
}

function textOf(reader: SourceReader, node: SourceNode, path: Path): string | null {
  switch (node.kind) {
    case 'map': {
      const members = node.entries.map(({ key, value }) => ({ key, text: textOf(reader, value, [...path, key]) }));
      return node.damaged || members.some(({ text }) => text === null) ? null : `{${members.map(({ key, text }) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
    }
    case 'list': {
      const items = node.items.map((item, index) => textOf(reader, item, [...path, index]));
      return items.includes(null) ? null : `[${items.join(',')}]`;
    }
    case 'string':
      return JSON.stringify(node.value);
    case 'number':
      if (JSON_NUMBER.test(node.text)) return node.text;
      return Number.isFinite(node.value) ? String(node.value) : reader.wrong(node, path, 'a number that JSON can hold');
    case 'boolean':
      return String(node.value);
    case 'null':
      return 'null';
    case 'broken':
      return null;
  }
}
