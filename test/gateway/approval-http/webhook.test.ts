import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpDesk } from '../../../src/gateway/approval-http/desk.ts';
import { isSigned, sign } from '../../../src/upstream/signature.ts';
import { Office, type PageAnswer } from './support.ts';

const SECRET = 'the-secret-of-the-webhook-in-tests';
interface Told {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly message: Record<string, unknown>;
}

let server: Server;
let told: Told[];
let heard: () => void;
let office: Office;
let answer = 200;
const desks: HttpDesk[] = [];

beforeEach(async () => {
  told = [];
  heard = () => undefined;
  answer = 200;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      told.push({ headers: request.headers, body, message: JSON.parse(body.toString('utf8')) as Record<string, unknown> });
      response.writeHead(answer).end();
      heard();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  office = await Office.open({ webhook: { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`), secret: SECRET } });
});
afterEach(async () => {
  for (const desk of desks.splice(0)) desk.close();
  await office.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A request that was opened by a call, of which the desk is told as the gateway does it. */
async function asked(extra: Parameters<Office['ask']>[0] = {}): Promise<string> {
  const { lines } = office;
  const id = await office.ask(extra);
  const record = await office.state.approval(id);
  const desk = new HttpDesk({ publicUrl: 'https://gateway.example.com/pl', webhook: { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`), secret: SECRET }, approvers: [] }, { state: office.state, log: (line) => lines.push(line), listening: () => '' });
  const came = new Promise<void>((resolve) => {
    heard = resolve;
  });
  if (record !== null) desk.created(record);
  desks.push(desk);
  if (record?.via.includes('webhook') === true) await came;
  return id;
}

function back(id: string, value: unknown, options: { readonly at?: number; readonly secret?: string; readonly path?: string } = {}): Promise<PageAnswer> {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  const timestamp = String(Math.floor((options.at ?? Date.now()) / 1_000));
  return office.send('POST', `/approvals/${options.path ?? id}/decision`, { headers: { 'content-type': 'application/json', 'policylayer-timestamp': timestamp, 'policylayer-signature': sign(options.secret ?? SECRET, 'decision', timestamp, body) }, body });
}

