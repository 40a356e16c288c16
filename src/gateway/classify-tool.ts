import { CATEGORIES, classify, moreSevere, RISKS, type Classification, type Confidence, type Risk, type ServerFacts } from '../catalogue/index.ts';
import type { JsonNode } from '../wire/json-node.ts';

/** A server that lists one name in more different ways than this wants to be slow, or not to be understood. */
const MOST_DEFINITIONS = 16;

/**
 * Classifies all definitions of one name as one tool: which of them the upstream runs cannot be known, so the most severe category and
 * the highest risk count, and everything that was found in any of them.
 * @returns null when there are none, or too many that differ
 */
export function classifyTool(definitions: readonly JsonNode[], facts: ServerFacts): Classification | null {
  const different = new Map<string, JsonNode>();
  for (const definition of definitions) {
    different.set(definition.lexeme(), definition);
    if (different.size > MOST_DEFINITIONS) return null;
  }
  const [first, ...rest] = [...different.values()].map((definition) => classify(definition, facts));
  return first === undefined ? null : rest.reduce(together, first);
}

/** As many as the classifier gives for one definition. */
const MOST_EVIDENCE = 64;

const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high'];

function together(a: Classification, b: Classification): Classification {
  // Money before removal, as for one definition with both effects (catalogue/classify.ts).
  const category = a.category === 'financial' || b.category === 'financial' ? 'financial' : moreSevere(a.category, b.category);
  return {
    category,
    effects: CATEGORIES.filter((effect) => a.effects.includes(effect) || b.effects.includes(effect)),
    risk: RISKS[Math.max(RISKS.indexOf(a.risk), RISKS.indexOf(b.risk))] ?? ('critical' satisfies Risk),
    confidence: CONFIDENCES[Math.min(CONFIDENCES.indexOf(a.confidence), CONFIDENCES.indexOf(b.confidence))] ?? 'low',
    signals: [...new Set([...a.signals, ...b.signals])].toSorted(),
    findings: [...new Set([...a.findings, ...b.findings])].toSorted(),
    evidence: [...a.evidence, ...b.evidence].slice(0, MOST_EVIDENCE),
  };
}
