import { formatDecimal } from '../wire/decimal.ts';
import type { BudgetClaim, LimitClaim, Verdict } from './types.ts';
import type { CelInput, Variable } from './cel/types.ts';
import type { GovernedNames } from './argument-places.ts';
import type { Action } from './document.ts';
import { STRICTNESS } from './document.ts';
import type { BudgetRule, EngineRule } from './engine-rule.ts';
import type { Guard, GuardAnswer, Refused } from './guard.ts';
import { couldNotEvaluate, refused } from './guard.ts';
import { printable } from './printable.ts';
import type { Rank } from './rule-table.ts';

/** Follows an evaluation, for `explain`. While one listens, guards behind the first that refuses are asked as well. */
export interface Listener {
  rule(rule: EngineRule, applies: Applies): void;
  guard(rule: EngineRule, kind: Guard['kind'] | 'budget', at: string, source: string | null, answer: GuardAnswer): void;
}

/** What the `when` of a rule says of one call; a rule without `when` always applies. */
export type Applies = 'yes' | 'no' | 'absent' | 'unknown' | Refused;

/** What the rules for one name say of one call. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Whose guards count, in the order of the plan. */
  readonly applied: readonly EngineRule[];
}

/** The arguments that the rules for a name look at, whether they apply or not: which of them do may depend on an argument. */
export interface Governed {
  readonly names: GovernedNames;
  /** The most specific rule that looks at one. */
  readonly rule: EngineRule;
}

export function appliesTo(rule: EngineRule, input: CelInput): Applies {
  if (rule.unclassified) return UNCLASSIFIED;
  if (rule.when === null) return 'yes';
  const outcome = rule.when.evaluate(input);
  switch (outcome.kind) {
    case 'value':
      return outcome.value ? 'yes' : 'no';
    // policy.md, "Conditions": a condition about an argument that is absent does not hold.
    case 'absent':
      return 'absent';
    case 'unknown':
      return 'unknown';
    case 'error':
      return couldNotEvaluate('a `when`', outcome.message);
  }
}

/** What a listing must not depend on (protocol.md L4), and an answer may: the arguments and what else changes from call to call. */
export const VARYING: ReadonlySet<Variable> = new Set(['args', 'now', 'session', 'client']);

/**
 * Whether the `when` says the same of every call of one caller. When such a condition cannot be evaluated, all that it could have hidden
 * is hidden: else whoever has no claims would see what is hidden from those that have the wrong ones.
 */
export function asksOnlyWhoCalls(rule: EngineRule): boolean {
  if (rule.unclassified) return true;
  for (const variable of rule.when?.variables ?? []) if (VARYING.has(variable)) return false;
  return true;
}

/**
 * Decides one call by the rules that cover its name (policy.md, "Selectors, and which rule decides"): the action first, then the
 * guards of every rule that applies: arguments, conditions, amounts. What cannot be decided is refused; only `hide` and `deny`
 * make it unnecessary to decide.
 * @param governed the arguments that must not be there under another spelling
 * @param observed whether rules with `mode: observe` count like any other
 */
export function judge(ranks: readonly Rank[], governed: Governed | null, fallback: Verdict, input: CelInput, observed: boolean, listener: Listener | null = null): Outcome {
  const applied: EngineRule[] = [];
  let action: Verdict | null = null;
  let undecided: Verdict | null = null;
  const hiding = new Hiding();
  for (const rank of ranks) {
    let strictest: Verdict | null = null;
    for (const { rules } of rank) {
      for (const [index, rule] of rules.entries()) {
        if (rule.observe && !observed) continue;
        const applies = appliesTo(rule, input);
        listener?.rule(rule, applies);
        if (applies === 'no' || applies === 'absent') continue;
        let verdict = rule.verdict;
        if (applies === 'yes') applied.push(rule);
        else {
          verdict = refusal(rule, rule.unclassified ? rule.at : `${rule.at}/when`, applies === 'unknown' ? NOT_KNOWN : applies);
          undecided ??= verdict;
          hiding.failed(verdict, rules.slice(index), input, observed);
        }
        if (applies === 'yes') hiding.decided(rule.effect);
        if (strictest === null || STRICTNESS[verdict.effect] > STRICTNESS[strictest.effect]) strictest = verdict;
        break;
      }
    }
    action ??= strictest;
    hiding.endOfRank();
  }
  const hidden = hiding.verdict(fallback);
  if (hidden !== null) return { verdict: hidden, applied };
  const decided = action ?? fallback;
  if (decided.effect === 'hide' || decided.effect === 'deny') return { verdict: decided, applied };
  return { verdict: undecided ?? firstRefusal(governed, applied, input, listener) ?? decided, applied };
}

/**
 * Follows what would decide if a `when` that cannot be evaluated did not hold. Of a `when` that says the same of every call of a caller,
 * it is enough that this or its own rule hides: then the call gets the answer of something that is not there. Of any other, both must
 * hide: errors over arguments are told, but never by a name that no call can find.
 */
