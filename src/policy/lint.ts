import type { CompiledPolicy } from './compiled-policy.ts';
import { spansNames } from './class-selector.ts';
import type { Action, PolicyDocument, RuleModel, SelectorModel } from './document.ts';
import { KINDS } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { TargetKind } from './types.ts';
import { lintConditions } from './lint-conditions.ts';
import { lintLimits } from './lint-limits.ts';
import { lintSelectors } from './lint-selectors.ts';
import { quoted } from './printable.ts';
import { parseGlob } from './glob.ts';
import { GlobIndex } from './glob-index.ts';

/** Reports what is legal and probably not meant. Never changes what a policy does. */
export function lint(policy: CompiledPolicy, reporter: Reporter): void {
  const { document } = policy;
  for (const kind of KINDS) {
    const selectors = document.rules[kind];
    lintSelectors(kind, selectors, reporter);
    const broader = broaderRules(document, kind);
    for (const selector of selectors) {
      const next = broader(selector);
      for (const rule of selector.rules) {
        lintLimits(rule, reporter);
        lintConditions(rule, policy.sources, reporter);
        lintImplicitAllow(rule, next, reporter);
        lintObservedAllow(rule, next, reporter);
      }
    }
  }
}

/** What decides a name when the selector that names it is not there. */
interface Next {
  readonly action: Action;
  readonly called: string;
  readonly isGlob: boolean;
}

/** For an exact name: the globs that cover it, then `*`, then the default. For a glob or a class: `*`, then the default. */
function broaderRules(document: PolicyDocument, kind: TargetKind): (selector: SelectorModel) => Next {
  const enforced = document.rules[kind].flatMap((entry) => {
    // Only a rule that always applies can be named as what decides instead.
    const rule = entry.rules.find((candidate) => !candidate.observe && candidate.when === null);
    return rule === undefined ? [] : [rule];
  });
  const globs = new GlobIndex(enforced.filter((rule) => isGlob(rule.selector)).map((rule) => ({ rule, glob: parseGlob(rule.selector) })));
  const star = enforced.find((rule) => rule.selector === '*');
  const fallback: Next = { action: document.default, called: `\`default: ${document.default}\``, isGlob: false };
  const base: Next = star === undefined ? fallback : { action: star.action ?? 'allow', called: '`"*"`', isGlob: false };
  return ({ selector }) => {
    if (selector === '*') return fallback;
    if (spansNames(selector)) return base;
    const [first] = globs.find(selector).sort((a, b) => b.glob.literals - a.glob.literals);
    return first === undefined ? base : { action: first.rule.action ?? 'allow', called: quoted(first.rule.selector, 60), isGlob: true };
  };
}

function isGlob(selector: string): boolean {
  return selector !== '*' && selector.includes('*');
}

/**
 * A rule with only guards allows (policy.md, "Rule"). On one exact name with a restrictive default that is how limits are
 * written; on a pattern, or against a pattern that forbids, it opens more than its author may see.
 */
function lintImplicitAllow(rule: RuleModel, next: Next, reporter: Reporter): void {
  if (rule.action !== null || rule.observe || next.action === 'allow') return;
  if (!spansNames(rule.selector) && !next.isGlob) return;
  const what = spansNames(rule.selector) ? `everything that ${quoted(rule.selector, 60)} matches` : quoted(rule.selector, 60);
  const onlyLimits = rule.limits.length > 0 && rule.budgets.length + rule.require.length + rule.denyIf.length + rule.arguments.constraints.length === 0;
  reporter.warning(
    'implicit_allow',
    rule.span,
    rule.at,
    `this rule has only ${onlyLimits ? 'limits' : 'guards'}, so it allows ${what}, which ${next.called} would ${next.action === 'require_approval' ? 'ask about' : 'refuse'}`,
    'write `action: allow` to say so, or `action: deny`',
  );
}

/** An observed rule is skipped, so it opens nothing. */
function lintObservedAllow(rule: RuleModel, next: Next, reporter: Reporter): void {
  if (!rule.observe || (rule.action ?? 'allow') !== 'allow' || next.action === 'allow' || next.action === 'require_approval') return;
  reporter.warning(
    'observed_allow',
    rule.span,
    rule.at,
    `this rule only observes, so ${quoted(rule.selector, 60)} is still refused by ${next.called}`,
    'remove `mode: observe` from the rule to let calls through, or set `mode: observe` on the document to block nothing',
  );
}
