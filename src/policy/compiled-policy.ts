import { createHash } from 'node:crypto';
import type { ClientFeature, TargetKind, Verdict } from './types.ts';
import { canonicalDocument } from './canonical.ts';
import type { ToolClass } from './class-selector.ts';
import { classOf, isClassSelector } from './class-selector.ts';
import type { CompiledSources } from './compile-sources.ts';
import type { PolicyDocument, SelectorModel } from './document.ts';
import { CLIENT_FEATURES, KINDS, SECTION } from './document.ts';
import type { EngineRule, RulePlace } from './engine-rule.ts';
import { engineRule, restricts } from './engine-rule.ts';
import type { Judgement, Plan } from './plan.ts';
import { makePlan } from './plan.ts';
import { pointer } from './pointer.ts';
import { readUri, readUriSelector } from './resource-uri.ts';
import type { TableSelector } from './rule-table.ts';
import { RuleTable } from './rule-table.ts';
import { SourceText } from './source-text.ts';
import type { ClientAnswer } from './verdicts.ts';
import { observed } from './verdicts.ts';

/** Longer names are refused where a rule exists. Selectors are shorter, and work per call stays bounded. UTF-16 units. */
export const LONGEST_NAME = 8192;

/** One checked document as tables. Immutable. */
export class CompiledPolicy {
  readonly name: string;
  /** `name@` and the first 8 hex digits of SHA-256 over the canonical checked document: comments and layout do not change it. */
  readonly id: string;
  /** As `id`, with all 64 digits. */
  readonly digest: string;
  readonly document: PolicyDocument;
  /** The compiled expressions of the document, by their text. */
  readonly sources: CompiledSources;
  /** The text that it came from, for messages; empty when it came from a cache. */
  readonly text: SourceText;
  readonly #kinds: Readonly<Record<TargetKind, KindRules>>;

  constructor(name: string, document: PolicyDocument, sources: CompiledSources, text: SourceText = new SourceText('', name)) {
    this.name = name;
    this.document = document;
    this.sources = sources;
    this.text = text;
    const hash = createHash('sha256').update(canonicalDocument(document)).digest('hex');
    this.id = `${name}@${hash.slice(0, 8)}`;
    this.digest = `${name}@${hash}`;
    this.#kinds = Object.fromEntries(KINDS.map((kind) => [kind, new KindRules(kind, name, this.id, document, sources)])) as Record<TargetKind, KindRules>;
  }

  /** Everything that the document has for one name. @param toolClass what is known of the tool; for tools only */
  plan(kind: TargetKind, name: string, toolClass: ToolClass | null = null): Plan {
    return this.#kinds[kind].plan(name, kind === 'tool' ? (toolClass ?? classOf(null)) : null);
  }

  /** What the document says of a request of the upstream to the client. */
  judgeClient(feature: ClientFeature): { readonly full: ClientAnswer; readonly enforced: ClientAnswer } {
    const effect = this.document.client.get(feature) ?? 'allow';
    const full: ClientAnswer = { effect, code: effect === 'deny' ? 'denied' : null, rule: pointer('client', feature), policyId: this.id, reason: null };
    return { full, enforced: this.document.mode === 'observe' ? observed(full) : full };
  }

  /** Whether the document can hide a name of this kind. */
  mayHide(kind: TargetKind): boolean {
    return this.#kinds[kind].mayHide;
  }

  /** Whether some rule asks what a tool does to the world. */
  get needsClasses(): boolean {
    return this.sources.toolFields.has('category') || this.sources.toolFields.has('risk') || this.document.rules.tool.some(({ selector }) => isClassSelector(selector));
  }

  /** Whether the document constrains the arguments of some tool. */
  get mayNarrow(): boolean {
    return this.#kinds.tool.mayNarrow;
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
  readonly mayNarrow: boolean;
  readonly #isResource: boolean;
  readonly #observes: boolean;
  readonly #exact: RuleTable;
  /** Resources only: the same rules, compared the way a lenient server would (resource-uri.ts). */
  readonly #folded: RuleTable | null;
  readonly #default: Verdict;
  readonly #unreadable: (problem: string) => Verdict;

  constructor(kind: TargetKind, policy: string, policyId: string, document: PolicyDocument, sources: CompiledSources) {
    const entries = document.rules[kind].map((model) => tableSelector(model, { kind, policy, policyId, selector: '', enforced: document.mode !== 'observe' }, sources));
    const rules = entries.flatMap((entry) => entry.rules);
    const enforced = rules.filter((rule) => !rule.observe);
    const fallback = document.default;
    const stars = new Set(entries.find((entry) => entry.selector === '*')?.rules);
    const needsDefault = (some: readonly EngineRule[]): boolean => !some.some((rule) => rule.when === null && stars.has(rule));
    const hides = (some: readonly EngineRule[]): boolean => (fallback === 'hide' && needsDefault(some)) || some.some((rule) => rule.effect === 'hide');

    this.#isResource = kind === 'resource';
    this.#observes = document.mode === 'observe';
    this.restricts = !this.#observes && ((fallback !== 'allow' && needsDefault(enforced)) || enforced.some(restricts));
    this.restrictsFull = (fallback !== 'allow' && needsDefault(rules)) || rules.some(restricts);
    this.mayHide = !this.#observes && hides(enforced);
    this.mayNarrow = !this.#observes && enforced.some((rule) => rule.arguments.constraints.length > 0 || !rule.arguments.additional);

    this.#exact = new RuleTable(entries, this.#isResource ? (selector) => spellUri(selector, 'exact') : (selector) => selector);
    this.#folded = this.#isResource ? new RuleTable(entries, (selector) => spellUri(selector, 'folded')) : null;
    this.#default = {
      effect: fallback,
      code: fallback === 'deny' || fallback === 'hide' ? 'default_denied' : null,
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

  plan(name: string, toolClass: ToolClass | null): Plan {
    if (name.length > LONGEST_NAME) return this.#cannotRead(`the ${this.#isResource ? 'URI' : 'name'} is longer than ${LONGEST_NAME} characters`);
    if (this.#folded === null) return makePlan(this.#exact.matches(name, toolClass), [], this.#default, this.#observes);
    const uri = readUri(name);
    if (!uri.ok) return this.#cannotRead(`the URI ${uri.problem}`);
    return makePlan(this.#exact.matches(uri.exact), [this.#folded.matches(uri.folded)], this.#default, this.#observes);
  }

  /** Could not decide is refused (architecture, "One call"), but only where there is something to decide. */
  #cannotRead(problem: string): Plan {
    const refusal = this.#unreadable(problem);
    const open: Verdict = { effect: 'allow', code: null, rule: pointer('default'), policyId: refusal.policyId, reason: null };
    const full = this.restrictsFull ? refusal : open;
    const enforced = this.#observes ? observed(full) : this.restricts ? refusal : open;
    const unreadable: Judgement = { full, enforced, applied: [], approval: null };
    return { ...makePlan([], [], this.#default, this.#observes), unreadable };
  }
}

function tableSelector({ selector, rules }: SelectorModel, place: RulePlace, sources: CompiledSources): TableSelector {
  const spelt = place.kind === 'resource' ? spellUri(selector, 'exact') : selector;
  return { selector, rules: rules.map((rule) => engineRule(rule, { ...place, selector: spelt }, sources)) };
}

function spellUri(selector: string, form: 'exact' | 'folded'): string {
  if (selector === '*') return selector;
  const reading = readUriSelector(selector);
  if (!reading.ok) throw new TypeError(`the selector of a checked document ${reading.problem}`);
  return reading[form];
}
