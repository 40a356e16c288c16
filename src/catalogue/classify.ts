import type { JsonNode } from '../wire/json-node.ts';
import { judgeAnnotations } from './annotations.ts';
import { judgeConfidence } from './confidence.ts';
import { type Definition, readDefinition } from './definition.ts';
import { judgeDescription } from './description-effects.ts';
import { judgeFindings } from './findings.ts';
import { judgeName } from './name-effects.ts';
import { judgeParameters } from './parameter-effects.ts';
import { type DescriptionReading, readDescription } from './read-description.ts';
import { type NameReading, readName } from './read-name.ts';
import { judgeRisk, judgeSignals } from './risk.ts';
import { CATEGORIES, moreSevere } from './severity.ts';
import { judgeTitle } from './title-effects.ts';
import { Trail } from './trail.ts';
import type { Category, Classification, ServerFacts } from './types.ts';

/**
 * Classifies one tool by its definition (catalogue.md): deterministic, offline, bounded by LIMITS, never throws on any JSON value.
 * Text in the definition can raise a class and never lower it; annotations lower only what a trusted server says.
 *
 * @param definition one element of `tools` of a `tools/list` result, in any state
 * @param facts the server's package or configured name, and whether the operator trusts its annotations
 */
export function classify(definition: JsonNode, facts: ServerFacts = {}): Classification {
  const read = readDefinition(definition);
  const server = (facts.server ?? '').slice(0, 256);
  const trail = new Trail();
  const name = readName(read.name, server);
  const description = readDescription(read.description);
  const named = judgeName(read, name, server, description, trail);
  judgeTitle(read, name, server, trail);
  judgeParameters(read, name, server, trail);
  judgeDescription(read, name, named, server, description, trail);
  judgeFindings(read, trail);
  if (read.unknown) trail.effect('execute', 'schema', '', 'oversized');
  return conclude(read, name, server, description, facts.trusted === true, trail);
}

function conclude(read: Definition, name: NameReading, server: string, description: DescriptionReading, trusted: boolean, trail: Trail): Classification {
  if (trail.effects.size === 0) trail.effect(withoutAnyVerb(read, name), 'name', '/name', name.words.at(-1) ?? '');
  const found = mostSevere(trail.effects);
  const category = judgeAnnotations(read.hints, found, trusted, trail);
  judgeSignals(read, name, server, category, trail);
  const confidence = judgeConfidence(read, name, description, category, trail);
  const solid = description.lead !== null && confidence !== 'low';
  const risk = judgeRisk(name, server, category, solid, trail);
  trail.effects.add(category);
  return {
    category,
    effects: CATEGORIES.filter((c) => trail.effects.has(c)),
    risk,
    confidence,
    signals: [...trail.signals].toSorted(),
    findings: [...trail.findings].toSorted(),
    evidence: trail.evidence(),
  };
}

function mostSevere(effects: ReadonlySet<Category>): Category {
  // Money before removal: both are critical, and who pays is the more particular fact.
  if (effects.has('financial')) return 'financial';
  return [...effects].reduce(moreSevere, 'read');
}

/** Nothing says what it does. Things in the plural, or chosen by an identifier, are looked at, unless they are managed; anything else could be anything. */
function withoutAnyVerb(read: Definition, name: NameReading): Category {
  const things = name.words.includes('by') || /[^s]s$/u.test(name.words.at(-1) ?? '');
  if (things && read.name !== '' && !name.generic) return 'read';
  return 'execute';
}