class Hiding {
  #failure: Verdict | null = null;
  #hides = false;
  /** Whether some rule of this rank, or of one before, is certain to decide. */
  #certain = false;
  #closed = false;

  /** @param rest the rule that failed, and those behind it in its list */
  failed(failure: Verdict, rest: readonly EngineRule[], input: CelInput, observed: boolean): void {
    if (this.#closed) return;
    this.#failure ??= failure;
    for (const rule of rest) {
      if (rule.observe && !observed) continue;
      const applies = appliesTo(rule, input);
      if (applies === 'no' || applies === 'absent') continue;
      if (applies === 'yes') return this.decided(rule.effect);
      if (applies !== 'unknown' && asksOnlyWhoCalls(rule)) this.#hides ||= rule.effect === 'hide';
      else if (rule.effect !== 'hide') return this.decided('deny');
    }
  }

  /** A rule that certainly decides in this rank. */
  decided(effect: Action): void {
    if (this.#closed) return;
    this.#certain = true;
    if (effect === 'hide') this.#hides = true;
  }

  endOfRank(): void {
    this.#closed = this.#certain;
  }

  /** Null: nothing failed, or nothing would hide. */
  verdict(fallback: Verdict): Verdict | null {
    const hides = this.#hides || (!this.#certain && fallback.effect === 'hide');
    return this.#failure !== null && hides ? { ...this.#failure, effect: 'hide' } : null;
  }
}

const UNCLASSIFIED = refused('policy_error', 'the policy has a rule for a class of tools, and the class of this tool is not known', null);
const NOT_KNOWN = couldNotEvaluate('a condition', 'it asks for something that is not known here');

function refusal(rule: EngineRule, at: string, answer: Refused): Verdict {
  const { code, reason, wouldPass } = answer;
  const verdict: Verdict = { effect: 'deny', code, rule: at, policyId: rule.verdict.policyId, reason };
  return wouldPass === null ? verdict : { ...verdict, wouldPass };
}

function firstRefusal(governed: Governed | null, applied: readonly EngineRule[], input: CelInput, listener: Listener | null): Verdict | null {
  let first: Verdict | null = null;
  const see = (rule: EngineRule, kind: Guard['kind'] | 'budget', at: string, source: string | null, answer: GuardAnswer): boolean => {
    listener?.guard(rule, kind, at, source, answer);
    if (answer !== 'passes') first ??= refusal(rule, at, answer === 'unknown' ? NOT_KNOWN : answer);
    return first !== null && listener === null;
  };
  if (governed !== null && input.args !== undefined) {
    const lookalike = governed.names.lookalike(input.args);
    const { rule } = governed;
    if (lookalike !== null && see(rule, 'arguments', rule.at, null, refused('invalid_arguments', `the argument "${printable(lookalike, 64)}" looks like one that the policy governs, but is spelt in another way`, null))) return first;
  }
  for (const rule of applied) for (const guard of rule.argumentGuards) if (see(rule, guard.kind, guard.at, guard.source, guard.ask(input))) return first;
  for (const rule of applied) for (const guard of rule.conditionGuards) if (see(rule, guard.kind, guard.at, guard.source, guard.ask(input))) return first;
  for (const rule of applied) {
    for (const budget of rule.budgets) {
      const amount = amountOf(budget, input);
      if (see(rule, 'budget', budget.claim.rule, budget.amount.source, typeof amount === 'string' ? 'passes' : amount === null ? 'unknown' : amount)) return first;
    }
  }
  return first;
}

/** What the call spends, as a canonical decimal; null = not known. policy.md, "Rule": anything but a number that is not negative is refused. */
export function amountOf(budget: BudgetRule, input: CelInput): string | Refused | null {
  const outcome = budget.amount.evaluate(input);
  switch (outcome.kind) {
    case 'value':
      if (outcome.value.digits < 0n) return refused('invalid_arguments', budget.reason ?? `the amount (${budget.amount.source}) must not be negative`, null);
      return formatDecimal(outcome.value);
    case 'absent':
      return refused('invalid_arguments', budget.reason ?? `${outcome.path} is missing`, null);
    case 'unknown':
      return null;
    case 'error':
      if (outcome.blame === 'arguments') return refused('invalid_arguments', budget.reason ?? outcome.message, null);
      return couldNotEvaluate('the amount of a budget', outcome.message);
  }
}

/** The limits of one rule as claims. An amount that cannot be had makes no claim: of an enforced rule it refused the call before. */
export function claimsOf(rule: EngineRule, input: CelInput): readonly LimitClaim[] {
  if (rule.budgets.length === 0) return rule.rates;
  const budgets = rule.budgets.flatMap((budget): BudgetClaim[] => {
    const amount = amountOf(budget, input);
    return typeof amount === 'string' ? [{ ...budget.claim, amount }] : [];
  });
  return [...rule.rates, ...budgets];
}
