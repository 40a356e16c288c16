import { describe, expect, test } from 'vitest';
import type { ApprovalRecord, ApprovalRequest, ApprovalVote, State, VoteResult } from '../../src/state/types.ts';
import { budget, claim, entry, request, scope } from './builders.ts';
import { forEachEngine, one } from './contract/engine.ts';

const HOUR_US = 3_600_000_000;
const YES: ApprovalVote = { approver: 'alice', way: 'cli', decision: 'approve', comment: null };
const NO: ApprovalVote = { ...YES, decision: 'deny' };

forEachEngine('approvals', (engine) => {
  /** Asks, and expects a record: the state it is in. */
  async function ask(state: State, call: string, over: Partial<ApprovalRequest> = {}): Promise<ApprovalRecord & { answer: string; created: boolean }> {
    const answer = await state.requestApproval(request(call, over));
    if (answer.status === 'too_many') return expect.fail('too many wait');
    return { ...answer.record, answer: answer.status, created: answer.created };
  }

  async function approved(state: State, call: string, over: Partial<ApprovalRequest> = {}): Promise<ApprovalRecord> {
    const { id } = await ask(state, call, over);
    const result = await state.vote(id, YES);
    expect(result.ok).toBe(true);
    return (await state.approval(id)) ?? expect.fail('it is gone');
  }

  /** A call that uses an approval. @returns the id of its row, or what refused it */
  async function use(state: State, { id, digest }: { id: string; digest: string }, limits = [claim()]): Promise<string> {
    const row = entry();
    const result = await state.admit(limits, scope(), row, { id, digest });
    if (result.ok) return row.id;
    return result.refusal === 'approval' ? 'approval' : result.refusal.claim.type;
  }

  async function whyNot(result: VoteResult | Promise<VoteResult>): Promise<string> {
    const vote = await result;
    return vote.ok ? 'counted' : vote.why;
  }

  test('a request comes back as it was made, and an identical call finds it', async () => {
    const { state, clock } = await one(engine);
    const wanted = request('a', { argumentsText: '{"amount":1e400,"x":"\\u202e\u0000\ud800"}', alsoSent: '{"meta":{"x":"\u0000"}}', name: `nul\u0000${'n'.repeat(4_000)}end`, approvers: ['alice', 'bob'], needed: 2, session: null, reason: null, definitionHash: null });
    const answer = await state.requestApproval(wanted);
    const createdAt = new Date(clock.wallMs()).toISOString();
    const expiresAt = new Date(clock.wallMs() + 3_600_000).toISOString();
    expect(answer).toEqual({ status: 'pending', created: true, record: { ...wanted, id: expect.stringMatching(/^[\w-]{22}$/), status: 'pending', createdAt, expiresAt, votes: [], usedBy: null } });
    const again = await ask(state, 'a');
    expect(again).toMatchObject({ answer: 'pending', created: false });
    expect((await ask(state, 'b')).id).not.toBe(again.id);
    expect(await state.approval(again.id)).toEqual(answer.status === 'too_many' ? null : answer.record);
    expect(await state.approval('no such id')).toBeNull();
    await state.close();
  });

  test('[#33] an approved call runs once, only as what was approved, and is in the journal with its approval', async () => {
    const { state } = await one(engine);
    const given = await approved(state, 'pay 10');
    expect(await ask(state, 'pay 10')).toMatchObject({ answer: 'approved', created: false });
    expect(await use(state, { id: given.id, digest: request('pay 9999').digest })).toBe('approval');
    expect(await use(state, { id: 'another', digest: given.digest })).toBe('approval');
    const row = await use(state, given);
    expect(await state.approval(given.id)).toMatchObject({ status: 'used', usedBy: row });
    expect(await use(state, given)).toBe('approval');
    expect(await ask(state, 'pay 10')).toMatchObject({ answer: 'pending', created: true });
    expect((await state.query({ method: 'tools/call' })).map(({ id }) => id)).toEqual([row]);
    await state.close();
  });

  test.each(['pending', 'denied', 'expired', 'approved and expired'])('[#33] an approval that is %s lets nothing through, and nothing is counted', async (kind) => {
    const { state, clock } = await one(engine);
    const asked = await ask(state, 'a');
    if (kind === 'denied') await state.vote(asked.id, NO);
    if (kind === 'approved and expired') await state.vote(asked.id, YES);
    if (kind.endsWith('expired')) clock.pass(HOUR_US);
    const limit = claim({ max: 1, windowMs: 1e9 });
    expect(await use(state, asked, [limit])).toBe('approval');
    expect(await state.query({ method: 'tools/call' })).toEqual([]);
    expect((await state.reserve([limit], scope())).ok).toBe(true);
    await state.close();
  });

  test('a call that does not fit into its limits leaves its approval unused, and one without its approval takes nothing', async () => {
    const { state } = await one(engine);
    const limits = [claim({ max: 1, windowMs: 1e6 })];
    const [first, second] = [await approved(state, 'a'), await approved(state, 'b')];
    expect(await use(state, first, limits)).toMatch(/^d-/);
    expect(await use(state, second, limits)).toBe('rate');
    expect(await state.approval(second.id)).toMatchObject({ status: 'approved', usedBy: null });
    const money = budget({ windowMs: 1e6, amount: '1', max: '1' });
    expect(await state.admit([money], scope(), entry(), { id: second.id, digest: first.digest })).toEqual({ ok: false, refusal: 'approval', observed: [] });
    expect((await state.admit([money], scope(), entry(), { id: second.id, digest: second.digest })).ok).toBe(true);
    await state.close();
  });

  test('one of several calls in one moment uses an approval; the others are refused', async () => {
    const { state } = await one(engine);
    const given = await approved(state, 'a');
    const results = await Promise.all(Array.from({ length: 20 }, () => use(state, given, [])));
    expect(results.filter((result) => result === 'approval')).toHaveLength(19);
    expect(await state.query({ method: 'tools/call' })).toHaveLength(1);
    await state.close();
  });

  describe('giving back', () => {
    test('a call that never reached the upstream leaves its approval unused, until it expires', async () => {
      const { state, clock } = await one(engine);
      const given = await approved(state, 'a');
      for (const late of [false, true]) {
        const row = await use(state, given);
        if (late) clock.pass(HOUR_US);
        state.settle(row, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
        await state.flush();
        expect(await state.approval(given.id)).toMatchObject(late ? { status: 'used', usedBy: row } : { status: 'approved', usedBy: null, expiresAt: given.expiresAt });
      }
      await state.close();
    });

    test.each(['nothing', 'budgets'] as const)('an upstream that was reached has used the approval, whatever it answered (undo %s)', async (undo) => {
      const { state } = await one(engine);
      const given = await approved(state, 'a');
      const row = await use(state, given, []);
      state.settle(row, { outcome: 'tool_error', upstreamStatus: null, latencyMs: 1, undo });
      state.settle(row, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      await state.flush();
      expect(await state.approval(given.id)).toMatchObject({ status: 'used', usedBy: row });
      await state.close();
    });

    test('a late give-back does not take an approval away from the call that used it since', async () => {
      const { state, again } = await one(engine);
      const given = await approved(state, 'a');
      const first = await use(state, given, []);
      const other = await again();
      other.settle(first, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      await other.flush();
      const second = await use(state, given, []);
      state.settle(first, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      await state.flush();
      expect(await state.approval(given.id)).toMatchObject({ status: 'used', usedBy: second });
      await other.close();
      await state.close();
    });

    test('what was given back serves an identical call also when a new request has been opened meanwhile', async () => {
      const { state } = await one(engine);
      const given = await approved(state, 'a');
      const row = await use(state, given);
      const waiting = await ask(state, 'a');
      expect(waiting).toMatchObject({ answer: 'pending', created: true });
      state.settle(row, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      await state.flush();
      expect(await ask(state, 'a')).toMatchObject({ answer: 'approved', id: given.id });
      await state.vote(waiting.id, NO);
      expect(await ask(state, 'a')).toMatchObject({ answer: 'denied', id: waiting.id });
      await state.close();
    });
  });

  describe('time', () => {
    test('a request that nobody decides expires; one identical call is told, and the next one asks anew', async () => {
      const { state, clock } = await one(engine);
      const asked = await ask(state, 'a');
      clock.pass(HOUR_US - 1);
      expect(await ask(state, 'a')).toMatchObject({ answer: 'pending', id: asked.id });
      clock.pass(1);
      expect(await state.approval(asked.id)).toMatchObject({ status: 'expired' });
      expect(await whyNot(state.vote(asked.id, YES))).toBe('expired');
      expect(await ask(state, 'a')).toMatchObject({ answer: 'expired', created: false, id: asked.id, status: 'expired' });
      const next = await ask(state, 'a');
      expect(next).toMatchObject({ answer: 'pending', created: true });
      expect(next.id).not.toBe(asked.id);
      await state.close();
    });

    test('an approval can be used for as long as a request may wait, counted from the decision', async () => {
      const { state, clock } = await one(engine);
      const asked = await ask(state, 'a');
      clock.pass(HOUR_US - 1);
      await state.vote(asked.id, YES);
      clock.pass(HOUR_US - 1);
      const found = await ask(state, 'a');
      expect(found).toMatchObject({ answer: 'approved' });
      expect(Date.parse(found.expiresAt)).toBeGreaterThan(clock.wallMs() - 1);
      clock.pass(1);
      expect(await use(state, asked)).toBe('approval');
      expect(await ask(state, 'a')).toMatchObject({ answer: 'expired' });
      expect(await ask(state, 'a')).toMatchObject({ answer: 'pending', created: true });
      await state.close();
    });

    test('a denial holds for identical calls until its request would have expired, and not for others', async () => {
      const { state, clock } = await one(engine);
      const asked = await ask(state, 'a');
      clock.pass(HOUR_US / 2);
      await state.vote(asked.id, NO);
      clock.pass(HOUR_US / 2 - 1);
      expect(await ask(state, 'a')).toMatchObject({ answer: 'denied', id: asked.id });
      expect(await ask(state, 'b')).toMatchObject({ answer: 'pending' });
      clock.pass(1);
      expect(await ask(state, 'a')).toMatchObject({ answer: 'pending', created: true });
      await state.close();
    });

    test('setting the wall clock changes nothing', async () => {
      const { state, clock } = await one(engine);
      const asked = await ask(state, 'a');
      clock.wall += 48 * 3_600_000;
      expect(await ask(state, 'a')).toMatchObject({ answer: 'pending', id: asked.id });
      clock.wall -= 96 * 3_600_000;
      clock.pass(HOUR_US);
      expect(await ask(state, 'a')).toMatchObject({ answer: 'expired', id: asked.id });
      await state.close();
    });

    test('request, vote and use survive a restart in between', async () => {
      const { state, again } = await one(engine);
      const asked = await ask(state, 'a');
      await state.close();
      const second = await again();
      expect(await ask(second, 'a')).toMatchObject({ answer: 'pending', id: asked.id });
      await second.vote(asked.id, YES);
      await second.close();
      const third = await again();
      expect(await ask(third, 'a')).toMatchObject({ answer: 'approved', id: asked.id });
      const row = await use(third, asked);
      await third.close();
      const fourth = await again();
      expect(await use(fourth, asked)).toBe('approval');
      fourth.settle(row, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
      await fourth.flush();
      expect(await use(fourth, asked)).toMatch(/^d-/);
      await fourth.close();
    });
  });

  describe('votes', () => {
    test('two different approvers are needed where two are demanded', async () => {
      const { state } = await one(engine);
      const { id, digest } = await ask(state, 'a', { needed: 2 });
      expect(await state.vote(id, { ...YES, comment: 'looks fine' })).toMatchObject({ ok: true, record: { status: 'pending', votes: [{ ...YES, comment: 'looks fine' }] } });
      for (const approver of ['alice', 'Alice', ' alice', 'ａlice', 'al\u200bice', 'alice\u034f', 'alice\u3164', '\u2800alice', 'ali\ufe0fce']) expect(await whyNot(state.vote(id, { ...YES, approver })), approver).toBe('already_voted');
      expect(await use(state, { id, digest })).toBe('approval');
      expect(await state.vote(id, { ...YES, approver: 'bob' })).toMatchObject({ ok: true, record: { status: 'approved' } });
      expect(await use(state, { id, digest })).toMatch(/^d-/);
      await state.close();
    });

    test('one denial decides, however many have approved', async () => {
      const { state } = await one(engine);
      const { id } = await ask(state, 'a', { needed: 3 });
      await state.vote(id, YES);
      expect(await state.vote(id, { ...NO, approver: 'bob' })).toMatchObject({ ok: true, record: { status: 'denied' } });
      expect(await whyNot(state.vote(id, { ...YES, approver: 'carol' }))).toBe('not_pending');
      await state.close();
    });

    const refused: [string, Partial<ApprovalRequest>, Partial<ApprovalVote>, string][] = [
      ['who is not in the list', { approvers: ['bob', 'Alice'] }, {}, 'not_an_approver'],
      ['a name that only looks like one in the list', { approvers: ['alice'] }, { approver: 'Alice' }, 'not_an_approver'],
      ['nobody', {}, { approver: '' }, 'not_an_approver'],
      ['only what cannot be seen', {}, { approver: '\u3164\u2800\u034f' }, 'not_an_approver'],
      ['[#44] a name that clears a terminal', {}, { approver: 'eve\u009b2J' }, 'not_an_approver'],
      ['[#44] a name that turns the text around', {}, { approver: 'eve\u202e' }, 'not_an_approver'],
      ['only spaces', {}, { approver: ' \u200b' }, 'not_an_approver'],
      ['a name without end', {}, { approver: 'a'.repeat(257) }, 'not_an_approver'],
      ['[#34] the requester', {}, { approver: 'support' }, 'requester'],
      ['[#34] the requester, written in another way', {}, { approver: 'Support ' }, 'requester'],
      ['[#34] the requester, also when the list names them', { approvers: ['support'] }, { approver: 'support' }, 'requester'],
      ['a way that the rule does not allow', { via: ['dashboard'] }, {}, 'way_not_allowed'],
      ['elicitation, unless the rule says so', {}, { way: 'elicitation' }, 'way_not_allowed'],
    ];
    test.each(refused)('%s does not decide', async (_name, over, vote, why) => {
      const { state } = await one(engine);
      const { id, digest } = await ask(state, 'a', over);
      for (const decision of ['approve', 'deny'] as const) expect(await whyNot(state.vote(id, { ...YES, ...vote, decision }))).toBe(why);
      expect(await state.approval(id)).toMatchObject({ status: 'pending', votes: [] });
      expect(await use(state, { id, digest })).toBe('approval');
      await state.close();
    });

    test('an id that is not there, and a decision that is made, are told apart', async () => {
      const { state } = await one(engine);
      const given = await approved(state, 'a');
      expect(await whyNot(state.vote('nothing', YES))).toBe('not_found');
      expect(await whyNot(state.vote(given.id, { ...NO, approver: 'bob' }))).toBe('not_pending');
      await use(state, given);
      expect(await whyNot(state.vote(given.id, { ...NO, approver: 'bob' }))).toBe('not_pending');
      await state.close();
    });

    test('the journal tells who decided what and how, what expired and what was not counted, and never a comment or an argument', async () => {
      const { state, clock } = await one(engine);
      const secret = 'correct horse battery staple';
      const first = await ask(state, secret, { needed: 2 });
      await state.vote(first.id, { ...YES, comment: secret });
      await state.vote(first.id, { ...YES, approver: 'bob', comment: secret });
      const second = await ask(state, 'b');
      await state.vote(second.id, { ...NO, approver: 'bob "the builder"', comment: secret });
      const third = await ask(state, 'c');
      await state.vote(third.id, { ...YES, approver: 'support' });
      clock.pass(HOUR_US);
      await ask(state, 'c');
      const rows = await state.query({ method: 'approvals/decide' });
      expect(rows.map(({ outcome, code, reason }) => [outcome, code, reason])).toEqual([
        ['ok', 'approval_vote', `approval ${first.id} approved (1 of 2) by "alice" via cli`],
        ['ok', 'approval_given', `approval ${first.id} approved (2 of 2) by "bob" via cli`],
        ['refused', 'approval_denied', `approval ${second.id} denied by "bob \\"the builder\\"" via cli`],
        ['rejected', 'approval_requester', `approval ${third.id}: "support" via cli tried to approve; not counted`],
        ['refused', 'approval_expired', `approval ${third.id} was not decided in time`],
      ]);
      expect(rows[0]).toMatchObject({ server: 'amazon-mq', grant: 'support', session: 's-1', name: 'send', rule: '/tools/send', policy: 'mq@1', argKeys: null });
      expect(JSON.stringify(rows)).not.toContain('horse');
      await state.close();
    });
  });

  describe('a flood', () => {
    test('of requests of one grant is cut at a hundred; other grants, and calls that wait already, are not touched', async () => {
      const { state, clock } = await one(engine);
      const first = await ask(state, 'call 0');
      clock.pass(1_000_000);
      for (let i = 1; i < 100; i += 1) await ask(state, `call ${i}`);
      expect(await state.requestApproval(request('one more'))).toEqual({ status: 'too_many', waiting: 100, retryAfterMs: 3_599_000 });
      expect(await ask(state, 'call 7')).toMatchObject({ answer: 'pending', created: false });
      expect(await ask(state, 'one more', { grant: 'other', digest: request('theirs').digest })).toMatchObject({ created: true });
      await state.vote(first.id, NO);
      expect(await ask(state, 'one more')).toMatchObject({ created: true });
      clock.pass(HOUR_US);
      expect(await ask(state, 'and another')).toMatchObject({ created: true });
      await state.close();
    });

    test.each<[string, Partial<ApprovalRequest>]>([
      ['arguments that nobody can read', { argumentsText: 'x'.repeat(256 * 1024 + 1) }], ['other things that nobody can read', { alsoSent: 'x'.repeat(256 * 1024 + 1) }],
      ['a name that could not be shown whole', { name: 'n'.repeat(4_097) }], ['a digest that is none', { digest: 'abc' }], ['nobody to ask', { needed: 0 }], ['no time', { timeoutMs: 0 }],
      ['no end', { timeoutMs: Number.POSITIVE_INFINITY }],
    ])('%s: refused, not kept', async (_name, over) => {
      const { state } = await one(engine);
      const attempt = async (): Promise<unknown> => state.requestApproval(request('a', over));
      await expect(attempt()).rejects.toMatchObject({ name: 'StateUnavailable' });
      expect(await state.approvals({})).toEqual([]);
      await state.close();
    });
  });

  describe('lists', () => {
    test('where requests stand is told in one look, as of now, of those that there are', async () => {
      const { state, clock } = await one(engine);
      const ids: string[] = [];
      for (const call of ['short', 'waiting', 'given', 'denied', 'used']) {
        const { id, digest } = await ask(state, call, { timeoutMs: call === 'short' ? 1000 : 3_600_000 });
        ids.push(id);
        if (call === 'given' || call === 'used') await state.vote(id, YES);
        if (call === 'denied') await state.vote(id, NO);
        if (call === 'used') await use(state, { id, digest });
      }
      const [short = '', waiting = '', given = '', denied = '', used = ''] = ids;
      expect(Object.fromEntries(await state.approvalStatus([...ids, 'no such id', '"]']))).toEqual({ [short]: 'pending', [waiting]: 'pending', [given]: 'approved', [denied]: 'denied', [used]: 'used' });
      clock.pass(1_000_000);
      expect(Object.fromEntries(await state.approvalStatus([short, waiting, short]))).toEqual({ [short]: 'expired', [waiting]: 'pending' });
      expect((await state.approvalStatus([])).size).toBe(0);
      expect((await state.approvals({ except: [short, given, used, 'no such id'] })).map(({ id }) => id)).toEqual([denied, waiting]);
      await state.close();
    });

    test('newest first, by what they are now, server and grant', async () => {
      const { state, clock } = await one(engine);
      const names = new Map<string, string>();
      for (const call of ['short', 'waiting', 'given', 'denied', 'used']) {
        const { id } = await ask(state, call, { timeoutMs: call === 'short' ? 1000 : 3_600_000, server: call === 'given' ? 'tickets' : 'amazon-mq', grant: call === 'denied' ? 'other' : 'support' });
        names.set(id, call);
      }
      const idOf = (call: string): string => [...names].find(([, name]) => name === call)?.[0] ?? '';
      await state.vote(idOf('given'), YES);
      await state.vote(idOf('denied'), NO);
      await state.vote(idOf('used'), YES);
      await use(state, { id: idOf('used'), digest: request('used').digest });
      clock.pass(1_000_000);
      const listed = async (filter: Parameters<State['approvals']>[0]): Promise<(string | undefined)[]> => (await state.approvals(filter)).map(({ id }) => names.get(id));
      expect(await listed({})).toEqual(['used', 'denied', 'given', 'waiting', 'short']);
      expect(await listed({ status: ['pending'] })).toEqual(['waiting']);
      expect(await listed({ status: ['expired'] })).toEqual(['short']);
      expect(await listed({ status: ['approved', 'used'] })).toEqual(['used', 'given']);
      expect(await listed({ status: [] })).toEqual([]);
      expect(await listed({ server: 'tickets' })).toEqual(['given']);
      expect(await listed({ grant: 'other' })).toEqual(['denied']);
      expect(await listed({ limit: 2 })).toEqual(['used', 'denied']);
      expect((await state.approvals({ status: ['denied'] }))[0]?.votes).toMatchObject([NO]);
      await state.close();
    });
  });

  describe('links', () => {
    test('a link shows who holds it, decides once as that approver, and its secret is not in the record', async () => {
      const { state } = await one(engine);
      const { id } = await ask(state, 'a', { needed: 2 });
      const secret = (await state.mintApprovalLink(id, 'bob')) ?? expect.fail('no link');
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(await state.approvalLink(id, secret)).toEqual({ approver: 'bob' });
      expect(await state.approvalLink(id, secret)).toEqual({ approver: 'bob' });
      expect(await state.voteByLink(id, secret, 'approve', 'fine')).toMatchObject({ ok: true, record: { votes: [{ approver: 'bob', way: 'link', decision: 'approve', comment: 'fine' }] } });
      expect(await state.approvalLink(id, secret)).toBeNull();
      expect(await whyNot(state.voteByLink(id, secret, 'approve', null))).toBe('not_found');
      expect(JSON.stringify(await state.approval(id))).not.toContain(secret);
      await state.close();
    });

    test('a wrong secret, or one of another approval, is nothing: not even the record is told', async () => {
      const { state } = await one(engine);
      const [first, second] = [await ask(state, 'a'), await ask(state, 'b')];
      const secret = (await state.mintApprovalLink(first.id, 'bob')) ?? expect.fail('no link');
      for (const wrong of ['', 'x', `${secret}x`, secret.slice(1), 'A'.repeat(43), `${secret.slice(0, 42)}${secret.endsWith('A') ? 'B' : 'A'}`, 'x'.repeat(1_000_000)]) {
        expect(await state.approvalLink(first.id, wrong)).toBeNull();
        expect(await state.voteByLink(first.id, wrong, 'approve', null)).toEqual({ ok: false, why: 'not_found', record: null });
      }
      expect(await state.voteByLink(second.id, secret, 'approve', null)).toEqual({ ok: false, why: 'not_found', record: null });
      expect(await state.voteByLink('nothing', secret, 'approve', null)).toEqual({ ok: false, why: 'not_found', record: null });
      expect(await state.approval(first.id)).toMatchObject({ status: 'pending', votes: [] });
      await state.close();
    });

    test('a link gives no more than its approver has, and a vote that does not count leaves it unused', async () => {
      const { state } = await one(engine);
      const strict = await ask(state, 'a', { approvers: ['alice'] });
      const secret = (await state.mintApprovalLink(strict.id, 'mallory')) ?? expect.fail('no link');
      expect(await whyNot(state.voteByLink(strict.id, secret, 'approve', null))).toBe('not_an_approver');
      const own = await ask(state, 'b');
      const theirs = (await state.mintApprovalLink(own.id, 'support')) ?? expect.fail('no link');
      expect(await whyNot(state.voteByLink(own.id, theirs, 'approve', null))).toBe('requester');
      const other = await ask(state, 'c', { via: ['cli'] });
      const link = (await state.mintApprovalLink(other.id, 'bob')) ?? expect.fail('no link');
      expect(await whyNot(state.voteByLink(other.id, link, 'approve', null))).toBe('way_not_allowed');
      const twice = await ask(state, 'd', { needed: 2 });
      const [one1, one2] = [(await state.mintApprovalLink(twice.id, 'bob')) ?? '', (await state.mintApprovalLink(twice.id, 'bob')) ?? ''];
      expect(await whyNot(state.voteByLink(twice.id, one1, 'approve', null))).toBe('counted');
      expect(await whyNot(state.voteByLink(twice.id, one2, 'approve', null))).toBe('already_voted');
      expect(await state.approvalLink(twice.id, one2)).toEqual({ approver: 'bob' });
      await state.close();
    });

    test('no link for what does not wait, and none works after the request has expired', async () => {
      const { state, clock } = await one(engine);
      const given = await approved(state, 'a');
      expect(await state.mintApprovalLink(given.id, 'bob')).toBeNull();
      expect(await state.mintApprovalLink('nothing', 'bob')).toBeNull();
      const asked = await ask(state, 'b');
      const secret = (await state.mintApprovalLink(asked.id, 'bob')) ?? expect.fail('no link');
      clock.pass(HOUR_US);
      expect(await state.mintApprovalLink(asked.id, 'bob')).toBeNull();
      expect(await state.approvalLink(asked.id, secret)).toBeNull();
      expect(await whyNot(state.voteByLink(asked.id, secret, 'approve', null))).toBe('expired');
      await state.close();
    });

    test('of very many links the newest work', async () => {
      const { state } = await one(engine);
      const { id } = await ask(state, 'a');
      const secrets: string[] = [];
      for (let i = 0; i < 70; i += 1) secrets.push((await state.mintApprovalLink(id, `approver ${i}`)) ?? '');
      expect(await state.approvalLink(id, secrets[0] ?? '')).toBeNull();
      expect(await state.approvalLink(id, secrets[6] ?? '')).toEqual({ approver: 'approver 6' });
      expect(await state.approvalLink(id, secrets[69] ?? '')).toEqual({ approver: 'approver 69' });
      await state.close();
    });
  });
});
