import { createHash } from 'node:crypto';
import type { ClientFeature, LimitClaim, Query, TargetKind, Verdict } from './types.ts';
import type { PolicyDocument, RuleModel } from './document.ts';
import { CLIENT_FEATURES, KINDS, SECTION, STRICTNESS } from './document.ts';
import { parseGlob } from './glob.ts';
import { pointer } from './pointer.ts';
import { readUri, readUriSelector } from './resource-uri.ts';
import type { TableRule } from './rule-table.ts';
import { RuleTable } from './rule-table.ts';
import { canonicalDocument } from './canonical.ts';

/** Longer names are refused where a rule exists. Selectors are shorter, and work per call stays bounded. UTF-16 units. */
export const LONGEST_NAME = 8192;

/** What one document says of one name, as it stands and as it would stand if nothing in it were observed. */
export interface Judgement {
  readonly enforced: Verdict;
  readonly full: Verdict;
  /** The limits of every rule that covers the name. */
  readonly limits: readonly LimitClaim[];
}

type Allowed = Verdict & { readonly effect: 'allow' };
type ClientAnswer = Verdict & { readonly effect: 'allow' | 'deny' };

/** One checked document as tables. Immutable. */
export class CompiledPolicy {
  readonly name: string;
  /** `name@` and the first 8 hex digits of SHA-256 over the canonical checked document: comments and layout do not change it. */
  readonly id: string;
  readonly document: PolicyDocument;
  readonly #kinds: Readonly<Record<TargetKind, KindRules>>;

  constructor(name: string, document: PolicyDocument) {
    this.name = name;
    this.document = document;
    const canonical = JSON.stringify(canonicalDocument(document));
    this.id = `${name}@${createHash('sha256').update(canonical).digest('hex').slice(0, 8)}`;
    this.#kinds = Object.fromEntries(KINDS.map((kind) => [kind, new KindRules(kind, name, this.id, document)])) as Record<TargetKind, KindRules>;
  }

  judge(query: Query): Judgement {
    return this.#kinds[query.kind].judge(query.name);
  }

  /** As `judge`, for what the upstream asks of the client. */
  judgeClient(feature: ClientFeature): { readonly full: ClientAnswer; readonly enforced: ClientAnswer } {
    const effect = this.document.client.get(feature) ?? 'allow';
    const full: ClientAnswer = { effect, code: effect === 'deny' ? 'denied' : null, rule: pointer('client', feature), policyId: this.id, reason: null };
    return { full, enforced: this.document.mode === 'observe' ? observed(full) : full };
  }

  /** Whether the document can hide a name of this kind. */
  mayHide(kind: TargetKind): boolean {
    return this.#kinds[kind].mayHide;
  }

  /** Whether the document restricts names of this kind; `full` counts what is only observed. */
  restricts(kind: TargetKind, reach: 'enforced' | 'full'): boolean {
    return reach === 'full' ? this.#kinds[kind].restrictsFull : this.#kinds[kind].restricts;
  }

  /** Whether the document could refuse something, of whatever kind. */
  get restrictsAnything(): boolean {
    if (this.document.mode === 'observe') return false;
    if (this.document.default !== 'allow' || KINDS.some((kind) => this.restricts(kind, 'enforced'))) return true;
    return CLIENT_FEATURES.some((feature) => this.document.client.get(feature) === 'deny');
  }
}

class KindRules {
  readonly restricts: boolean;
  readonly restrictsFull: boolean;
  readonly mayHide: boolean;
  readonly #isResource: boolean;
  readonly #observed: boolean;
  readonly #exact: RuleTable;
  /** Resources only: the same rules, compared the way a lenient server would (resource-uri.ts). */
  readonly #folded: RuleTable | null;
  readonly #default: Verdict;
  readonly #unreadable: (problem: string) => Verdict;

