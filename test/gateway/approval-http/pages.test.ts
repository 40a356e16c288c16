import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkExposure, exposureRules } from '../../../src/gateway/http/guard.ts';
import { ALICE, BOB, Office, sha256 } from './support.ts';

let office: Office;
beforeEach(async () => {
  office = await Office.open();
});
afterEach(() => office.close());

const SECRET = 'account-of-the-victim';
const linkOf = async (id: string, approver = 'carol'): Promise<string> => (await office.state.mintApprovalLink(id, approver)) ?? '';

describe('the page of a request', () => {
  test('[X4] shows nothing of the call before a secret is given, and GET decides nothing', async () => {
    const id = await office.ask({ argumentsText: `{"to":"${SECRET}"}`, reason: `because ${SECRET}` });
    const secret = await linkOf(id);
    for (const [method, path] of [['GET', `/approvals/${id}`], ['HEAD', `/approvals/${id}`], ['GET', `/approvals/${id}?secret=${secret}&decision=approve`], ['GET', `/approvals/${id}/decide?secret=${secret}&decision=approve`]] as const) {
      const page = await office.send(method, path);
      expect([page.status, page.text.includes(SECRET), page.text.includes('pay'), page.text.includes(secret)]).toEqual([path.includes('/decide') ? 405 : 200, false, false, false]);
    }
    expect(await office.statusOf(id)).toBe('pending');
  });

  test('[#34] cannot be framed, loads nothing from elsewhere, runs only its own script, is kept nowhere', async () => {
    const id = await office.ask();
    const page = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
    const policy = String(page.headers['content-security-policy']);
    const hashOf = (tag: string): string => `'sha256-${createHash('sha256').update(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page.text)?.[1] ?? '').digest('base64')}'`;
    expect(policy.split('; ')).toEqual(["default-src 'none'", `style-src ${hashOf('style')}`, `script-src ${hashOf('script')}`, "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]);
    expect(page.text).not.toMatch(/ (?:src|href)="(?:https?:)?\/\//);
    expect(page.headers['set-cookie']).toBeUndefined();
  });

  test('[X1] a foreign Host or Origin, and a form of another site, are refused', async () => {
    const id = await office.ask();
    const fields = { secret: ALICE, decision: 'approve' };
    const refused = [
      await office.send('GET', `/approvals/${id}`, { headers: { host: 'evil.example' } }),
      await office.form(`/approvals/${id}/decide`, fields, { origin: 'https://evil.example' }),
      await office.form(`/approvals/${id}/decide`, fields, { origin: 'null' }),
      await office.form(`/approvals/${id}/decide`, fields, { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }),
      await office.form(`/approvals/${id}/decide`, fields, { 'sec-fetch-site': 'same-site' }),
    ];
    expect(refused.map((answer) => answer.status)).toEqual([403, 403, 403, 403, 403]);
    expect(await office.statusOf(id)).toBe('pending');
    const own = { origin: `http://127.0.0.1:${office.gateway.address.port}`, 'sec-fetch-site': 'same-origin' };
    expect((await office.form(`/approvals/${id}/decide`, fields, own)).status).toBe(200);
  });

  test.each([
    ['http://gateway.example.com', 'gateway.example.com', 200],
    ['https://gateway.example.com', 'gateway.example.com', 200],
    ['https://GATEWAY.example.com:8443', 'gateway.example.com:8443', 200],
    ['https://gateway.example.com:9', 'gateway.example.com', 403],
    ['https://gateway.example.com', 'gateway.example.com:8443', 403],
    ['https://gateway.example.com', 'localhost', 403],
    ['ftp://gateway.example.com', 'gateway.example.com', 403],
    ['http://evil.example', 'evil.example', 403],
    ['null', 'gateway.example.com', 403],
  ])('[X1] a form of its own page, from %s with the Host %s, gets %i, without `public_url`', async (origin, host, status) => {
    const id = await office.ask();
    const named = host === 'localhost' ? `localhost:${office.gateway.address.port}` : host;
    expect((await office.form(`/approvals/${id}/decide`, { secret: ALICE, decision: 'approve' }, { origin, host: named })).status).toBe(status);
    expect(await office.statusOf(id)).toBe(status === 200 ? 'approved' : 'pending');
    // Only the pages of approvals are for browsers.
    for (const path of ['/mcp/bank', '/mcp/bank/sse', '/healthz', '/approval', '/approvalsx/a', '/']) expect((await office.send('POST', path, { headers: { origin, host: named } })).status).toBe(403);
  });

  test('[X1] its own page is one on the address that is listened at, and on no other listener', () => {
    const rules = exposureRules('192.168.1.5', 8080, [], []);
    const code = (origin: string, host: string, ownPage: boolean): string | undefined => checkExposure({ get: (name) => (name === 'host' ? host : name === 'origin' ? origin : null) }, rules, ownPage)?.code;
    expect(code('http://192.168.1.5:8080', '192.168.1.5:8080', true)).toBeUndefined();
    expect(code('http://192.168.1.5:8080', '192.168.1.5:8080', false)).toBe('forbidden_origin');
    expect(code('http://192.168.1.5:8081', '192.168.1.5:8080', true)).toBe('forbidden_origin');
    expect(code('http://192.168.1.6:8080', '192.168.1.6:8080', true)).toBe('forbidden_host');
  });

  test('shows the exact arguments, with everything that cannot be seen written out', async () => {
    const id = await office.ask({ argumentsText: '{"to":"Acme\\u202e gnp\\u200b","n":1e400,"w":"w\\u0069pe","html":"<b onclick=x>&amp;"}', name: 'pay\u202e', grant: 'a<script>' });
    const { text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    expect(text).toContain('<mark>\\u202e</mark>');
    expect(text).toContain('<mark>\\u200b</mark>');
    const read = text.replace(/<\/?(?:span|mark|bdi)[^>]*>/g, '');
    expect(read).toContain('&quot;to&quot;: &quot;Acme\\u202e gnp\\u200b&quot;');
    expect(read).toContain('&quot;n&quot;: 1e400');
    expect(read).toContain('&quot;w&quot;: &quot;wipe&quot;');
    expect(read).toContain('&lt;b onclick=x&gt;&amp;amp;');
    expect(read).toContain('a&lt;script&gt;');
    expect(text).not.toMatch(/[\u202e\u200b]|<b |a<script/);
  });

  test('[#44] whatever else is sent is shown under its own heading, escaped like the arguments', async () => {
    const id = await office.ask({ argumentsText: null, alsoSent: '{"meta":{"acme/force\\u202e":true},"input":{"requestState":"<b>s\\u3164"},"task":{"ttl":1e400}}' });
    const { text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    const read = text.replace(/<\/?(?:span|mark|bdi)[^>]*>/g, '');
    expect(read).toMatch(/The call has none\.[\s\S]*<h2 id="also">Also sent<\/h2>[\s\S]*&quot;acme\/force\\u202e&quot;: true[\s\S]*&quot;requestState&quot;: &quot;&lt;b&gt;s\\u3164&quot;[\s\S]*&quot;ttl&quot;: 1e400/);
    expect(text).toContain('<mark>\\u202e</mark>');
    const json = await office.send('POST', `/approvals/${id}/view`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ secret: ALICE }) });
    expect(JSON.parse(json.text)).toMatchObject({ arguments: null, alsoSent: expect.stringContaining('"ttl":1e400'), method: 'tools/call' });
    expect((await office.form(`/approvals/${await office.ask()}/view`, { secret: ALICE })).text).not.toContain('Also sent');
  });

  test('a subscription is called one, and an unknown method by its name', async () => {
    for (const [method, words] of [['resources/subscribe', 'wants to subscribe to '], ['resources/read', 'wants to read '], ['x/new', 'wants to send x/new for ']] as const) {
      const id = await office.ask({ kind: 'resource', method, name: 'file:///x' });
      const read = (await office.form(`/approvals/${id}/view`, { secret: ALICE })).text.replace(/<\/?(?:span|bdi)[^>]*>/g, '');
      expect(read).toContain(words);
      expect(read).toContain(`<dt>Method</dt><dd><code>${method}</code></dd>`);
    }
  });

  test('a long name is shown to its end, and so are the reason and the rule', async () => {
    const id = await office.ask({ name: `file:///safe/${'a'.repeat(4_000)}/../../etc/passwd`, reason: `${'r'.repeat(3_000)}REASON`, rule: `/resources/${'g'.repeat(900)}RULE` });
    const { text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    for (const end of ['/../../etc/passwd', 'rREASON', 'gRULE']) expect(text).toContain(end);
  });

  test('what is built so that it cannot be shown whole can only be denied', async () => {
    const deep = `${'['.repeat(500)}${'{},'.repeat(3_000)}{}${']'.repeat(500)}`;
    for (const over of [{ argumentsText: deep }, { alsoSent: `{"meta":${deep}}` }]) {
      const { text } = await office.form(`/approvals/${await office.ask(over)}/view`, { secret: ALICE });
      expect([text.includes('Not everything is shown'), text.includes('value="approve"'), text.includes('value="deny"')]).toEqual([true, false, true]);
    }
  });

  test('[#44] the direction of a name or a string does not turn what stands around it', async () => {
    const id = await office.ask({ argumentsText: '{"\u05d0":1,"b":"\u05d1"}' });
    const { text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    expect(text).toMatch(/<pre[^>]*><bdi dir="ltr">/);
    expect(text).toContain('pre .key,pre .text{unicode-bidi:isolate}');
  });

  test('a string cannot be taken for the structure around it', async () => {
    const id = await office.ask({ argumentsText: `{"note":"fine”,${' '.repeat(60)}“amount”: 1","amount":9999}` });
    const { text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    expect(text).toContain(`<span class="text">fine”,${' '.repeat(60)}“amount”: 1</span>`);
    expect(text).toContain('<span class="key">amount</span>');
  });

  test('names the rule, the reason, who asks, what is needed, and the votes so far', async () => {
    const id = await office.ask({ needed: 2, approvers: ['alice', 'bob', 'carol'] });
    await office.state.vote(id, { approver: 'carol', way: 'cli', decision: 'approve', comment: 'fine by me' });
    const { status, text } = await office.form(`/approvals/${id}/view`, { secret: ALICE });
    expect(status).toBe(200);
    for (const part of ['agent', 'bank', '/tools/pay', 'p@1', 'money leaves the house', '2 approvals', 'carol', 'fine by me', 'on the command line']) expect(text).toContain(part);
    expect(text).toContain('name="decision" value="approve"');
  });
});

describe('a decision', () => {
  test('by a link: once, in the name the link was made out for', async () => {
    const id = await office.ask();
    const secret = await linkOf(id);
    expect((await office.form(`/approvals/${id}/view`, { secret })).text).toContain('carol');
    expect((await office.form(`/approvals/${id}/view`, { secret })).status).toBe(200);
    const done = await office.form(`/approvals/${id}/decide`, { secret, decision: 'approve', comment: ' looks right ' });
    expect([done.status, done.text.includes('Approved')]).toEqual([200, true]);
    expect((await office.state.approval(id))?.votes).toMatchObject([{ approver: 'carol', way: 'link', decision: 'approve', comment: 'looks right' }]);
    for (const decision of ['approve', 'deny']) {
      const again = await office.form(`/approvals/${id}/decide`, { secret, decision });
      expect([again.status, again.text.includes('This request was approved')]).toEqual([409, true]);
    }
    expect((await office.form(`/approvals/${id}/view`, { secret })).status).toBe(409);
    expect(await office.statusOf(id)).toBe('approved');
  });

  test('[#33] a link decides its own request and no other', async () => {
    const [first, second] = [await office.ask(), await office.ask()];
    const secret = await linkOf(first);
    expect((await office.form(`/approvals/${second}/decide`, { secret, decision: 'approve' })).status).toBe(403);
    expect([await office.statusOf(first), await office.statusOf(second)]).toEqual(['pending', 'pending']);
  });

  test('by an approver with a token, as a form and as JSON', async () => {
    const [form, json] = [await office.ask(), await office.ask()];
    expect((await office.form(`/approvals/${form}/decide`, { secret: ALICE, decision: 'deny', comment: 'no' })).status).toBe(200);
    const viewed = await office.json(`/approvals/${json}/view`, { secret: BOB });
    expect([viewed.status, JSON.parse(viewed.text)]).toMatchObject([200, { id: json, status: 'pending', arguments: '{"amount":10}', you: 'bob', url: `http://127.0.0.1:${office.gateway.address.port}/approvals/${json}` }]);
    const done = await office.json(`/approvals/${json}/decide`, { secret: BOB, decision: 'approve' });
    expect([done.status, JSON.parse(done.text)]).toMatchObject([200, { id: json, outcome: 'approved' }]);
    expect((await office.state.approval(form))?.votes).toMatchObject([{ approver: 'alice', way: 'dashboard', decision: 'deny', comment: 'no' }]);
    expect((await office.state.approval(json))?.votes).toMatchObject([{ approver: 'bob', way: 'dashboard', decision: 'approve', comment: null }]);
  });

  test('that does not count says why, with the right status', async () => {
    const needsTwo = await office.ask({ needed: 2 });
    const decide = async (id: string, secret: string, decision = 'approve'): Promise<[number, string]> => {
      const answer = await office.json(`/approvals/${id}/decide`, { secret, decision });
      const body = JSON.parse(answer.text) as { outcome?: string; error?: { code: string } };
      return [answer.status, body.outcome ?? body.error?.code ?? ''];
    };
    expect(await decide(needsTwo, ALICE)).toEqual([200, 'recorded']);
    expect(await decide(needsTwo, ALICE)).toEqual([409, 'already_voted']);
    expect(await decide(needsTwo, BOB)).toEqual([200, 'approved']);
    expect(await decide(needsTwo, BOB, 'deny')).toEqual([409, 'already_decided']);
    expect(await decide(await office.ask({ approvers: ['carol'] }), ALICE)).toEqual([403, 'not_an_approver']);
    expect(await decide(await office.ask({ via: ['cli'] }), ALICE)).toEqual([403, 'way_not_allowed']);
    expect(await decide(await office.ask({ grant: 'alice' }), ALICE)).toEqual([403, 'requester']);
    const expired = await office.ask({ timeoutMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await decide(expired, ALICE)).toEqual([410, 'expired']);
    expect(await decide('AAAAAAAAAAAAAAAAAAAAAA', ALICE)).toEqual([404, 'not_found']);
    expect(await decide(await office.ask(), 'wrong')).toEqual([403, 'wrong_secret']);
    expect(await decide(await office.ask(), ALICE, 'maybe')).toEqual([400, 'bad_request']);
  });

  test('[#34] the token of a grant approves nothing, in the body or as a bearer', async () => {
    const id = await office.ask();
    const token = 'plg_the-token-of-the-agent';
    for (const headers of [{}, { authorization: `Bearer ${token}` }, { authorization: `Bearer ${ALICE}` }] as Record<string, string>[]) {
      expect((await office.json(`/approvals/${id}/decide`, { secret: token, decision: 'approve' }, headers)).status).toBe(403);
    }
    expect(await office.statusOf(id)).toBe('pending');
  });

  test('an edit of the approvers holds from the next decision on', async () => {
    const id = await office.ask();
    await office.reconfigure({ approvers: [{ name: 'bob', tokenSha256: sha256(BOB) }] });
    expect((await office.json(`/approvals/${id}/decide`, { secret: ALICE, decision: 'approve' })).status).toBe(403);
    expect((await office.json(`/approvals/${id}/decide`, { secret: BOB, decision: 'approve' })).status).toBe(200);
  });
});

describe('what goes wrong', () => {
  test('unknown addresses, wrong methods, wrong types and too large bodies have pages of their own', async () => {
    const id = await office.ask();
    const status = async (answer: Promise<{ status: number }>): Promise<number> => (await answer).status;
    expect(await status(office.send('GET', '/approvals'))).toBe(404);
    expect(await status(office.send('GET', '/approvals/'))).toBe(404);
    expect(await status(office.send('GET', `/approvals/${id}/secret`))).toBe(404);
    expect(await status(office.send('GET', '/approvals/AAAAAAAAAAAAAAAAAAAAAA'))).toBe(404);
    const wrong = [await office.send('POST', `/approvals/${id}`), await office.send('GET', `/approvals/${id}/view`), await office.send('DELETE', `/approvals/${id}/decide`), await office.send('PUT', `/approvals/${id}/decision`)];
    expect(wrong.map((answer) => [answer.status, answer.headers.allow])).toEqual([[405, 'GET, HEAD'], [405, 'POST'], [405, 'POST'], [405, 'POST']]);
    expect(await status(office.send('POST', `/approvals/${id}/view`, { headers: { 'content-type': 'text/plain' }, body: `secret=${ALICE}` }))).toBe(415);
    expect(await status(office.send('POST', `/approvals/${id}/view`, { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-7' }, body: `secret=${ALICE}` }))).toBe(415);
    expect(await status(office.send('POST', `/approvals/${id}/decide`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `secret=${ALICE}&decision=deny&decision=approve` }))).toBe(415);
    expect(await status(office.form(`/approvals/${id}/view`, { secret: 'x'.repeat(20_000) }))).toBe(413);
    expect(await status(office.form(`/approvals/${id}/decide`, { secret: ALICE, decision: 'approve', comment: 'x'.repeat(501) }))).toBe(400);
    expect(await office.statusOf(id)).toBe('pending');
  });

  test('a body that never ends is given up', async () => {
    const id = await office.ask();
    const socket = connect(office.gateway.address.port, '127.0.0.1');
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    socket.write(`POST /approvals/${id}/view HTTP/1.1\r\nHost: localhost:${office.gateway.address.port}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write(`2000\r\n${'a'.repeat(0x2000)}\r\n1\r\na\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('[#50] wrong secrets are recorded, and after twenty of them the next wrong one of the address waits; the right one never does', async () => {
    const id = await office.ask({ needed: 2 });
    const link = await linkOf(id);
    const statuses: number[] = [];
    for (let index = 0; index < 22; index += 1) statuses.push((await office.json(`/approvals/${id}/view`, { secret: `guess-${index}` })).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 403), 429, 429]);
    const waiting = await office.json(`/approvals/AAAAAAAAAAAAAAAAAAAAAA/view`, { secret: 'guess' });
    expect([waiting.status, Number(waiting.headers['retry-after']) > 0]).toEqual([429, true]);
    // Whoever guesses from the address of an approver must not keep the approver out.
    expect((await office.form(`/approvals/${id}/view`, { secret: link })).status).toBe(200);
    expect((await office.form(`/approvals/${id}/decide`, { secret: link, decision: 'approve' })).status).toBe(200);
    expect((await office.json(`/approvals/${id}/decide`, { secret: ALICE, decision: 'approve' })).status).toBe(200);
    expect((await office.json(`/approvals/${id}/view`, { secret: 'guess-again' })).status).toBe(429);
    expect(await office.statusOf(id)).toBe('approved');
    const rows = (await office.rows()).filter((row) => row.code === 'wrong_approval_secret');
    expect(rows.length).toBe(20);
    expect(JSON.stringify(await office.rows())).not.toMatch(/guess-|pla_/);
  });

  test.each<[string, string | Buffer]>([
    ['a decision given twice', `{"secret":"${ALICE}","decision":"deny","decision":"approve"}`],
    ['a decision given twice, once with an escape', `{"secret":"${ALICE}","decision":"deny","\\u0064ecision":"approve"}`],
    ['a member given twice further down', `{"secret":"${ALICE}","decision":"approve","x":{"a":1,"a":2}}`],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`{"secret":"${ALICE}","decision":"approve","comment":"`), Buffer.from([0xff]), Buffer.from('"}')])],
    ['a byte order mark', `\ufeff{"secret":"${ALICE}","decision":"approve"}`],
    ['two values', `{"secret":"${ALICE}","decision":"approve"}{}`],
    ['an array', `[{"secret":"${ALICE}","decision":"approve"}]`],
    ['half a surrogate pair', `{"secret":"${ALICE}","decision":"approve","comment":"\\ud800"}`],
  ])('[J3] JSON with %s is refused and decides nothing', async (_what, body) => {
    const id = await office.ask();
    const answer = await office.send('POST', `/approvals/${id}/decide`, { headers: { 'content-type': 'application/json' }, body });
    expect([answer.status, await office.statusOf(id)]).toEqual([415, 'pending']);
  });

  test.each<[string, Buffer]>([
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`secret=${ALICE}&decision=approve&comment=`), Buffer.from([0xff])])],
    ['escaped bytes that are no UTF-8', Buffer.from(`secret=${ALICE}&decision=approve&comment=%ff`)],
  ])('a form with %s is refused and decides nothing', async (_what, body) => {
    const id = await office.ask();
    const answer = await office.send('POST', `/approvals/${id}/decide`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
    expect([answer.status, await office.statusOf(id)]).toEqual([415, 'pending']);
  });

  test('[#49] a store that does not answer decides nothing and says so', async () => {
    const id = await office.ask();
    await office.state.close();
    const page = await office.send('GET', `/approvals/${id}`);
    const decision = await office.json(`/approvals/${id}/decide`, { secret: ALICE, decision: 'approve' });
    expect([page.status, decision.status]).toEqual([503, 503]);
    office.state = await (await import('../../../src/state/open.ts')).openState({ path: (await import('../../../src/state/open.ts')).databasePath(office.directory) });
    expect(await office.statusOf(id)).toBe('pending');
  });
});
