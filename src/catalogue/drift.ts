import type { JsonNode } from '../wire/json-node.ts';
import { scan } from '../wire/scan.ts';
import { changedPlaces, type ChangedPlace } from './changed-places.ts';
import { newTextFindings } from './changed-texts.ts';
import { classify } from './classify.ts';
import { foldedJson } from './folded-definition.ts';
import { LIMITS } from './limits.ts';
import { RISKS, severity } from './severity.ts';
import type { Category, Classification, Finding, Risk, ServerFacts, Signal } from './types.ts';

/** One reason to hold a changed definition back. Every word is ours. */
export type DriftReason =
  | { readonly kind: 'risk'; readonly before: Risk; readonly after: Risk }
  | { readonly kind: 'category'; readonly before: Category; readonly after: Category }
  | { readonly kind: 'effect'; readonly effect: Category }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'too_large'; readonly bytes: number };

export interface DriftReport {
  /** `unchanged`: the same but for machine-specific text. `harmless`: says something else, and can do no more than before. `held`: a person has to look. */
  readonly verdict: 'unchanged' | 'harmless' | 'held';
  /** Empty unless held. */
  readonly reasons: readonly DriftReason[];
  readonly places: readonly ChangedPlace[];
  /** Null where the definitions were not classified: unchanged, or too large. */
  readonly before: Classification | null;
  readonly after: Classification | null;
}

/** Above it definitions are not compared, in bytes: what is not read whole cannot be called harmless. */
export const MOST_COMPARED_BYTES: number = LIMITS.definitionBytes;

const ALARMING: readonly Finding[] = ['model_instructions', 'hidden_characters', 'look_alike_name', 'contradiction', 'oversized', 'invalid_schema'];
/** What widens the reach of a tool. The risk tells it too, unless it is the highest already. */
const WIDENING: readonly Signal[] = ['secrets', 'free_form_code', 'arbitrary_url', 'permissions', 'sends_messages', 'money'];
const WIRE = { maxBytes: 8 * 1024 * 1024, maxDepth: 128, maxKeys: 1_000_000 };

/**
 * What became of a tool's definition, and whether it can do more than the one that was accepted (issue of the catalogue, drift; protocol.md L7, attack 47).
 * Pure and deterministic; the same two definitions always compare the same.
 *
 * @param before the definition that was pinned
 * @param after the one that is listed now
 * @param facts as the tool is classified with: the same for both, so that a newer classifier changes nothing by itself
 */
export function compareDefinitions(before: JsonNode, after: JsonNode, facts: ServerFacts = {}): DriftReport {
  const bytes = Math.max(before.end - before.start, after.end - after.start);
  if (bytes > MOST_COMPARED_BYTES) {
    if (before.bytes().equals(after.bytes())) return same();
    return { verdict: 'held', reasons: [{ kind: 'too_large', bytes }], places: [], before: null, after: null };
  }
  const folded = [foldedJson(before), foldedJson(after)] as const;
  const fresh = newTextFindings(before, after);
  if (folded[0] === folded[1] && fresh.length === 0) return same();
  const was = classify(before, facts);
  const is = classify(after, facts);
  // A path that happens to hold the name of an effect is not an effect: a rise has to be there without machine-specific text, too.
  const rises = folded[0] === folded[1] ? [] : common(classRises(was, is), classRises(foldedClass(folded[0], facts), foldedClass(folded[1], facts)));
  const found = ALARMING.filter((finding) => fresh.includes(finding) || (is.findings.includes(finding) && !was.findings.includes(finding)));
  const reasons: DriftReason[] = [...rises, ...found.map((finding) => ({ kind: 'finding', finding }) as const)];
  return { verdict: reasons.length > 0 ? 'held' : 'harmless', reasons, places: changedPlaces(before, after), before: was, after: is };
}

function same(): DriftReport {
  return { verdict: 'unchanged', reasons: [], places: [], before: null, after: null };
}

function foldedClass(json: string, facts: ServerFacts): Classification | null {
  const scanned = scan(Buffer.from(json), WIRE);
  return scanned.ok ? classify(scanned.root, facts) : null;
}

/** @returns null when it cannot be told: then the other comparison alone counts */
function classRises(before: Classification | null, after: Classification | null): DriftReason[] | null {
  if (before === null || after === null) return null;
  const reasons: DriftReason[] = [];
  if (RISKS.indexOf(after.risk) > RISKS.indexOf(before.risk)) reasons.push({ kind: 'risk', before: before.risk, after: after.risk });
  const other = severity(after.category) === severity(before.category) && after.category !== before.category;
  if (severity(after.category) > severity(before.category) || other) reasons.push({ kind: 'category', before: before.category, after: after.category });
  for (const effect of after.effects) {
    if (effect !== after.category && severity(effect) >= severity('execute') && !before.effects.includes(effect)) reasons.push({ kind: 'effect', effect });
  }
  if (after.risk === 'critical') for (const signal of WIDENING) if (after.signals.includes(signal) && !before.signals.includes(signal)) reasons.push({ kind: 'signal', signal });
  return reasons;
}

/** What rose, if it rose in both. */
function common(raw: readonly DriftReason[] | null, folded: readonly DriftReason[] | null): readonly DriftReason[] {
  if (raw === null || folded === null) return raw ?? folded ?? [];
  return folded.length > 0 ? raw : [];
}

/** A reason in a few words, for people: `risk low -> high`. */
export function reasonText(reason: DriftReason): string {
  switch (reason.kind) {
    case 'risk': return `risk ${reason.before} -> ${reason.after}`;
    case 'category': return `category ${reason.before} -> ${reason.after}`;
    case 'effect': return `new effect ${reason.effect}`;
    case 'signal': return `new signal ${reason.signal}`;
    case 'finding': return `new finding ${reason.finding}`;
    case 'too_large': return `too large to compare (${reason.bytes} bytes)`;
  }
}
