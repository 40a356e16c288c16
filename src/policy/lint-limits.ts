import { spansNames } from './class-selector.ts';
import type { LimitModel, RuleModel } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import { quoted } from './printable.ts';

/** Windows from here on are quotas: people expect them to outlive a reconnect. */
const QUOTA_SECONDS = 3600;

/** Limits that never count, never bite, or start again more often than their author may think. */
export function lintLimits(rule: RuleModel, reporter: Reporter): void {
  lintBudgets(rule, reporter);
  const at = `${rule.at}/rate_limit`;
  const [first] = rule.limits;
  if (first === undefined) return;
  if (refuses(rule) && !spansNames(rule.selector)) {
    reporter.warning('unused_limit', first.span, at, `the rule refuses ${quoted(rule.selector, 60)}, so its limit never counts a call`, 'remove `rate_limit`, or allow the call');
  }
  for (const [index, limit] of rule.limits.entries()) {
    const here = rule.limitsListed ? `${at}/${index}` : at;
    const tighter = rule.limits.find((other) => other !== limit && other.per.join() === limit.per.join() && other.windowSeconds >= limit.windowSeconds && other.max <= limit.max);
    if (tighter !== undefined) {
      reporter.warning('redundant_limit', limit.span, here, `${say(limit)} can never be reached, because ${say(tighter)} is reached first`, 'remove it');
    }
    if (limit.per.includes('session') && limit.windowSeconds >= QUOTA_SECONDS) {
      reporter.warning('session_quota', limit.span, here, `${say(limit)} is counted per session, so a client that reconnects starts again at zero`, 'count it for the whole grant: `per: grant`');
    }
  }
}

/** Nothing is spent by calls that are refused, and a budget per session is spent anew by every session. */
function lintBudgets(rule: RuleModel, reporter: Reporter): void {
  const at = `${rule.at}/budget`;
  const [first] = rule.budgets;
  if (first !== undefined && refuses(rule) && !spansNames(rule.selector)) {
    reporter.warning('unused_limit', first.span, at, `the rule refuses ${quoted(rule.selector, 60)}, so its budget never counts a call`, 'remove `budget`, or allow the call');
  }
  for (const [index, budget] of rule.budgets.entries()) {
    if (!budget.per.includes('session') || budget.windowSeconds < QUOTA_SECONDS) continue;
    reporter.warning('session_quota', budget.span, rule.budgetsListed ? `${at}/${index}` : at, `the budget of ${budget.max} per ${budget.windowSeconds} s is counted per session, so a client that reconnects starts again at zero`, 'count it for the whole grant: `per: grant`');
  }
}

function refuses(rule: RuleModel): boolean {
  return rule.action === 'deny' || rule.action === 'hide';
}

function say(limit: LimitModel): string {
  return `${limit.max} per ${limit.windowSeconds} s`;
}
