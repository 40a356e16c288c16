import { nfkc } from '../wire/nfkc.ts';
import type { Definition } from './definition.ts';
import { MODEL_INSTRUCTIONS } from './lexicon/claims.ts';
import type { Trail } from './trail.ts';
import type { Finding } from './types.ts';
import { flattenText, mixesScripts } from './words.ts';

/** What is wrong with the texts and the schema of a definition. Findings never lower a class. */
export function judgeFindings(definition: Definition, trail: Trail): void {
  // One pass over all texts; only when it finds something the texts are searched one by one.
  const all = definition.rawTexts.map(({ text }) => text).join('\n');
  if (hiddenCharacter(all) !== null) judgeHidden(definition, trail);
  if (instruction(definition.rawTexts.map(({ text }) => flattenText(text)).join('\n')) !== null) judgeInstructions(definition, trail);
  if (definition.rawName !== '' && looksLikeAnother(definition.rawName)) trail.finding('look_alike_name', 'name', '/name', definition.name);
  if (definition.description === '') trail.finding('no_description', 'description', '/description', 'empty');
  if (definition.schema.state === 'missing') trail.finding('missing_schema', 'schema', '/inputSchema', 'inputSchema');
  if (definition.schema.state === 'invalid') trail.finding('invalid_schema', 'schema', '/inputSchema', definition.schema.term);
  if (definition.oversized) trail.finding('oversized', 'schema', '', 'oversized');
}

/** What is wrong with texts wherever they stand, in places too that no class depends on. */
export function textFindings(texts: readonly string[]): readonly Finding[] {
  const found: Finding[] = [];
  if (instruction(texts.map(flattenText).join('\n')) !== null) found.push('model_instructions');
  if (hiddenCharacter(texts.join('\n')) !== null) found.push('hidden_characters');
  return found;
}

function judgeHidden(definition: Definition, trail: Trail): void {
  for (const { place, pointer, text } of definition.rawTexts) {
    const hidden = hiddenCharacter(text);
    if (hidden !== null) trail.finding('hidden_characters', place, pointer, hidden);
  }
}

function judgeInstructions(definition: Definition, trail: Trail): void {
  for (const { place, pointer, text } of definition.rawTexts) {
    const found = instruction(flattenText(text));
    if (found !== null) trail.finding('model_instructions', place, pointer, found);
  }
}

function instruction(flat: string): string | null {
  const small = flat.toLowerCase();
  for (const { words, pattern } of MODEL_INSTRUCTIONS) {
    if (!words.some((word) => small.includes(word))) continue;
    const match = pattern.exec(flat);
    if (match !== null) return match[0];
  }
  return null;
}

function looksLikeAnother(name: string): boolean {
  const runs = name.replace(/([\p{M}\uFF9E\uFF9F]{30})[\p{M}\uFF9E\uFF9F]+/gu, '$1');
  return runs.length !== name.length || nfkc(runs) !== runs.normalize('NFC') || name.split(/[^\p{L}\p{M}]+/u).some(mixesScripts);
}

// Bidirectional controls, zero-width characters, tags, invisible operators, other controls than white space.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e01ef}]/gu;
const JOINED_BY_RULE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Hebrew}]/u;

/** The first character nobody can see, as `U+202E`; joiners inside emoji and scripts that need them are none. */
function hiddenCharacter(text: string): string | null {
  for (const match of text.matchAll(HIDDEN)) {
    const c = match[0];
    const before = text.slice(Math.max(0, match.index - 2), match.index);
    if ((c === '\u200d' || c === '\u200c') && JOINED_BY_RULE.test(before)) continue;
    return `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return null;
}
