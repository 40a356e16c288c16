import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../../src/control/auth/open-session.ts';
import { Client, World, type Answer } from '../harness.ts';

const PASSWORD = 'correct horse battery staple';
let world: World;
// The store has a clock of its own, which is never ahead of this one.
let clock = Date.now() + 1_000;
beforeAll(async () => {
  world = await World.start({ now: () => clock });
});
afterAll(() => world.stop());

/** What a browser keeps of an answer. */
function cookiesOf(answer: Answer): string {
  return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
}
function browser(answer: Answer): Client {
  return new Client(world.url, { cookie: cookiesOf(answer), 'x-csrf-token': answer.body.csrfToken ?? '' });
}
const secretOf = (link: string): string => link.split('#link=')[1] ?? '';
const nobody = (): Client => new Client(world.url, {});

/** Invites somebody, who accepts with PASSWORD. */
async function invited(admin: Client, email: string, role = 'viewer'): Promise<{ id: string; answer: Answer }> {
  const made = await admin.post('/members', { name: 'New Person', email, role, serverRoles: {} });
  expect(made.status, made.text).toBe(201);
  const answer = await nobody().post('/session/link', { secret: secretOf(made.body.inviteLink), password: PASSWORD });
  expect(answer.status, answer.text).toBe(200);
  return { id: made.body.member.id, answer };
}

