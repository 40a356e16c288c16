import type { Definition } from './definition.ts';
import { withoutClaims } from './lexicon/claims.ts';
import { type NameReading, readName } from './read-name.ts';
import { severity } from './severity.ts';
import type { Trail } from './trail.ts';

/** A title decides where the name does not, and raises where it names a removal or a payment. It never lowers. */
export function judgeTitle(definition: Definition, name: NameReading, server: string, trail: Trail): void {
  if (definition.title === '') return;
  const title = readName(withoutClaims(definition.title), server);
  if (title.effect === null || title.verb === null || title.weak) return;
  const undecided = name.effect === null;
  const worse = severity(title.effect) >= 3 && title.verb === title.words[0] && severity(title.effect) > severity(name.effect ?? 'read');
  if (undecided || worse) trail.effect(title.effect, 'title', definition.titlePointer, title.verb);
}
