import type { Visibility } from './types.ts';
import type { CelInput } from './cel/types.ts';
import type { Action } from './document.ts';
import { STRICTNESS } from './document.ts';
import type { EngineRule } from './engine-rule.ts';
import { amountOf, appliesTo, asksOnlyWhoCalls } from './judge.ts';
import type { Plan, Reading } from './plan.ts';
import type { TableSelector } from './rule-table.ts';

/** A set of possible effects: bit n stands for the effect of strictness n, and two more for "no rule". */
type Possible = number;

const EFFECTS: readonly Action[] = ['allow', 'require_approval', 'deny', 'hide'];
const NO_RULE: Possible = 16;
/** No rule, and a `when` could not be evaluated: what decides then can only deny or hide (`Hiding` in judge.ts). */
const FAILED: Possible = 32;
const OPEN: Possible = NO_RULE | FAILED;
const DENY = bit('deny');
const HIDE = bit('hide');

function bit(effect: Action): Possible {
  return 1 << STRICTNESS[effect];
}

/** Every effect that some call of this name could have, as far as it is enforced; a superset where that cannot be told. */
export function possibleEffects(plan: Plan, input: CelInput): Possible {
  if (plan.unreadable !== null) return bit(plan.unreadable.enforced.effect);
  if (plan.observes) return bit('allow');
  return plan.readings.map((reading) => ofReading(reading, plan.fallback.effect, input)).reduce(stricter);
}

/** The possible results when the stricter of two answers counts. */
export function stricter(a: Possible, b: Possible): Possible {
  let both = 0;
  for (let left = 0; left < 4; left += 1) {
    if ((a & (1 << left)) === 0) continue;
    for (let right = 0; right < 4; right += 1) if ((b & (1 << right)) !== 0) both |= 1 << Math.max(left, right);
  }
  return both;
}

export function toVisibility(possible: Possible): Visibility {
  return EFFECTS.find((effect) => possible === bit(effect)) ?? 'depends';
}

/** How a rule may turn a call down that its action lets through. */
interface Refusing {
  surely: boolean;
  perhaps: boolean;
}

function ofReading({ ranks, enforced }: Reading, fallback: Action, input: CelInput): Possible {
  // Arguments may come in a spelling that is refused.
  const refusing: Refusing = { surely: false, perhaps: enforced !== null && input.args === undefined };
  let possible = NO_RULE;
  for (const rank of ranks) {
    let here = NO_RULE;
    for (const selector of rank) here = strictestRule(here, ofSelector(selector, input, refusing));
    possible = whereOpen(possible, here);
  }
  possible = whereOpen(possible, bit(fallback));
  const passing = possible & (bit('allow') | bit('require_approval'));
  if (passing === 0) return possible;
  if (refusing.surely) return (possible & ~passing) | DENY;
  return refusing.perhaps ? possible | DENY : possible;
}

/** What may decide when `next` is asked wherever nothing decided so far. */
function whereOpen(possible: Possible, next: Possible): Possible {
  let all = possible & ~OPEN;
  if ((possible & NO_RULE) !== 0) all |= next;
  if ((possible & FAILED) !== 0) all |= afterFailure(next);
  return all;
}

/** The possible results behind a `when` that could not be evaluated. */
function afterFailure(possible: Possible): Possible {
  let all = possible & HIDE;
  if ((possible & ~(HIDE | OPEN)) !== 0) all |= DENY;
  if ((possible & OPEN) !== 0) all |= FAILED;
  return all;
}

/** As `stricter`, where either side may have no rule at all. */
function strictestRule(a: Possible, b: Possible): Possible {
  return stricter(a, b) | whereOpen(a & OPEN, b) | whereOpen(b & OPEN, a);
}

function ofSelector({ rules }: TableSelector, input: CelInput, refusing: Refusing): Possible {
  let possible = 0;
  let certain = true;
  let failed = false;
  const seen = (effect: Possible): Possible => (failed ? afterFailure(effect) : effect);
  for (const rule of rules) {
    if (rule.observe) continue;
    const applies = appliesTo(rule, input);
    if (applies === 'no' || applies === 'absent') continue;
    // What fails before the rest is known may still be no error: of `a && b` that one is false is enough.
    if (applies === 'unknown' || (applies !== 'yes' && !asksOnlyWhoCalls(rule))) {
      possible |= seen(bit(rule.effect)) | (applies === 'unknown' ? 0 : DENY);
      certain = false;
      // The condition may also fail to be evaluated once there is a call.
      refusing.perhaps = true;
      continue;
    }
    if (applies === 'yes') {
      possible |= seen(bit(rule.effect));
      noteGuards(rule, input, certain && !failed, refusing);
      return possible;
    }
    if (certain) refusing.surely = true;
    else refusing.perhaps = true;
    if (rule.effect === 'hide') return possible | HIDE;
    failed = true;
  }
  return possible | seen(NO_RULE);
}

/** Guards of rules that may not apply need no look: `perhaps` is set already. */
function noteGuards(rule: EngineRule, input: CelInput, certain: boolean, refusing: Refusing): void {
  if (!certain) return;
  for (const guard of [...rule.argumentGuards, ...rule.conditionGuards]) {
    const answer = guard.ask(input);
    if (answer === 'unknown') refusing.perhaps = true;
    else if (answer !== 'passes') refusing.surely = true;
  }
  for (const budget of rule.budgets) {
    const amount = amountOf(budget, input);
    if (amount === null) refusing.perhaps = true;
    else if (typeof amount !== 'string') refusing.surely = true;
  }
}

/** The rules that apply to every call of this name, whatever its arguments: what they demand can be shown in a listing. */
export function certainRules(plan: Plan, input: CelInput): EngineRule[] {
  if (plan.unreadable !== null || plan.observes) return [];
  return plan.readings.flatMap(({ ranks }) => ranks.flatMap((rank) => rank.flatMap(({ rules }) => certainRule(rules, input) ?? [])));
}

function certainRule(rules: readonly EngineRule[], input: CelInput): EngineRule | null {
  for (const rule of rules) {
    if (rule.observe) continue;
    const applies = appliesTo(rule, input);
    if (applies === 'yes') return rule;
    if (applies !== 'no' && applies !== 'absent') return null;
  }
  return null;
}
