import type { JsonNode } from '../wire/json-node.ts';
import type { Span } from './source-text.ts';
import { NOWHERE } from './source-text.ts';
import { printable, quoted } from './printable.ts';

/**
 * What a document is before it is checked: the JSON data model with positions. `broken` marks a part that was already reported,
 * so that one mistake gives one message.
 */
export type SourceNode =
  /** `damaged`: an entry is left out because its key could not be used, so nothing can be said to be missing. */
  | { readonly kind: 'map'; readonly span: Span; readonly entries: readonly SourceEntry[]; readonly damaged: boolean }
  | { readonly kind: 'list'; readonly span: Span; readonly items: readonly SourceNode[] }
  /** `locate`: where the character at an offset of `value` stands in the text; left out when the document does not come from text. */
  | { readonly kind: 'string'; readonly span: Span; readonly value: string; readonly locate?: (offset: number) => number }
  | { readonly kind: 'number'; readonly span: Span; readonly value: number; readonly text: string }
  | { readonly kind: 'boolean'; readonly span: Span; readonly value: boolean }
  | { readonly kind: 'null'; readonly span: Span }
  | { readonly kind: 'broken'; readonly span: Span };

export interface SourceEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: SourceNode;
}

/** How a message names what was found. */
export function found(node: SourceNode): string {
  switch (node.kind) {
    case 'map':
      return 'a map';
    case 'list':
      return 'a list';
    case 'string':
      return node.value === '' ? 'an empty string' : `the string ${quoted(node.value, 60)}`;
    case 'number':
      return `the number ${printable(node.text, 60)}`;
    case 'boolean':
      return `the boolean ${node.value}`;
    case 'null':
      return 'empty (null)';
    case 'broken':
      return 'something unreadable';
  }
}

/** The part of a string's span that holds the characters from `start` to `end` of its value. */
export function spanInside(node: Extract<SourceNode, { kind: 'string' }>, start: number, end: number): Span {
  if (node.locate === undefined) return node.span;
  const from = node.locate(start);
  return { start: from, end: Math.max(from + 1, node.locate(end)) };
}

/** The same tree from JSON that the strict scanner accepted, without positions. Numbers keep their text. */
export function fromJsonNode(json: JsonNode): SourceNode {
  switch (json.kind) {
    case 'object':
      return {
        kind: 'map',
        span: NOWHERE,
        entries: json.members().map(({ key, value }) => ({ key, keySpan: NOWHERE, value: fromJsonNode(value) })),
        damaged: false,
      };
    case 'array':
      return { kind: 'list', span: NOWHERE, items: json.elements().map(fromJsonNode) };
    case 'string':
      return { kind: 'string', span: NOWHERE, value: json.text() ?? '' };
    case 'number':
      return { kind: 'number', span: NOWHERE, value: Number(json.lexeme()), text: json.lexeme() };
    case 'true':
    case 'false':
      return { kind: 'boolean', span: NOWHERE, value: json.kind === 'true' };
    case 'null':
      return { kind: 'null', span: NOWHERE };
  }
}
