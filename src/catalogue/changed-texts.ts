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
    add(folded, foldText(text), text);
  }
  const fresh: string[] = [];
  const related = new Map<string, string[]>();
  for (const text of new Set(texts(after))) {
    if (known.has(text)) continue;
    const fold = foldText(text);
    if (folded.has(fold)) add(related, fold, text);
    else fresh.push(text);
  }
  const found = new Set(textFindings(fresh));
  // Texts with one folded form are searched together: a hundred thousand numbers must not be searched a hundred thousand times.
  for (const [fold, now] of related) {
    const findings = textFindings(now);
    if (findings.length === 0) continue;
    const old = textFindings(folded.get(fold) ?? []);
    for (const finding of findings) if (!old.includes(finding)) found.add(finding);
  }
  return [...found];
}

function add(groups: Map<string, string[]>, fold: string, text: string): void {
  const group = groups.get(fold);
  if (group === undefined) groups.set(fold, [text]);
  else group.push(text);
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
