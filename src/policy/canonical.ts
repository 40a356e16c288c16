import type { PolicyDocument, RuleModel } from './document.ts';
import { KINDS, PER_DIMENSIONS, SECTION } from './document.ts';

/** A JSON value. Maps have no prototype, so that a tool named `__proto__` is an ordinary key. */
export type PlainJson = string | number | boolean | null | readonly PlainJson[] | { readonly [key: string]: PlainJson };

/**
 * The document in the policy language again, in one fixed spelling: selectors sorted by UTF-16 units, limits as maps, windows in
 * seconds, defaults of limits written out. Two texts that mean the same give the same value, and loading it gives the same policy.
 */
export function canonicalDocument(document: PolicyDocument): PlainJson {
  const out = map([['version', '1']]);
  if (document.description !== null) out['description'] = document.description;
  out['default'] = document.default;
  out['mode'] = document.mode;
  for (const kind of KINDS) {
    const rules = document.rules[kind].toSorted((a, b) => (a.selector < b.selector ? -1 : 1));
    if (rules.length > 0) out[SECTION[kind]] = map(rules.map((rule) => [rule.selector, canonicalRule(rule)]));
  }
  const answers = [...document.client].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (answers.length > 0) out['client'] = map(answers);
  return out;
}

function canonicalRule(rule: RuleModel): PlainJson {
  const out = map([]);
  if (rule.action !== null) out['action'] = rule.action;
  if (rule.reason !== null) out['reason'] = rule.reason;
  if (rule.observe) out['mode'] = 'observe';
  const limits = rule.limits.map((limit) =>
    map([
      ['max', limit.max],
      ['window', limit.windowSeconds],
      ['per', PER_DIMENSIONS.filter((dimension) => limit.per.includes(dimension))],
      ['on_state_error', limit.onStateError],
    ]),
  );
  const [first] = limits;
  if (first !== undefined) out['rate_limit'] = rule.limitsListed ? limits : first;
  return out;
}

function map(entries: readonly (readonly [string, PlainJson])[]): Record<string, PlainJson> {
  const out = Object.create(null) as Record<string, PlainJson>;
  for (const [key, value] of entries) out[key] = value;
  return out;
}
