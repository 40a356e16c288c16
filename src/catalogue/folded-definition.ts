import { foldText } from './fold-text.ts';
import type { JsonNode } from '../wire/json-node.ts';

/** Lists whose order says nothing: a server that keeps them in a set writes them in another order each time. */
const UNORDERED: ReadonlySet<string> = new Set(['enum', 'required', 'type', 'anyOf', 'oneOf', 'allOf', 'examples', 'tags']);
/** The one value, or one of the values, that an argument may have: what a call is made of, like the names of members. */
const CHOICE = 'const';
/** Members whose numbers are samples: a time, a count, a port. */
const SAMPLES: ReadonlySet<string> = new Set(['default', 'example', 'examples']);

/**
 * A definition in one spelling (members sorted, no space), with every text folded (`foldText`) and what has no order sorted. It is JSON again. Names of members
 * and choices are kept as they are: they are what a call is made of.
 * @param key the member that the node stands in, if any
 */
export function foldedJson(node: JsonNode, key: string | null = null, sample = false): string {
  const sampled = sample || (key !== null && SAMPLES.has(key));
  switch (node.kind) {
    case 'object': {
      const members = node.members().toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      return `{${members.map((member) => `${JSON.stringify(member.key)}:${foldedJson(member.value, member.key, sampled)}`).join(',')}}`;
    }
    case 'array': {
      const elements = node.elements().map((element) => foldedJson(element, key === 'enum' ? CHOICE : null, sampled));
      return `[${(key !== null && UNORDERED.has(key) ? [...new Set(elements)].toSorted() : elements).join(',')}]`;
    }
    case 'string': return key === CHOICE ? JSON.stringify(node.text() ?? '') : JSON.stringify(foldText(node.text() ?? ''));
    case 'number': return sampled ? '0' : node.lexeme();
    default: return node.kind;
  }
}
