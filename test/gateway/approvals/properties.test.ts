import fc from 'fast-check';
import { expect, test } from 'vitest';
import { watchOf } from '../../../src/gateway/approvals/watch.ts';
import { ConversationHarness } from '../conversation-harness.ts';
import { policySet } from '../run-harness.ts';

/** What may happen to calls for two amounts, in any order. `amount` says which, `pick` which of several. */
const step = fc.record({
  what: fc.constantFrom('call', 'call', 'call', 'approve', 'approve', 'deny', 'cancel', 'answer', 'unreached', 'broken', 'edit'),
  amount: fc.constantFrom(1, 2),
  pick: fc.nat(5),
});

const POLICY = (reason: string): string => `version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, reason: ${reason}, approval: { wait: 10s }, rate_limit: "1000/hour" }\n`;
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('[#33, #36, N2] however calls, votes, cancellations, failures and edits come together: no call runs without an approval of its own, and none that was withdrawn', async () => {
  const policies = [await policySet(POLICY('one')), await policySet(POLICY('two'))] as const;
  let executed = 0;
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const it = await ConversationHarness.start(POLICY('one'));
    try {
      let id = 0;
      let edition = 0;
      const held = new Map<number, number>();
      const running = new Map<number, number>();
      const given = new Map<number, number>();
      const ran = new Map<number, number>();
      const add = (map: Map<number, number>, amount: number, by: number): void => void map.set(amount, (map.get(amount) ?? 0) + by);
      const withdrawn = new Set<number>();
      const chosen = (map: Map<number, number>, pick: number): number | null => [...map.keys()][pick % Math.max(1, map.size)] ?? null;
      for (const { what, amount, pick } of steps) {
        if (what === 'call') {
          id += 1;
          const mine = id;
          held.set(mine, amount);
          void it.client(`{"jsonrpc":"2.0","id":${mine},"method":"tools/call","params":{"name":"pay","arguments":{"amount":${amount}}}}`).then((outcome) => {
            held.delete(mine);
            if (outcome !== 'forward') return;
            expect(withdrawn.has(mine)).toBe(false);
            running.set(mine, amount);
            add(ran, amount, 1);
            executed += 1;
          });
        } else if (what === 'approve' || what === 'deny') {
          const pending = (await it.state.approvals({ status: ['pending'] })).filter(({ argumentsText }) => argumentsText?.includes(`:${amount}}`));
          const record = pending[pick % Math.max(1, pending.length)];
          if (record === undefined) continue;
          const result = await it.state.vote(record.id, { approver: 'alice', way: 'cli', decision: what, comment: null });
          if (result.ok && what === 'approve') add(given, amount, 1);
        } else if (what === 'cancel') {
          const key = chosen(held, pick);
          if (key === null) continue;
          withdrawn.add(key);
          await it.client(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${key}}}`);
        } else if (what === 'edit') {
          edition = 1 - edition;
          it.principal.swap(policies[edition] ?? policies[0]);
        } else {
          const key = chosen(running, pick);
          if (key === null) continue;
          if (what === 'answer') it.upstream(`{"jsonrpc":"2.0","id":${key},"result":{"content":[]}}`);
          else it.failed(`n:${key}`, what === 'broken');
          // What was never reached has its approval back.
          if (what === 'unreached') add(given, running.get(key) ?? 0, 1);
          running.delete(key);
          await it.state.flush();
        }
        for (const { id: approval } of await it.state.approvals({})) watchOf(it.state).look(approval);
        await settled();
        for (const each of [1, 2]) expect(ran.get(each) ?? 0).toBeLessThanOrEqual(given.get(each) ?? 0);
      }
      it.conversation.end();
      for (let round = 0; round < 100 && held.size > 0; round += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(held.size).toBe(0);
      for (const each of [1, 2]) expect(ran.get(each) ?? 0).toBeLessThanOrEqual(given.get(each) ?? 0);
      const used = (await it.rows()).filter((row) => row.reason?.startsWith('approval ') === true && row.method === 'tools/call' && row.code === null);
      expect(used.length).toBeGreaterThanOrEqual([...ran.values()].reduce((sum, count) => sum + count, 0));
    } finally {
      await it.close();
    }
  }), { numRuns: 60 });
  expect(executed).toBeGreaterThan(0);
}, 120_000);
