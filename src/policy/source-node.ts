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
  | { readonly kind: 'string'; readonly span: Span; readonly value: string }
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

/** The same tree from a value of the JSON data model, without positions. @throws TypeError for anything JSON cannot hold. */
export function fromPlainJson(value: unknown, depth = 0): SourceNode {
  if (depth > 32) throw new TypeError('nested deeper than 32 levels');
  if (value === null) return { kind: 'null', span: NOWHERE };
  if (typeof value === 'string') return { kind: 'string', span: NOWHERE, value };
  if (typeof value === 'boolean') return { kind: 'boolean', span: NOWHERE, value };
  if (typeof value === 'number') return { kind: 'number', span: NOWHERE, value, text: String(value) };
  if (Array.isArray(value)) return { kind: 'list', span: NOWHERE, items: value.map((item) => fromPlainJson(item, depth + 1)) };
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => ({ key, keySpan: NOWHERE, value: fromPlainJson(item, depth + 1) }));
    return { kind: 'map', span: NOWHERE, entries, damaged: false };
  }
  throw new TypeError(`a ${typeof value} is not JSON`);
}
