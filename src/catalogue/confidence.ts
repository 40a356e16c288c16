import type { Definition } from './definition.ts';
import type { DescriptionReading } from './read-description.ts';
import type { NameReading } from './read-name.ts';
import { severity } from './severity.ts';
import type { Trail } from './trail.ts';
import type { Category, Confidence } from './types.ts';

const LEVELS: readonly Confidence[] = ['low', 'medium', 'high'];

/** How much of the definition supports the class (catalogue.md, "Confidence"). Contradictions lower it and stay visible. */
export function judgeConfidence(definition: Definition, name: NameReading, description: DescriptionReading, category: Category, trail: Trail): Confidence {
  const named = name.effect !== null && !name.weak;
  const said = description.lead !== null;
  // A schema that says `no parameters` says something, an absent or broken one does not.
  const typed = definition.parameters.length > 0 || (definition.schema.state === 'ok' && said);
  let level = 0;
  if (said && named && typed) level = 2;
  else if ((said && (named || typed)) || (named && typed)) level = 1;
  if (named && said && description.lead.leads && opposed(name.effect, description.lead.effect, category)) {
    trail.finding('contradiction', 'description', '/description', description.lead.verb);
    level--;
  } else if (trail.findings.has('contradiction')) level--;
  if (trail.findings.has('oversized') || trail.findings.has('invalid_schema') || trail.findings.has('look_alike_name')) level--;
  return LEVELS[Math.max(0, level)] ?? 'low';
}

/** The name says that it reads and the text that it destroys, or the other way round. */
function opposed(named: Category | null, said: Category, category: Category): boolean {
  return named !== null && Math.abs(severity(named) - severity(said)) >= 2 && severity(category) >= 2;
}
