import { expect } from 'vitest';
import type { ApprovalRecord } from '../../../src/state/types.ts';
import { databasePath, visitState } from '../../../src/state/open.ts';
import { sign } from '../../../src/upstream/signature.ts';
import { sha256 } from '../approval-http/support.ts';
import type { Answer, HttpHarness } from '../http-harness.ts';

export type Way = 'cli' | 'link' | 'token' | 'webhook';

const ALICE = 'pla_token-of-alice-in-the-tests';
const SECRET = 'secret-of-the-webhook-in-tests';

/** Gives a gateway an approver with a token, and a webhook that nobody answers. */
export function staffed(harness: HttpHarness): Promise<void> {
  return harness.reconfigure((config) => ({ ...config, approvals: { publicUrl: null, webhook: { url: new URL('http://127.0.0.1:9/'), secret: SECRET }, approvers: [{ name: 'alice', tokenSha256: sha256(ALICE) }] } }));
}

/** The requests that wait, the newest first, as another connection to the store sees them. */
export async function pending(harness: HttpHarness, count = 1): Promise<readonly [ApprovalRecord, ...ApprovalRecord[]]> {
  const state = await visitState({ path: databasePath(harness.directory) });
  try {
    for (let tries = 0; tries < 500; tries += 1) {
      const [first, ...others] = state.approvals({ status: ['pending'] });
      if (first !== undefined && others.length + 1 >= count) return [first, ...others];
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('no request for approval came');
  } finally {
    state.close();
  }
}

/** Decides the newest request that waits, as a person or a program would, over a real connection. */
export async function decide(harness: HttpHarness, way: Way, decision: 'approve' | 'deny' = 'approve', options: { readonly comment?: string; readonly name?: string } = {}): Promise<void> {
  const waiting = await pending(harness);
  const { id } = waiting.find((record) => options.name === undefined || record.name === options.name) ?? waiting[0];
  const comment = options.comment ?? '';
  if (way === 'token') return taken(await posted(harness, id, ALICE, decision, comment));
  if (way === 'webhook') {
    const body = JSON.stringify({ id, decision, approver: 'dora', comment });
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = { 'content-type': 'application/json', 'policylayer-timestamp': timestamp, 'policylayer-signature': sign(SECRET, 'decision', timestamp, Buffer.from(body)) };
    return taken(await harness.send({ path: `/approvals/${id}/decision`, headers, body }));
  }
  const state = await visitState({ path: databasePath(harness.directory) });
  const secret = way === 'link' ? state.mintApprovalLink(id, 'carol') : null;
  const voted = way === 'cli' ? state.vote(id, { approver: 'root', way: 'cli', decision, comment: comment === '' ? null : comment }) : null;
  state.close();
  if (way === 'link') return taken(await posted(harness, id, secret ?? '', decision, comment));
  expect(voted).toMatchObject({ ok: true });
}

function posted(harness: HttpHarness, id: string, secret: string, decision: string, comment: string): Promise<Answer> {
  return harness.send({ path: `/approvals/${id}/decide`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ secret, decision, comment }).toString() });
}

function taken(answer: Answer): void {
  expect(answer.status).toBe(200);
}
