import type { BudgetClaim, RateClaim } from '../../src/policy/types.ts';
import { createHash } from 'node:crypto';
import type { ApprovalRequest, CounterScope, JournalEntry } from '../../src/state/types.ts';

export function claim(over: Partial<RateClaim> = {}): RateClaim {
  return {
    type: 'rate', counter: '',
    policy: 'mq', policyId: 'mq@1', rule: '/tools/send/rate_limit', kind: 'tool', selector: 'send', spansTools: false,
    max: 3, windowMs: 1000, per: ['session'], reason: null, enforce: true, onStateError: 'deny', ...over,
  };
}

export function budget(over: Partial<BudgetClaim> = {}): BudgetClaim {
  return {
    type: 'budget', counter: 'args.amount', amount: '1',
    policy: 'mq', policyId: 'mq@1', rule: '/tools/send/budget', kind: 'tool', selector: 'send', spansTools: false,
    max: '3', windowMs: 1000, per: ['session'], reason: null, enforce: true, onStateError: 'deny', ...over,
  };
}

export function scope(over: Partial<CounterScope> = {}): CounterScope {
  return { server: 'amazon-mq', grant: 'support', session: 's-1', name: 'send', ...over };
}

let entries = 0;
export function entry(over: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: `d-${++entries}`, server: 'amazon-mq', grant: 'support', session: 's-1', transport: 'http', protocol: '2025-11-25',
    method: 'tools/call', name: 'send', requestId: '7', outcome: 'forwarded', code: null, rule: '/tools/send', policy: 'mq@1',
    reason: null, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null,
    latencyMs: null, ...over,
  };
}

/** @param call what is to be approved: equal texts are the same call */
export function request(call: string, over: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    digest: createHash('sha256').update(call).digest('hex'), server: 'amazon-mq', grant: 'support', session: 's-1', kind: 'tool', method: 'tools/call', name: 'send',
    argumentsText: `{"to":${JSON.stringify(call)}}`, alsoSent: null, definitionHash: 'ab'.repeat(32), policies: 'mq@1', policyId: 'mq@1', rule: '/tools/send', reason: 'ask first', needed: 1,
    approvers: null, via: ['cli', 'link'], timeoutMs: 3_600_000, ...over,
  };
}
