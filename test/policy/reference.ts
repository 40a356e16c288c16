import type { RandomPolicy, RandomRule } from './arbitrary.ts';

/**
 * The semantics of policy.md written down a second time, slowly and without any index, to compare with. Takes several documents;
 * answers what the tool may do, which rule said so, the limits, and what would be without observation.
 */
export interface Answer {
  readonly effect: string;
  readonly rule: string;
  readonly limits: readonly string[];
  readonly would: string | null;
}

const RANK = ['allow', 'deny', 'hide'];

interface Said {
  readonly effect: string;
  readonly rule: string;
  readonly from: number;
}

export function answer(policies: readonly RandomPolicy[], name: string): Answer {
  const really = worst(policies.map((policy, from) => oneDocument(policy, name, from, true)));
  const fully = worst(policies.map((policy, from) => oneDocument(policy, name, from, false)));
  const limits = policies.flatMap((policy, from) =>
    policy.tools
      .filter(([selector, rule]) => rule.max !== null && covers(selector, name))
      .map(([selector, rule]) => `${from} ${selector} ${rule.observe || policy.observe ? 'observed' : 'enforced'}`),
  );
  const same = really.effect === fully.effect && (really.effect === 'allow' || (really.rule === fully.rule && really.from === fully.from));
  return {
    effect: really.effect,
    rule: `${really.from} ${really.rule}`,
    limits: really.effect === 'allow' ? limits.sort() : [],
    would: same ? null : `${fully.effect} ${fully.from} ${fully.rule}`,
  };
}

function worst(said: readonly Said[]): Said {
  const top = Math.max(...said.map((one) => RANK.indexOf(one.effect)));
  const candidates = said.filter((one) => RANK.indexOf(one.effect) === top);
  const chosen = candidates.find((one) => one.rule !== '/mode') ?? candidates[0];
  if (chosen === undefined) throw new Error('no document');
  return chosen;
}

function oneDocument(policy: RandomPolicy, name: string, from: number, withObservation: boolean): Said {
  const counted = policy.tools.filter(([selector, rule]) => covers(selector, name) && !(withObservation && rule.observe && !policy.observe));
  const effect = (rule: RandomRule): string => rule.action ?? 'allow';
  const best = counted.reduce<readonly [string, RandomRule] | null>((left, right) => {
    if (left === null) return right;
    const byClass = kindOf(right[0]) - kindOf(left[0]);
    if (byClass !== 0) return byClass > 0 ? right : left;
    const byLength = literals(right[0]) - literals(left[0]);
    if (byLength !== 0) return byLength > 0 ? right : left;
    const byStrictness = RANK.indexOf(effect(right[1])) - RANK.indexOf(effect(left[1]));
    if (byStrictness !== 0) return byStrictness > 0 ? right : left;
    return right[0] < left[0] ? right : left;
  }, null);
  const said = best === null ? { effect: policy.default, rule: '/default', from } : { effect: effect(best[1]), rule: `/tools/${best[0]}`, from };
  return withObservation && policy.observe && said.effect !== 'allow' ? { effect: 'allow', rule: '/mode', from } : said;
}

/** 2 exact, 1 glob, 0 for `*`. */
function kindOf(selector: string): number {
  return selector === '*' ? 0 : selector.includes('*') ? 1 : 2;
}

function literals(selector: string): number {
  return Array.from(selector).filter((character) => character !== '*').length;
}

/** Matching by the definition: a star is nothing, or one character and a star. Exponential, for short texts only. */
export function covers(selector: string, name: string): boolean {
  if (selector === '') return name === '';
  if (selector.startsWith('*')) return covers(selector.slice(1), name) || (name !== '' && covers(selector, name.slice(1)));
  return name !== '' && selector[0] === name[0] && covers(selector.slice(1), name.slice(1));
}
