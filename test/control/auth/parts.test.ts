import { scryptSync } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Attempts, networkOf } from '../../../src/control/auth/attempts.ts';
import { cookieOf } from '../../../src/control/auth/cookies.ts';
import { checkPassword, hashPassword } from '../../../src/control/auth/passwords.ts';
import { WorkGate } from '../../../src/control/auth/work-gate.ts';
import { Client, World } from '../harness.ts';

describe('passwords', () => {
  it('are right in every way to write the same characters, and wrong in any other', async () => {
    const kept = await hashPassword('Zürich correct horse');
    expect(await checkPassword('Zu\u0308rich correct horse', kept)).toEqual({ right: true, outdated: false });
    expect((await checkPassword('Zurich correct horse', kept)).right).toBe(false);
    expect(await hashPassword('Zürich correct horse')).not.toBe(kept);
  });

  it.each([null, '', 'scrypt$17$8$1$x$y', 'plain text', 'scrypt$30$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])('of nobody are never right, whatever is kept: %s', async (kept) => {
    expect(await checkPassword('anything at all', kept)).toEqual({ right: false, outdated: false });
  });
});

describe('attempts', () => {
  const stranger = (address: string, account: string): { address: string; account: string; device: null } => ({ address, account, device: null });

  it('count for the account from everywhere, for the network over all accounts, and for a known browser alone', () => {
    const attempts = new Attempts();
    for (let index = 0; index < 10; index++) expect(attempts.begin(stranger(`10.0.0.${index}`, 'a'), 0)).toBe(0);
    expect(attempts.begin(stranger('10.0.1.1', 'a'), 1_000)).toBe(599_000);
    expect(attempts.begin({ address: '10.0.1.1', account: 'a', device: 'mine' }, 1_000)).toBe(0);
    for (let index = 0; index < 40; index++) expect(attempts.begin(stranger('10.9.9.9', `b${index}`), 0)).toBe(0);
    expect(attempts.begin(stranger('10.9.9.9', 'c'), 0)).toBe(600_000);
    expect(attempts.begin(stranger('10.9.9.9', 'c'), 600_000)).toBe(0);
  });

  it('that were right do not count, and those that were refused to begin do not lengthen the wait', () => {
    const attempts = new Attempts();
    for (let index = 0; index < 100; index++) {
      expect(attempts.begin(stranger('10.0.0.1', 'a'), 0)).toBe(0);
      attempts.giveBack(stranger('10.0.0.1', 'a'));
    }
    for (let index = 0; index < 10; index++) attempts.begin(stranger('10.0.0.1', 'a'), 0);
    for (let index = 0; index < 50; index++) expect(attempts.begin(stranger('10.0.0.1', 'a'), 500_000)).toBe(100_000);
    expect(attempts.begin(stranger('10.0.0.1', 'a'), 600_000)).toBe(0);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'], ['::ffff:10.1.2.3', '10.1.2.3'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'], ['2001:db8:1:2::', '2001:db8:1:2'], ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2'], ['::1', '0:0:0:0'], [null, ''],
  ])('of %s are those of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('costly work', () => {
  it('runs two at a time, known ones first, and refuses strangers beyond the queue while known ones still wait', async () => {
    const gate = new WorkGate();
    const open: (() => void)[] = [];
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const work = (name: string) => async (): Promise<void> => {
      most = Math.max(most, ++running);
      order.push(name);
      await new Promise<void>((resolve) => open.push(resolve));
      running--;
    };
    const all = Array.from({ length: 18 }, (_, index) => gate.run(false, work(`stranger ${index}`)));
    await expect(gate.run(false, work('too many'))).rejects.toMatchObject({ code: 'too_many_requests' });
    all.push(gate.run(true, work('known')));
    while (order.length < 19 || open.length > 0) {
      open.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(most).toBe(2);
    expect(order.indexOf('known')).toBe(2);
    expect(order).not.toContain('too many');
  });
});

describe('cookies', () => {
  it.each([['a=1', 'a', '1'], ['b=2; a=1', 'a', '1'], ['a=1; a=2', 'a', null], ['ab=1', 'a', null], [null, 'a', null], ['a=x=y', 'a', 'x=y']])('%s has for %s: %s', (header, name, value) => {
    expect(cookieOf(header, name)).toBe(value);
  });
});

describe('a control plane behind https', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ publicUrl: 'https://gateway.example.com' });
  });
  afterAll(() => world.stop());

  it('sets cookies that only it can set and that never go out in the clear', async () => {
    const link = await world.control.setupLink();
    expect(link).toMatch(/^https:\/\/gateway\.example\.com\/sign-in#link=/);
    const made = await new Client(world.url, {}).post('/session/link', { secret: link?.split('#link=')[1], name: 'A', email: 'a@example.com', password: 'correct horse battery' });
    expect(made.status, made.text).toBe(200);
    for (const cookie of made.headers.getSetCookie()) expect(cookie).toMatch(/^__Host-policylayer_(?:session|device)=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/);
    const session = /__Host-policylayer_session=([^;]+)/.exec(made.headers.getSetCookie().join('\n'))?.[1] ?? '';
    expect((await new Client(world.url, { cookie: `__Host-policylayer_session=${session}` }).get('/me/sessions')).status).toBe(200);
    // A page of a sister domain can set the name without the prefix.
    expect((await new Client(world.url, { cookie: `policylayer_session=${session}` }).get('/me/sessions')).status).toBe(401);
  });

  it('takes its public address for its own origin', async () => {
    const admin = await world.as('admin');
    const ask = (origin: string): Promise<number> => new Promise((resolve, reject) => {
      const headers = { host: 'gateway.example.com', origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', cookie: `__Host-policylayer_session=${admin.secret}`, 'x-csrf-token': admin.csrf };
      // Not by fetch, which writes a Host of its own.
      request(`${world.url}/api/v1/tokens`, { method: 'POST', headers }, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject).end('{"label":"x"}');
    });
    expect(await ask('https://gateway.example.com')).toBe(201);
    expect(await ask('https://gateway.example.com.evil.example')).toBe(403);
  });

  it('makes a hash with today\'s parameters when somebody signs in with an older one', async () => {
    const salt = Buffer.alloc(16, 7);
    const old = ['scrypt', 14, 8, 1, salt.toString('base64url'), scryptSync('an older password', salt, 32, { N: 2 ** 14, r: 8, p: 1 }).toString('base64url')].join('$');
    const member = await world.member({ role: 'viewer', email: 'old@example.com' });
    await world.registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, passwordHash: old } }], []);
    expect((await new Client(world.url, {}).post('/session', { email: 'old@example.com', password: 'an older password' })).status).toBe(200);
    expect((await world.registry.get('member', member.name))?.value.passwordHash).toMatch(/^scrypt\$17\$8\$1\$/);
    expect((await new Client(world.url, {}).post('/session', { email: 'old@example.com', password: 'an older password' })).status).toBe(200);
  });
});

describe('the audit', () => {
  it('holds at most sixty refused sign-ins of an hour, and then says how many it left out', async () => {
    let clock = Date.now() + 1_000;
    const world = await World.start({ now: () => clock });
    try {
      const nobody = new Client(world.url, {});
      // Beyond ten for one account no password is worked on.
      for (let index = 0; index < 75; index++) await nobody.post('/session', { email: 'same@example.com', password: 'some password' });
      expect((await world.registry.audit({ action: 'session.refused', limit: 200 })).length).toBe(60);
      clock += 3_601_000;
      await nobody.post('/session', { email: 'same@example.com', password: 'some password' });
      expect((await world.registry.audit({ action: 'session.refused', limit: 1 }))[0]?.summary).toMatch(/\(15 more were refused before and not written down\)$/);
    } finally {
      await world.stop();
    }
  }, 60_000);
});