describe('the webhook of approvals', () => {
  test('is told of a new request: what is asked, by whom, and a link that decides once', async () => {
    const id = await asked({ argumentsText: '{"amount":1.0}', alsoSent: '{"meta":{"force":1.0}}' });
    const [delivery] = told;
    expect(delivery?.message).toMatchObject({
      event: 'approval.requested', id, status: 'pending', server: 'bank', grant: 'agent', name: 'pay', method: 'tools/call', arguments: '{"amount":1.0}', alsoSent: '{"meta":{"force":1.0}}', rule: '/tools/pay', reason: 'money leaves the house', needed: 1,
      url: `https://gateway.example.com/pl/approvals/${id}`, decisionUrl: `https://gateway.example.com/pl/approvals/${id}/decision`,
    });
    expect(isSigned(SECRET, 'request', String(delivery?.headers['policylayer-timestamp']), String(delivery?.headers['policylayer-signature']), delivery?.body ?? Buffer.alloc(0), Date.now())).toBe(true);
    const [page, secret] = String(delivery?.message['link']).split('#');
    expect(page).toBe(`https://gateway.example.com/pl/approvals/${id}`);
    expect((await office.form(`/approvals/${id}/decide`, { secret: secret ?? '', decision: 'approve' })).status).toBe(200);
    expect((await office.state.approval(id))?.votes).toMatchObject([{ approver: 'webhook', way: 'link' }]);
  });

  test('gets no link where the rule allows none, or names who may decide', async () => {
    await asked({ via: ['webhook'] });
    await asked({ approvers: ['alice'] });
    expect(told.map(({ message }) => message['link'])).toEqual([null, null]);
  });

  test('is not told of a request that the rule keeps from it', async () => {
    await asked({ via: ['cli', 'link'] });
    expect(told).toEqual([]);
  });

  test('that fails is logged without a secret or an argument, and decides nothing', async () => {
    answer = 400;
    const id = await asked({ argumentsText: '{"password":"p4ss"}' });
    for (let tries = 0; office.lines.length === 0 && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(office.lines).toEqual([`approvals: the webhook was not told of ${id}: it answered HTTP 400`]);
    expect(await office.statusOf(id)).toBe('pending');
  });
});

describe('a decision that comes back', () => {
  test('counts when it is signed, as the approver it names', async () => {
    const id = await office.ask();
    const done = await back(id, { id, decision: 'approve', approver: 'dora', comment: 'seen in chat' });
    expect([done.status, JSON.parse(done.text)]).toMatchObject([200, { id, outcome: 'approved' }]);
    expect((await office.state.approval(id))?.votes).toMatchObject([{ approver: 'dora', way: 'webhook', decision: 'approve', comment: 'seen in chat' }]);
  });

  test('[#33] does not count a second time, for another request, late, or unsigned', async () => {
    const [id, other] = [await office.ask({ needed: 2 }), await office.ask()];
    const value = { id, decision: 'approve', approver: 'dora' };
    expect((await back(id, value)).status).toBe(200);
    expect((await back(id, value)).status).toBe(409);
    expect((await back(id, value, { path: other })).status).toBe(400);
    expect((await back(id, { ...value, approver: 'emil' }, { at: Date.now() - 301_000 })).status).toBe(401);
    expect((await back(id, { ...value, approver: 'emil' }, { secret: 'not-the-secret-of-the-webhook' })).status).toBe(401);
    expect((await office.json(`/approvals/${id}/decision`, { ...value, approver: 'emil' })).status).toBe(401);
    expect([(await office.state.approval(id))?.votes.length, await office.statusOf(other)]).toEqual([1, 'pending']);
    expect((await office.rows()).some((row) => row.code === 'wrong_approval_signature')).toBe(true);
  });

  test('[#44] by a name that moves a cursor or turns text around does not count', async () => {
    const id = await office.ask();
    for (const approver of ['eve\u009b2J', 'eve\u202e']) expect((await back(id, { id, decision: 'approve', approver })).status).toBeGreaterThanOrEqual(400);
    expect([(await office.state.approval(id))?.votes, await office.statusOf(id)]).toEqual([[], 'pending']);
  });

  test('that is not one is refused: no id, no approver, no such word', async () => {
    const id = await office.ask();
    const bad = [{ decision: 'approve', approver: 'a' }, { id, decision: 'approve' }, { id, decision: 'maybe', approver: 'a' }, { id, decision: 'approve', approver: 'x'.repeat(65) }, { id, decision: true, approver: 'a' }, [id], 'approve'];
    for (const value of bad) expect([value, (await back(id, value)).status]).toEqual([value, 400]);
    expect(await office.statusOf(id)).toBe('pending');
  });

  test.each(['"decision":"deny","decision":"approve"', '"decision":"deny","\\u0064ecision":"approve"', '"decision":"approve","approver":"\\ud800"', '"decision":"approve","comment":"\xff"'])('[J3] that two readers could read differently is refused, though it is signed: %s', async (members) => {
    const id = await office.ask();
    expect((await back(id, Buffer.from(`{"id":"${id}",${members.includes('approver') ? '' : '"approver":"dora",'}${members}}`, 'latin1'))).status).toBe(400);
    expect(await office.statusOf(id)).toBe('pending');
  });

  test('what we sent ourselves is no decision when it is sent back', async () => {
    const id = await asked();
    const [delivery] = told;
    const mirrored = await office.send('POST', `/approvals/${id}/decision`, { headers: { 'content-type': 'application/json', 'policylayer-timestamp': String(delivery?.headers['policylayer-timestamp']), 'policylayer-signature': String(delivery?.headers['policylayer-signature']) }, body: delivery?.body ?? '' });
    expect([mirrored.status, await office.statusOf(id)]).toEqual([401, 'pending']);
  });

  test('without a configured webhook there is nobody to send one', async () => {
    const id = await office.ask();
    await office.reconfigure({ webhook: null });
    expect((await back(id, { id, decision: 'approve', approver: 'dora' })).status).toBe(404);
  });
});
