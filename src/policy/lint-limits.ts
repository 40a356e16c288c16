import type { LimitModel, RuleModel } from './document.ts';
import { SECTION } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { TargetKind } from './types.ts';
import { pointer } from './pointer.ts';
import { quoted } from './printable.ts';

/** Windows from here on are quotas: people expect them to outlive a reconnect. */
const QUOTA_SECONDS = 3600;

/** Limits that never count, never bite, or start again more often than their author may think. */
export function lintLimits(kind: TargetKind, rule: RuleModel, reporter: Reporter): void {
  const at = `${pointer(SECTION[kind], rule.selector)}/rate_limit`;
  const [first] = rule.limits;
  if (first === undefined) return;
  if (rule.action !== null && rule.action !== 'allow' && !rule.selector.includes('*')) {
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

function say(limit: LimitModel): string {
  return `${limit.max} per ${limit.windowSeconds} s`;
}