  constructor(kind: TargetKind, name: string, policyId: string, document: PolicyDocument) {
    const rules = document.rules[kind].map((rule) => tableRule(kind, name, policyId, rule, document.mode === 'observe'));
    const enforced = rules.filter((rule) => !rule.observe);
    const fallback = document.default;
    const needsDefault = (some: readonly TableRule[]): boolean => !some.some((rule) => rule.selector === '*');
    const restricting = (rule: TableRule): boolean => rule.verdict.effect !== 'allow' || rule.limits.length > 0;

    this.#isResource = kind === 'resource';
    this.#observed = document.mode === 'observe';
    this.restricts = !this.#observed && ((fallback !== 'allow' && needsDefault(enforced)) || enforced.some(restricting));
    this.restrictsFull = (fallback !== 'allow' && needsDefault(rules)) || rules.some(restricting);
    const hides = (some: readonly TableRule[]): boolean => (fallback === 'hide' && needsDefault(some)) || some.some((rule) => rule.verdict.effect === 'hide');
    this.mayHide = !this.#observed && hides(enforced);

    this.#exact = new RuleTable(rules, this.#isResource ? (selector) => spellUri(selector, 'exact') : (selector) => selector);
    this.#folded = this.#isResource ? new RuleTable(rules, (selector) => spellUri(selector, 'folded')) : null;
    this.#default = {
      effect: fallback,
      code: fallback === 'allow' ? null : 'default_denied',
      rule: pointer('default'),
      policyId,
      reason: null,
    };
    const place = rules.length === 0 ? pointer('default') : pointer(SECTION[kind]);
    this.#unreadable = (problem) => {
      // Where something is hidden, an unreadable spelling of it must not show up in a list either.
      const effect = hides(rules) ? 'hide' : 'deny';
      return { effect, code: 'denied', rule: place, policyId, reason: problem };
    };
  }

  judge(name: string): Judgement {
    if (name.length > LONGEST_NAME) return this.#cannotRead(`the ${this.#isResource ? 'URI' : 'name'} is longer than ${LONGEST_NAME} characters`);
    if (this.#folded === null) return this.#fromRules(this.#exact.matches(name));
    const uri = readUri(name);
    if (!uri.ok) return this.#cannotRead(`the URI ${uri.problem}`);
    const exact = this.#fromRules(this.#exact.matches(uri.exact));
    const folded = this.#fromRules(this.#folded.matches(uri.folded));
    return {
      enforced: strictest([exact.enforced, folded.enforced]),
      full: strictest([exact.full, folded.full]),
      limits: [...new Set([...exact.limits, ...folded.limits])],
    };
  }

  #fromRules(rules: readonly TableRule[]): Judgement {
    const full = rules[0]?.verdict ?? this.#default;
    if (this.#observed) return { full, enforced: observed(full), limits: rules.flatMap((rule) => rule.limits) };
    const enforced = rules.find((rule) => !rule.observe)?.verdict ?? this.#default;
    return { full, enforced, limits: rules.flatMap((rule) => rule.limits) };
  }

  /** Could not decide is refused (architecture, "One call"), but only where there is something to decide. */
  #cannotRead(problem: string): Judgement {
    const refusal = this.#unreadable(problem);
    const open: Verdict = { effect: 'allow', code: null, rule: pointer('default'), policyId: refusal.policyId, reason: null };
    const full = this.restrictsFull ? refusal : open;
    if (this.#observed) return { full, enforced: observed(full), limits: [] };
    return { full, enforced: this.restricts ? refusal : open, limits: [] };
  }
}

/** The verdict of an observed document: it lets through what it would have refused, because of its `mode`. */
function observed<V extends Verdict>(full: V): V | Allowed {
  return full.effect === 'allow' ? full : { effect: 'allow', code: null, rule: pointer('mode'), policyId: full.policyId, reason: null };
}

/** The strictest verdict; of equals the first, but one that a rule gave before one that only observation gave. Never empty. */
export function strictest<V extends Verdict>(verdicts: readonly [V, ...V[]]): V {
  const observation = pointer('mode');
  return verdicts.reduce((best, next) => {
    const difference = STRICTNESS[next.effect] - STRICTNESS[best.effect];
    return difference > 0 || (difference === 0 && best.rule === observation && next.rule !== observation) ? next : best;
  });
}

function tableRule(kind: TargetKind, policy: string, policyId: string, rule: RuleModel, documentObserved: boolean): TableRule {
  const at = pointer(SECTION[kind], rule.selector);
  const selector = kind === 'resource' ? spellUri(rule.selector, 'exact') : rule.selector;
  const effect = rule.action ?? 'allow';
  const limits = rule.limits.map((limit, index): LimitClaim => ({
    type: 'rate',
    counter: '',
    policy,
    policyId,
    rule: rule.limitsListed ? `${at}/rate_limit/${index}` : `${at}/rate_limit`,
    kind,
    selector,
    spansTools: selector.includes('*'),
    max: limit.max,
    windowMs: limit.windowSeconds * 1000,
    per: limit.per,
    reason: rule.reason,
    enforce: !rule.observe && !documentObserved,
    onStateError: limit.onStateError,
  }));
  return {
    selector: rule.selector,
    verdict: { effect, code: effect === 'allow' ? null : 'denied', rule: at, policyId, reason: rule.reason },
    limits,
    observe: rule.observe,
    literals: parseGlob(selector).literals,
  };
}

function spellUri(selector: string, form: 'exact' | 'folded'): string {
  if (selector === '*') return selector;
  const reading = readUriSelector(selector);
  if (!reading.ok) throw new TypeError(`the selector of a checked document ${reading.problem}`);
  return reading[form];
}
