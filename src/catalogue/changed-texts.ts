import type { JsonNode } from '../wire/json-node.ts';
import { scan } from '../wire/scan.ts';
import { classify } from './classify.ts';
import { foldText } from './fold-text.ts';
import { LIMITS } from './limits.ts';
import type { Finding } from './types.ts';

/** What a text can do to whoever reads it, wherever in the definition it stands. */
const OF_TEXTS: readonly Finding[] = ['model_instructions', 'hidden_characters'];
const CHUNK = Math.floor(LIMITS.descriptionCharacters / 2);
/** What is read again with the next chunk: a sentence that lies across the cut. */
const OVERLAP = 512;
const WIRE = { maxBytes: 4 * 1024 * 1024, maxDepth: 128, maxKeys: 16 };

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
  const found = findings(fresh);
  if (found.length === 0 || relatives.length === 0) return found;
  const old = new Set(findings(relatives));
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

function findings(all: readonly string[]): readonly Finding[] {
  const text = all.join('\n\n');
  const found = new Set<Finding>();
  for (let from = 0; from < text.length; from += CHUNK - OVERLAP) {
    const scanned = scan(Buffer.from(JSON.stringify({ name: 'text', description: text.slice(from, from + CHUNK) })), WIRE);
    if (!scanned.ok) continue;
    for (const finding of classify(scanned.root).findings) if (OF_TEXTS.includes(finding)) found.add(finding);
  }
  return [...found];
}
