import type { Definition } from './definition.ts';
import { wordSet } from './lexicon/lookup.ts';
import * as objects from './lexicon/objects.ts';
import { PERMISSION_INPUTS, RECIPIENTS, SECRET_INPUTS } from './lexicon/parameters.ts';
import { ownStateOf } from './own-state.ts';
import type { NameReading } from './read-name.ts';
import { baseRisk, RISKS } from './severity.ts';
import type { Trail } from './trail.ts';
import type { Category, Risk } from './types.ts';
import { splitWords, withPairs } from './words.ts';

const SECRETS = wordSet(objects.SECRETS);
const SENT = wordSet(objects.SENT_THINGS);
const PERMISSIONS = wordSet(objects.PERMISSIONS);
const BULK = wordSet(objects.BULK);
const PRODUCTION = wordSet(objects.PRODUCTION);
const SECRET_KEYS = wordSet(SECRET_INPUTS);
const PERMISSION_KEYS = wordSet(PERMISSION_INPUTS);
const RECIPIENT_KEYS = wordSet(RECIPIENTS);
const SENDERS = wordSet('send email notify invite reply forward broadcast message tweet sms dm announce');
const MAKERS = wordSet('create add generate issue mint rotate regenerate new');
const MONEY_RECORDS = wordSet(objects.MONEY_RECORDS);
const RESTORABLE = wordSet('trash recyclebin softdelete archive');

/** The facts behind the risk class, with their evidence. */
export function judgeSignals(definition: Definition, name: NameReading, server: string, category: Category, trail: Trail): void {
  const changes = category !== 'read';
  const words = new Set(withPairs(name.words));
  for (const word of words) {
    if (SECRETS.has(word)) trail.signal('secrets', 'name', '/name', word);
    if (changes && PERMISSIONS.has(word)) trail.signal('permissions', 'name', '/name', word);
    if (changes && BULK.has(word)) trail.signal('bulk', 'name', '/name', word);
    if (changes && PRODUCTION.has(word)) trail.signal('production', 'name', '/name', word);
    if (category === 'write' && MONEY_RECORDS.has(word)) trail.signal('money', 'name', '/name', word);
    if (RESTORABLE.has(word) && changes) trail.signal('reversible', 'name', '/name', word);
  }
  if (changes && splitWords(server).includes('iam')) trail.signal('permissions', 'server', '', 'iam');
  const key = name.object.at(-1) ?? '';
  if (changes && MAKERS.has(name.verb ?? '') && (key === 'key' || key === 'keys')) trail.signal('secrets', 'name', '/name', key);
  const sends = SENDERS.has(name.verb ?? '') ? (name.verb ?? '') : (category === 'execute' ? name.object.find((w) => SENT.has(w)) : undefined);
  if (changes && sends !== undefined) trail.signal('sends_messages', 'name', '/name', sends);
  if (category === 'financial') trail.signal('money', 'name', '/name', name.verb ?? '');
  for (const parameter of definition.parameters) {
    if (changes && SECRET_KEYS.has(parameter.key)) trail.signal('secrets', 'parameter', parameter.pointer, parameter.name);
    if (category === 'write' && PERMISSION_KEYS.has(parameter.key)) trail.signal('permissions', 'parameter', parameter.pointer, parameter.name);
    if (category === 'execute' && RECIPIENT_KEYS.has(parameter.key) && sends !== undefined) trail.note('parameter', parameter.pointer, parameter.name, 'sends_messages');
  }
  if (definition.hints.openWorld === true) trail.signal('open_world', 'annotations', '/annotations/openWorldHint', 'openWorldHint');
}

const RAISING = ['secrets', 'permissions', 'bulk', 'free_form_code', 'arbitrary_url', 'production', 'money'] as const;

/**
 * The class: the category's base, up one for what the arguments reach, down one for the caller's own scratch state (catalogue.md).
 *
 * @param solid the description says something and the confidence is not low: only then may the class fall below the base
 */
export function judgeRisk(name: NameReading, server: string, category: Category, solid: boolean, trail: Trail): Risk {
  let level = baseRisk(category);
  const up = RAISING.find((signal) => trail.signals.has(signal));
  if (up !== undefined) level++;
  const own = category === 'write' ? ownStateOf(name, server) : undefined;
  if (up === undefined && solid && own !== undefined) {
    trail.note('name', '/name', own, 'risk_down');
    level--;
  }
  return RISKS[Math.max(0, Math.min(level, 3))] ?? 'critical';
}
