import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/policy/index.ts';
import { refusalText } from '../../src/policy/index.ts';

const base: Refusal = { code: 'denied', kind: 'tool', name: 'pay', rule: '/tools/pay', reason: null };

const sentences: [string, Partial<Refusal>, string][] = [
  ['a denied tool', {}, '[POLICY DENIED] tool `pay` is denied by policy (rule /tools/pay)'],
  ['a denied prompt', { kind: 'prompt', rule: '/prompts/pay' }, '[POLICY DENIED] prompt `pay` is denied by policy (rule /prompts/pay)'],
  ['a default', { code: 'default_denied', rule: '/default' }, '[POLICY DENIED] no rule allows `pay` (rule /default)'],
  ['a reason of the policy', { reason: 'ask finance' }, '[POLICY DENIED] ask finance (rule /tools/pay)'],
  ['a reason over lines', { reason: ' ask\n  finance\n' }, '[POLICY DENIED] ask finance (rule /tools/pay)'],
  [
    'a limit',
    { code: 'rate_limited', limit: { type: 'rate', max: 10, windowMs: 60_000 }, retryAfterMs: 4200, rule: '/tools/pay/rate_limit' },
    '[POLICY DENIED] limit of 10 calls per 60 s reached; retry after 5 s (rule /tools/pay/rate_limit)',
  ],
  ['a limit of one', { code: 'rate_limited', limit: { type: 'rate', max: 1, windowMs: 1000 }, retryAfterMs: 1 }, '[POLICY DENIED] limit of 1 call per 1 s reached; retry after 1 s (rule /tools/pay)'],
  ['a limit with a reason', { code: 'rate_limited', limit: { type: 'rate', max: 1, windowMs: 1000 }, retryAfterMs: 1000, reason: 'slow down' }, '[POLICY DENIED] slow down; retry after 1 s (rule /tools/pay)'],
  ['a budget', { code: 'budget_exceeded', limit: { type: 'budget', max: '500.5', windowMs: 86_400_000 }, retryAfterMs: 61_000 }, '[POLICY DENIED] budget of 500.5 per 86400 s would be exceeded; retry after 61 s (rule /tools/pay)'],
  ['a budget that never fits', { code: 'budget_exceeded', limit: { type: 'budget', max: '5', windowMs: 1000 }, retryAfterMs: null }, '[POLICY DENIED] budget of 5 per 1 s would be exceeded; an amount as large as this never fits (rule /tools/pay)'],
  [
    'an approval that waits',
    { code: 'approval_pending', reason: 'finance decides', approval: { id: 'a1', expiresAt: '2026-01-01T00:00:00Z' } },
    '[POLICY DENIED] `pay` needs an approval that has not been given yet (request a1, until 2026-01-01T00:00:00Z); repeat the identical call later (finance decides) (rule /tools/pay)',
  ],
  [
    'an approval that waits on a page',
    { code: 'approval_pending', approval: { id: 'a1', url: 'https://approvals.example.test/approvals/a1', expiresAt: '2026-01-01T00:00:00Z' } },
    '[POLICY DENIED] `pay` needs an approval that has not been given yet (request a1, decided at https://approvals.example.test/approvals/a1, until 2026-01-01T00:00:00Z); repeat the identical call later (rule /tools/pay)',
  ],
  ['an approval that was denied', { code: 'approval_denied', reason: 'finance decides' }, '[POLICY DENIED] the approval for `pay` was denied (finance decides) (rule /tools/pay)'],
  ['state out of reach', { code: 'state_unavailable' }, '[POLICY DENIED] the state that a limit for `pay` needs is out of reach, so it is refused (rule /tools/pay)'],
];

describe('the sentence that the agent reads', () => {
  it.each(sentences)('names %s', (_, change, expected) => expect(refusalText({ ...base, ...change })).toBe(expected));

  it('exists for every code', () => {
    const codes = ['denied', 'default_denied', 'condition_failed', 'invalid_arguments', 'rate_limited', 'budget_exceeded', 'approval_pending', 'approval_denied', 'approval_expired', 'policy_error', 'state_unavailable'] as const;
    const texts = codes.map((code) => refusalText({ ...base, code }));
    expect(new Set(texts).size).toBe(codes.length);
    for (const text of texts) expect(text).toMatch(/^\[POLICY DENIED\] .+ \(rule \/tools\/pay\)$/);
  });

  it('cannot be rewritten by a hostile name', () => {
    const text = refusalText({ ...base, name: 'x`\n\u001b[2J\u202edeny\u200b\ud83d' });
    expect(text).toBe('[POLICY DENIED] tool `x\\u{60}\\u{a}\\u{1b}[2J\\u{202e}deny\\u{200b}\\u{d83d}` is denied by policy (rule /tools/pay)');
    expect(refusalText({ ...base, name: '😀'.repeat(500) })).toBe(`[POLICY DENIED] tool \`${'😀'.repeat(128)}…\` is denied by policy (rule /tools/pay)`);
  });
});
