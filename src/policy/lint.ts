import type { Action, PolicyDocument, RuleModel } from './document.ts';
import { KINDS, SECTION } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { TargetKind } from './types.ts';
import { lintLimits } from './lint-limits.ts';
import { lintSelectors } from './lint-selectors.ts';
import { pointer } from './pointer.ts';
import { quoted } from './printable.ts';
import { parseGlob } from './glob.ts';
import { GlobIndex } from './glob-index.ts';

/** Reports what is legal and probably not meant. Never changes what a policy does. */
export function lint(document: PolicyDocument, reporter: Reporter): void {
  for (const kind of KINDS) {
    const rules = document.rules[kind];
    lintSelectors(kind, rules, reporter);
    const broader = broaderRules(document, kind);
    for (const rule of rules) {
      lintLimits(kind, rule, reporter);
      const next = broader(rule);
      lintImplicitAllow(kind, rule, next, reporter);
      lintObservedAllow(kind, rule, next, reporter);
    }
  }
}

/** What decides a name when the rule that names it is not there. */
interface Next {
  readonly action: Action;
  readonly called: string;
  readonly isGlob: boolean;
}

/** For an exact name: the globs that cover it, then `*`, then the default. For a glob: `*`, then the default. */
function broaderRules(document: PolicyDocument, kind: TargetKind): (rule: RuleModel) => Next {
  const enforced = document.rules[kind].filter((rule) => !rule.observe);
  const globs = new GlobIndex(enforced.filter((rule) => isGlob(rule.selector)).map((rule) => ({ rule, glob: parseGlob(rule.selector) })));
  const star = enforced.find((rule) => rule.selector === '*');
  const fallback: Next = { action: document.default, called: `\`default: ${document.default}\``, isGlob: false };
  const base: Next = star === undefined ? fallback : { action: star.action ?? 'allow', called: '`"*"`', isGlob: false };
  return (rule) => {
    if (rule.selector === '*') return fallback;
    if (isGlob(rule.selector)) return base;
    const [first] = globs.find(rule.selector).sort((a, b) => b.glob.literals - a.glob.literals);
    return first === undefined ? base : { action: first.rule.action ?? 'allow', called: quoted(first.rule.selector, 60), isGlob: true };
  };
}

function isGlob(selector: string): boolean {
  return selector !== '*' && selector.includes('*');
}

/**
 * A rule with only limits allows (policy.md, "Rule"). On one exact name with a restrictive default that is how limits are
 * written; on a pattern, or against a pattern that forbids, it opens more than its author may see.
 */
function lintImplicitAllow(kind: TargetKind, rule: RuleModel, next: Next, reporter: Reporter): void {
  if (rule.action !== null || rule.observe || next.action === 'allow') return;
  if (!rule.selector.includes('*') && !next.isGlob) return;
  const what = rule.selector.includes('*') ? `everything that ${quoted(rule.selector, 60)} matches` : quoted(rule.selector, 60);
  reporter.warning(
    'implicit_allow',
    rule.span,
    pointer(SECTION[kind], rule.selector),
    `this rule has only limits, so it allows ${what}, which ${next.called} would refuse`,
    'write `action: allow` to say so, or `action: deny`',
  );
}

/** An observed rule is skipped, so it opens nothing. */
function lintObservedAllow(kind: TargetKind, rule: RuleModel, next: Next, reporter: Reporter): void {
  if (!rule.observe || (rule.action ?? 'allow') !== 'allow' || next.action === 'allow') return;
  reporter.warning(
    'observed_allow',
    rule.span,
    pointer(SECTION[kind], rule.selector),
    `this rule only observes, so ${quoted(rule.selector, 60)} is still refused by ${next.called}`,
    'remove `mode: observe` from the rule to let calls through, or set `mode: observe` on the document to block nothing',
  );
}
