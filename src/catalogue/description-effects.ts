import type { Definition } from './definition.ts';
import { inflectedVerbOf, wordSet } from './lexicon/lookup.ts';
import { isDoubtfulMoney } from './money.ts';
import { isReadOnlyLanguage } from './parameter-effects.ts';
import type { DescriptionReading, SaidVerb } from './read-description.ts';
import type { NameReading } from './read-name.ts';
import { severity } from './severity.ts';
import type { Category } from './types.ts';
import type { Trail } from './trail.ts';

const MILD = wordSet('remove clear reset terminate flush overwrite discard trash drop empty');
const ACTION_KEYS = wordSet('action operation');
const PLAIN_CHANGES = wordSet('create add update modify write save insert upload store append replace rename move copy edit enable disable activate deactivate assign set put import');
/** Ending what runs, in other words. */
const ENDERS = wordSet('kill stop abort cancel close quit exit end shutdown');
/** `Runs a find query`, `Performs an audit`: how a look is taken. */
const LOOKS = /^\W{0,4}(?:runs?|executes?|performs?|invokes?|issues?|submits?|makes?|starts?|conducts?) (?:\S{1,32} ){0,4}?(?:find|quer(?:y|ies)|search(?:es)?|lookups?|aggregat\w+|\S*\.aggregate|reviews?|diagnos\w+|assessments?|benchmarks?|detections?|discover\w+|simulations?|calculations?|counts?|analys[ie]s|scans?|checks?|audits?|inspections?|validations?|comparisons?)\b/iu;

/**
 * What the description adds: it decides where the name does not, and raises where it openly says more. It never lowers.
 *
 * @param named what the verb of the name does to the object of the name
 */
export function judgeDescription(definition: Definition, name: NameReading, named: Category | null, server: string, description: DescriptionReading, trail: Trail): void {
  const undecided = named === null || (name.weak && !name.readOnly);
  // The operations of a router are facts; a verb in the middle of a sentence about them is none.
  const routed = trail.signals.has('router');
  const listed = name.generic && definition.parameters.some((p) => ACTION_KEYS.has(p.key) && p.values.length > 1);
  const said = [description.lead, ...description.listed, ...(name.effect === null || (name.weak && name.effect === 'read') ? description.later : [])].filter((v): v is SaidVerb => v !== null);
  const onlyLooks = undecided && name.effect === 'read' && LOOKS.test(definition.description) && isReadOnlyLanguage(definition, name, server);
  for (const verb of said) {
    if (onlyLooks && verb.effect === 'execute') {
      trail.effect('read', 'name', '/name', name.verb ?? '');
      continue;
    }
    if (verb.effect === 'financial' && isDoubtfulMoney(verb.verb, definition, name)) {
      if (undecided) trail.effect('write', 'description', '/description', verb.verb);
      continue;
    }
    // `detach: removes the board from it`: the operations that the schema lists say how far a milder word goes.
    if (routed && verb !== description.lead && listed && MILD.has(verb.verb.replace(/s$/u, ''))) continue;
    if ((undecided && (!routed || verb.leads || severity(verb.effect) >= 3)) || raises(definition, name, named, verb)) trail.effect(verb.effect, 'description', '/description', verb.verb);
  }
  judgeOverwrite(definition, name, trail);
}

/** A sentence that opens with a worse verb than the name's contradicts the name; a verb in the middle of one proves nothing. */
function raises(definition: Definition, name: NameReading, named: Category | null, said: SaidVerb): boolean {
  if (named === null) return false;
  // `untag: Remove tags`: taking off what the name ties is what the name says.
  if (named === 'write' && MILD.has(said.verb.replace(/s$/u, ''))) return false;
  if (name.verb !== null && ENDERS.has(name.verb) && /^terminates?$/u.test(said.verb)) return false;
  if (named === 'read' && said.effect === 'execute' && (name.readOnly || LOOKS.test(definition.description))) return false;
  // `list_replies: Replies of a message`: the thing of the name, not a deed.
  if (name.rest.includes(said.verb)) return false;
  // The same word is judged with its object already.
  if (name.verb !== null && inflectedVerbOf(said.verb) !== undefined && said.verb.startsWith(name.verb.slice(0, Math.max(3, name.verb.length - 1)))) return false;
  // `Replies of a message`, `Track changes`: as often things or looks; only what plainly changes raises a name that reads.
  if ((said.rare || said.weak) && severity(said.effect) < 3) return false;
  if (said.effect === 'write' && !PLAIN_CHANGES.has(said.verb.replace(/(?:e?s)$/u, '')) && !PLAIN_CHANGES.has(said.verb.replace(/s$/u, ''))) return false;
  return said.leads && severity(said.effect) > severity(named) && (severity(said.effect) >= 3 || named === 'read');
}

function judgeOverwrite(definition: Definition, name: NameReading, trail: Trail): void {
  if (name.verb === 'write' && definition.parameters.some((p) => p.key.endsWith('path') || p.key.startsWith('file')) && /\bcompletely overwrit|\boverwrites? (?:the |an |any |it|existing)/iu.test(definition.description)) {
    trail.effect('destructive', 'description', '/description', 'overwrite');
  }
}