describe('the first sign-in', () => {
  it('makes the first admin by the printed link, once, and a new start makes the link before void', async () => {
    const first = await world.control.setupLink();
    const second = await world.control.setupLink();
    expect(second).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#link=[A-Za-z0-9_-]{43}$/);
    expect((await nobody().get('/session')).body.setupNeeded).toBe(true);
    expect((await nobody().post('/session/link/check', { secret: secretOf(first ?? '') })).status).toBe(401);
    expect((await nobody().post('/session/link/check', { secret: secretOf(second ?? '') })).body).toMatchObject({ purpose: 'setup', email: null });

    const bare = await nobody().post('/session/link', { secret: secretOf(second ?? '') });
    expect([bare.status, bare.body.problems.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([400, ['/name', '/email', '/password']]);
    const form = { secret: secretOf(second ?? ''), name: 'Ada', email: 'Ada@Example.com', password: PASSWORD };
    const both = await Promise.all([nobody().post('/session/link', form), nobody().post('/session/link', form)]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
    const made = both.find(({ status }) => status === 200);
    expect(made?.body.member).toMatchObject({ name: 'Ada', email: 'ada@example.com', role: 'admin' });
    expect(made?.headers.getSetCookie()[0]).toMatch(/^policylayer_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/);
    expect(await world.control.setupLink()).toBeNull();
    expect((await nobody().get('/session')).body.setupNeeded).toBe(false);
  });

  it('signs in with the password, and gives every sign-in another session', async () => {
    const one = await nobody().post('/session', { email: 'ADA@example.com', password: PASSWORD });
    const two = await browser(one).post('/session', { email: 'ada@example.com', password: PASSWORD });
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(cookiesOf(one).split(';')[0]).not.toBe(cookiesOf(two).split(';')[0]);
    // The session that the browser came with has ended.
    expect((await browser(one).get('/session')).body.member).toBeNull();
    expect((await browser(two).get('/session')).body.member.email).toBe('ada@example.com');
  });

  it('keeps no secret of sessions, links and passwords that could be used', async () => {
    const answer = await nobody().post('/session', { email: 'ada@example.com', password: PASSWORD });
    const secret = /policylayer_session=([^;]+)/.exec(cookiesOf(answer))?.[1] ?? '';
    const member = await world.registry.memberByEmail('ada@example.com');
    expect(member?.value.passwordHash).toMatch(/^scrypt\$17\$8\$1\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(await world.registry.sessionsOf(member?.name ?? ''))).not.toContain(secret);
    expect(JSON.stringify(await world.registry.audit())).not.toMatch(new RegExp(`${secret}|scrypt`));
  });
});

describe('a refused sign-in', () => {
  it('sounds the same for a wrong password, an unknown address, a disabled member and one who was only invited', async () => {
    const admin = await world.as('admin');
    await invited(admin, 'off@example.com');
    const off = (await world.registry.memberByEmail('off@example.com')) ?? expect.fail('no member');
    await admin.patch(`/members/${off.name}`, { disabled: true }, { 'if-match': '*' });
    await admin.post('/members', { name: 'Never Came', email: 'never@example.com', role: 'admin' });
    const answers = await Promise.all([
      nobody().post('/session', { email: 'ada@example.com', password: 'wrong wrong wrong' }), nobody().post('/session', { email: 'nobody@example.com', password: PASSWORD }),
      nobody().post('/session', { email: 'off@example.com', password: PASSWORD }), nobody().post('/session', { email: 'never@example.com', password: PASSWORD }),
    ]);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code} ${body.detail}`))).toEqual(new Set(['401 unauthenticated the e-mail address or the password is wrong']));
    const audit = await admin.get('/audit?action=session.refused');
    expect(audit.body.items.map(({ name }: { name: string }) => name)).toContain(off.name);
    // What was typed for an unknown address is written down nowhere.
    expect(audit.text).not.toContain('nobody@example.com');
  });

  it('after too many guesses waits, tells how long, and lets the owner in with a browser he has used before', async () => {
    const admin = await world.as('admin');
    const { answer } = await invited(admin, 'target@example.com');
    const mine = browser(answer);
    const guesses: Answer[] = [];
    for (let guess = 0; guess < 12; guess++) guesses.push(await nobody().post('/session', { email: 'target@example.com', password: `guess number ${guess}` }));
    expect(guesses.slice(0, 10).every(({ status }) => status === 401)).toBe(true);
    expect(guesses.slice(10).map(({ status, headers }) => [status, Number(headers.get('retry-after')) > 0])).toEqual([[429, true], [429, true]]);
    expect((await nobody().post('/session', { email: 'target@example.com', password: PASSWORD })).status).toBe(429);
    expect((await mine.post('/session', { email: 'target@example.com', password: PASSWORD })).status).toBe(200);
    clock += 601_000;
    expect((await nobody().post('/session', { email: 'target@example.com', password: PASSWORD })).status).toBe(200);
  }, 60_000);

  it('never costs more than two passwords at once: what comes beyond the queue is told to wait', async () => {
    clock += 601_000;
    const flood = await Promise.all(Array.from({ length: 30 }, (_, index) => nobody().post('/session', { email: `flood${index}@example.com`, password: 'some password here' })));
    const statuses = flood.map(({ status }) => status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
  }, 60_000);
});

describe('a session', () => {
  it('ends when nobody used it for twelve hours, and after a week whatever happens', async () => {
    const admin = await world.as('admin');
    await invited(admin, 'week@example.com');
    clock += 601_000;
    const idle = browser(await nobody().post('/session', { email: 'week@example.com', password: PASSWORD }));
    clock += 11 * 3_600_000;
    expect((await idle.get('/session')).body.member).not.toBeNull();
    clock += 12 * 3_600_000;
    expect((await idle.get('/session')).body.member).toBeNull();
    const busy = browser(await nobody().post('/session', { email: 'week@example.com', password: PASSWORD }));
    for (let hours = 0; hours < 7 * 24 - 10; hours += 10) {
      clock += 10 * 3_600_000;
      expect((await busy.get('/session')).body.member, `after ${hours} hours`).not.toBeNull();
    }
    clock += 11 * 3_600_000;
    expect((await busy.get('/session')).body.member).toBeNull();
  }, 60_000);

  it('changes nothing without the CSRF token that belongs to it, nor for a page of another site', async () => {
    const admin = await world.as('admin');
    const other = await world.as('admin');
    const token = (await other.get('/session')).body.csrfToken as string;
    for (const headers of [{ 'x-csrf-token': '' }, { 'x-csrf-token': 'x'.repeat(43) }, { 'x-csrf-token': token }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
      const answer = await admin.post('/tokens', { label: 'x' }, headers);
      expect([answer.status, answer.body.code], JSON.stringify(headers)).toEqual([403, 'cross_site']);
    }
    expect((await admin.get('/session', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await nobody().post('/session', { email: 'ada@example.com', password: PASSWORD }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('is listed, ended alone, and ended everywhere', async () => {
    const admin = await world.as('admin');
    await invited(admin, 'many@example.com');
    const [one, two, three] = [browser(await nobody().post('/session', { email: 'many@example.com', password: PASSWORD })), browser(await nobody().post('/session', { email: 'many@example.com', password: PASSWORD })), browser(await nobody().post('/session', { email: 'many@example.com', password: PASSWORD }))];
    const listed = await one.get('/me/sessions');
    // With the one of the invitation.
    expect(listed.body.items.map(({ current }: { current: boolean }) => current).filter(Boolean)).toHaveLength(1);
    expect(listed.body.items).toHaveLength(4);
    expect((await one.delete('/session')).status).toBe(204);
    expect((await one.get('/me/sessions')).status).toBe(401);
    expect((await two.get('/me/sessions')).body.items).toHaveLength(3);
    expect((await two.delete('/sessions')).status).toBe(204);
    expect((await three.get('/me/sessions')).status).toBe(401);
  }, 60_000);

  it('ends everywhere else when the password is changed, which needs the old one', async () => {
    const admin = await world.as('admin');
    await invited(admin, 'pass@example.com');
    const here = browser(await nobody().post('/session', { email: 'pass@example.com', password: PASSWORD }));
    const there = browser(await nobody().post('/session', { email: 'pass@example.com', password: PASSWORD }));
    expect((await here.put('/me/password', { current: 'not this one at all', next: 'another password 1' })).status).toBe(400);
    expect((await here.put('/me/password', { current: PASSWORD, next: 'short' })).body.problems[0].pointer).toBe('/next');
    const changed = await here.put('/me/password', { current: PASSWORD, next: 'another password 1' });
    expect(changed.status, changed.text).toBe(200);
    expect((await there.get('/me/sessions')).status).toBe(401);
    expect((await here.get('/me/sessions')).status).toBe(401);
    expect((await browser(changed).get('/me/sessions')).status).toBe(200);
    expect((await nobody().post('/session', { email: 'pass@example.com', password: PASSWORD })).status).toBe(401);
    expect((await nobody().post('/session', { email: 'pass@example.com', password: 'another password 1' })).status).toBe(200);
  }, 60_000);
});

describe('members', () => {
  it('lose at the next request what was taken from them: role, access, everything', async () => {
    const admin = await world.as('admin');
    const { id, answer } = await invited(admin, 'rights@example.com', 'admin');
    const person = browser(answer);
    const bot = await person.post('/tokens', { label: 'bot' });
    const token = new Client(world.url, { authorization: `Bearer ${bot.body.secret}` });
    expect([(await person.get('/members')).status, (await token.get('/members')).status]).toEqual([200, 200]);
    await admin.patch(`/members/${id}`, { role: 'viewer' }, { 'if-match': '*' });
    expect([(await person.get('/members')).status, (await token.get('/members')).status]).toEqual([403, 403]);
    await admin.patch(`/members/${id}`, { disabled: true }, { 'if-match': '*' });
    expect([(await person.get('/me/sessions')).status, (await token.get('/tokens')).status]).toEqual([401, 401]);
    await admin.patch(`/members/${id}`, { disabled: false }, { 'if-match': '*' });
    expect([(await person.get('/me/sessions')).status, (await token.get('/tokens')).status]).toEqual([401, 200]);
    expect((await admin.delete(`/members/${id}`, { 'if-match': '*' })).status).toBe(204);
    expect((await token.get('/tokens')).status).toBe(401);
    expect((await admin.get(`/members/${id}`)).status).toBe(404);
  }, 60_000);

  it('are never left without an admin who can sign in', async () => {
    const other = await World.start();
    try {
      const link = await other.control.setupLink();
      const made = await new Client(other.url, {}).post('/session/link', { secret: secretOf(link ?? ''), name: 'Only', email: 'only@example.com', password: PASSWORD });
      const only = new Client(other.url, { cookie: cookiesOf(made), 'x-csrf-token': made.body.csrfToken });
      const { id } = made.body.member;
      // Invited as an admin, but nobody knows whether he ever comes.
      await only.post('/members', { name: 'Second', email: 'second@example.com', role: 'admin' });
      for (const change of [{ role: 'viewer' }, { role: null }, { disabled: true }]) expect((await only.patch(`/members/${id}`, change, { 'if-match': '*' })).body.code).toBe('conflict');
      expect((await only.delete(`/members/${id}`, { 'if-match': '*' })).body.code).toBe('conflict');
      const second = await only.post('/members', { name: 'Third', email: 'third@example.com', role: 'admin' });
      const third = await new Client(other.url, {}).post('/session/link', { secret: secretOf(second.body.inviteLink), password: PASSWORD });
      const thirdClient = new Client(other.url, { cookie: cookiesOf(third), 'x-csrf-token': third.body.csrfToken });
      // Two admins who remove each other at the same moment.
      const both = await Promise.all([only.delete(`/members/${second.body.member.id}`, { 'if-match': '*' }), thirdClient.delete(`/members/${id}`, { 'if-match': '*' })]);
      expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
    } finally {
      await other.stop();
    }
  }, 60_000);

  it('get a new password by a link that ends their sessions and works once', async () => {
    const admin = await world.as('admin');
    const { id, answer } = await invited(admin, 'forgot@example.com');
    const { body } = await admin.post(`/members/${id}/reset`);
    expect((await nobody().post('/session/link/check', { secret: secretOf(body.link) })).body).toMatchObject({ purpose: 'reset', email: 'forgot@example.com' });
    expect((await nobody().post('/session/link', { secret: secretOf(body.link), password: 'short' })).status).toBe(400);
    expect((await nobody().post('/session/link', { secret: secretOf(body.link), password: 'a new password 9', email: 'other@example.com' })).status).toBe(400);
    expect((await nobody().post('/session/link', { secret: secretOf(body.link), password: 'a new password 9' })).status).toBe(200);
    expect((await nobody().post('/session/link', { secret: secretOf(body.link), password: 'a new password 8' })).status).toBe(401);
    expect((await browser(answer).get('/me/sessions')).status).toBe(401);
  }, 60_000);

  it('whose password is changed while they sign in with the old one do not come in', async () => {
    const admin = await world.as('admin');
    const { id } = await invited(admin, 'race@example.com');
    const stale = (await world.registry.get('member', id)) ?? expect.fail('no member');
    const visit = { session: null, header: () => null, requestId: 'r', address: null };
    await world.registry.apply([{ op: 'put', kind: 'member', name: id, value: { ...stale.value, passwordHash: 'another' } }], []);
    const before = (await world.registry.sessionsOf(id)).length;
    await expect(openSession(stale, visit, 'late', world.services)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await world.registry.sessionsOf(id)).toHaveLength(before);
    // Another name changes nothing about who he is.
    const current = (await world.registry.get('member', id)) ?? expect.fail('no member');
    await world.registry.apply([{ op: 'put', kind: 'member', name: id, value: { ...current.value, name: 'Renamed' } }], []);
    expect((await openSession(current, visit, 'late', world.services)).csrfToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await world.registry.get('member', id))?.value.name).toBe('Renamed');
  });

  it('have one address each, and a stale version changes nothing', async () => {
    const admin = await world.as('admin');
    const one = await admin.post('/members', { name: 'A', email: 'same@example.com', role: null });
    expect((await admin.post('/members', { name: 'B', email: 'SAME@example.com' })).body).toMatchObject({ code: 'exists', problems: [{ pointer: '/email' }] });
    const path = `/members/${one.body.member.id}`;
    expect((await admin.patch(path, { name: 'C' })).body.code).toBe('precondition_required');
    expect((await admin.patch(path, { name: 'C' }, { 'if-match': one.headers.get('etag') ?? '' })).status).toBe(200);
    expect((await admin.patch(path, { name: 'D' }, { 'if-match': one.headers.get('etag') ?? '' })).body.code).toBe('precondition_failed');
    expect((await admin.delete(path, { 'if-match': '"999"' })).status).toBe(412);
    expect((await admin.get(path)).body.name).toBe('C');
  });
});

describe('API tokens', () => {
  it('have at most the rights of their role and of their member, end when they say, and cannot make themselves last', async () => {
    const admin = await world.as('admin');
    const made = await admin.post('/tokens', { label: 'reader', role: 'viewer', expiresAt: new Date(clock + 3_600_000).toISOString() });
    expect(made.body.secret).toMatch(/^pla_[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify((await admin.get('/tokens')).body)).not.toContain(made.body.secret);
    const reader = new Client(world.url, { authorization: `Bearer ${made.body.secret}` });
    expect((await reader.get('/tokens')).status).toBe(200);
    expect((await reader.get('/members')).status).toBe(403);
    expect((await reader.post('/tokens', { label: 'more' })).status).toBe(403);
    expect((await reader.put('/me/password', { current: PASSWORD, next: 'something else 12' })).status).toBe(403);
    clock += 3_600_000;
    expect((await reader.get('/tokens')).status).toBe(401);
    expect((await admin.post('/tokens', { label: 'late', expiresAt: '2020-01-01T00:00:00Z' })).body.problems[0].pointer).toBe('/expiresAt');
  });

  it('are their member\'s own: others see and remove them only as admins', async () => {
    const viewer = await world.as('viewer');
    const approver = await world.as('approver');
    const made = await viewer.post('/tokens', { label: 'mine' });
    expect((await approver.delete(`/tokens/${made.body.token.id}`)).status).toBe(404);
    expect((await approver.get('/tokens?all=true')).status).toBe(403);
    const admin = await world.as('admin');
    expect((await admin.get('/tokens?all=true&limit=200')).body.items.map(({ id }: { id: string }) => id)).toContain(made.body.token.id);
    expect((await admin.delete(`/tokens/${made.body.token.id}`)).status).toBe(204);
    expect((await new Client(world.url, { authorization: `Bearer ${made.body.secret}` }).get('/tokens')).status).toBe(401);
  });
});
