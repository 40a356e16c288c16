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
  const relatives: string[] = [];
  for (const text of new Set(texts(after))) {
    if (known.has(text)) continue;
    fresh.push(text);
    relatives.push(...(folded.get(foldText(text)) ?? []));
  }
  const found = textFindings(fresh);
  if (found.length === 0 || relatives.length === 0) return found;
  const old = new Set(textFindings(relatives));
  return found.filter((finding) => !old.has(finding));
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
