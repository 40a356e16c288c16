import type { JsonNode } from '../wire/json-node.ts';
import { textFindings } from './findings.ts';
import { foldText } from './fold-text.ts';
import type { Finding } from './types.ts';

/**
 * What the texts say that were not there before: also those that the classifier does not read (output schema, choices, defaults, names of members,
 * `_meta`), because a model reads them. A text that was found wanting before and is the same but for its machine-specific parts is not new.
 */
export function newTextFindings(before: JsonNode, after: JsonNode): readonly Finding[] {
  const known = new Set<string>();
  const folded = new Map<string, string[]>();
  for (const text of texts(before)) {
    known.add(text);
    const fold = foldText(text);
    folded.set(fold, [...(folded.get(fold) ?? []), text]);
  }
  const fresh: string[] = [];
  const related: string[] = [];
  for (const text of new Set(texts(after))) if (!known.has(text)) (folded.has(foldText(text)) ? related : fresh).push(text);
  const found = new Set(textFindings(fresh));
  if (textFindings(related).length === 0) return [...found];
  for (const text of related) {
    const old = textFindings(folded.get(foldText(text)) ?? []);
    for (const finding of textFindings([text])) if (!old.includes(finding)) found.add(finding);
  }
  return [...found];
}

/** Every string and every name of a member. */
function texts(node: JsonNode, into: string[] = []): string[] {
  if (node.kind === 'string') into.push(node.text() ?? '');
  for (const { key, value } of node.members()) {
    into.push(key);
    texts(value, into);
  }
  for (const element of node.elements()) texts(element, into);
  return into;
}
