import type { ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpHarness, type Answer, type Leg } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { answerJson, ScriptedUpstream } from '../scripted-upstream.ts';
import { decide, staffed } from './approver.ts';

/** The client's own user may be asked, so a legacy client that can ask gets a question at once, on the stream of its call. */
const POLICY = `version: "1"
default: allow
tools:
  safe: { action: require_approval, approval: { wait: 20s, via: [dashboard, elicitation] } }
  wipe: { action: require_approval, approval: { wait: 20s, via: [dashboard, elicitation] } }
`;

let gateway: HttpHarness | null = null;
let upstream: ScriptedUpstream | null = null;
afterEach(async () => {
  await gateway?.close();
  await upstream?.close();
  gateway = null;
  upstream = null;
});

async function start(handler: Parameters<typeof ScriptedUpstream.start>[0] | null): Promise<HttpHarness> {
  upstream = handler === null ? null : await ScriptedUpstream.start(handler);
  gateway = await HttpHarness.start(await policySet(POLICY), upstream === null ? {} : { url: upstream.url });
  await staffed(gateway);
  return gateway;
}

const approve = (harness: HttpHarness, decision: 'approve' | 'deny' = 'approve'): Promise<void> => decide(harness, 'token', decision);
const call = (harness: HttpHarness, leg: Leg, session: string, name = 'safe', id = 7): Promise<Answer> => harness.post(leg, { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } }, { 'mcp-session-id': session });
/** The messages of an answer without the one that takes an open question back. */
const said = (answer: Answer): Record<string, unknown>[] => answer.messages.filter((message) => message['method'] !== 'notifications/cancelled');
const events = (response: ServerResponse, text: string): void => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
const OK = '{"jsonrpc":"2.0", "id":7,"result":{"content":[],"big":9007199254740993}}';

describe('a stream that was begun while the call was judged, HTTP relayed to HTTP', () => {
  test.each<[string, (response: ServerResponse) => void, unknown[]]>([
    ['a JSON body becomes its last event', (response) => answerJson(response, OK), [{ id: 7, result: { content: [] } }]],
    ['the events of a stream follow', (response) => events(response, `: hello\n\nid: e1\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\ndata: ${OK}\n\n`), [{ method: 'notifications/x' }, { id: 7, result: {} }]],
    ['an error of JSON-RPC under an HTTP error is an event', (response) => void response.writeHead(400, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}'), [{ id: 7, error: { code: -32602, message: 'no' } }]],
    ['an error without an id is one of this call', (response) => void response.writeHead(400, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'), [{ id: 7, error: { code: -32600, message: 'no' } }]],
    ['an error page is an error of this call', (response) => void response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>busy</h1>'), [{ id: 7, error: { code: -32603, message: expect.stringContaining('503') } }]],
    ['JSON that is no message is an error of this call', (response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('{"oops":true}'), [{ id: 7, error: { code: -32603 } }]],
    ['refused credentials are an error of this call', (response) => void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(), [{ id: 7, error: { code: -32603, message: expect.stringContaining('401') } }]],
    ['no answer is an error of this call', (response) => void response.destroy(), [{ id: 7, error: { code: -32603 } }]],
    ['204 is an error of this call', (response) => void response.writeHead(204).end(), [{ id: 7, error: { code: -32603 } }]],
    ['a stream that ends early ends without an answer', (response) => events(response, ': nothing\n\n'), []],
  ])('[M2] %s', async (_name, answer, expected) => {
    const harness = await start((_request, response) => answer(response));
    const session = await harness.open('http');
    const held = call(harness, 'http', session);
    await approve(harness);
    const through = await held;
    expect([through.status, through.headers['content-type'], through.headers['mcp-session-id']]).toEqual([200, 'text/event-stream', undefined]);
    const messages = said(through);
    expect(messages[0]).toMatchObject({ method: 'elicitation/create' });
    expect(messages.slice(1)).toMatchObject(expected);
    expect(messages).toHaveLength(1 + expected.length);
    expect(upstream?.of('tools/call')).toHaveLength(1);
  });

  test('[T1] the bytes of the answer are the upstream\'s', async () => {
    const harness = await start((_request, response) => answerJson(response, OK));
    const held = call(harness, 'http', await harness.open('http'));
    await approve(harness);
    expect((await held).text.endsWith(`data: ${OK}\n\n`)).toBe(true);
  });

  test('[T1, T10] a call that was held without a word is relayed byte for byte, head and body', async () => {
    const harness = await start((_request, response) => void response.writeHead(200, 'Fine', { 'content-type': 'application/json; charset=utf-8', 'x-own': 'kept' }).end(OK));
    await harness.reload(await policySet(POLICY.replaceAll(', elicitation', '')));
    const held = call(harness, 'http', await harness.open('http'));
    await approve(harness);
    const through = await held;
    expect([through.status, through.text, through.headers['x-own'], through.headers['content-type']]).toEqual([200, OK, 'kept', 'application/json; charset=utf-8']);
  });

  test('a session that has ended upstream meanwhile is unknown from then on', async () => {
    const harness = await start((_request, response) => void response.writeHead(404, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}'));
    const session = await harness.open('http');
    const held = call(harness, 'http', session);
    await approve(harness);
    expect((await held).messages.at(-1)).toMatchObject({ id: 7, error: {} });
    expect((await call(harness, 'http', session)).status).toBe(404);
    expect(upstream?.of('tools/call')).toHaveLength(1);
  });
});

describe.each<Leg>(['http', 'stdio'])('a refusal after the stream was begun, upstream over %s', (leg) => {
  test.each(['2025-06-18', '2025-11-25'])('is its last event, in revision %s', async (version) => {
    const harness = await start(null);
    const session = await harness.open(leg, false, version);
    const held = call(harness, leg, session, 'wipe');
    await approve(harness, 'deny');
    const through = await held;
    expect(said(through)).toMatchObject([{ method: 'elicitation/create' }, { id: 7, result: { isError: true, _meta: { 'policylayer/decision': { code: 'approval_denied' } } } }]);
    expect(harness.callsReached()).toEqual([]);
  });

  test.each(['2025-06-18', '2025-11-25'])('an approval is followed by the answer, in revision %s', async (version) => {
    const harness = await start(null);
    const session = await harness.open(leg, false, version);
    const held = call(harness, leg, session, 'wipe');
    await approve(harness);
    expect(said(await held)).toMatchObject([{ method: 'elicitation/create' }, { id: 7, result: { content: [{}] } }]);
    expect(harness.callsReached()).toEqual(['wipe']);
  });
});

describe('a hosted stream that is begun early', () => {
  test('[S4] can be resumed while the call is held, and the answer comes on the new connection', async () => {
    const harness = await start(null);
    const session = await harness.open('stdio');
    const seen: string[] = [];
    const torn = await new Promise<string>((resolve) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port: harness.gateway.address.port, method: 'POST', path: '/mcp/stdio', headers: harness.headers('stdio', { 'mcp-session-id': session }), agent: false }, (response) => {
        response.on('error', () => undefined);
        response.on('data', (chunk: Buffer) => {
          seen.push(chunk.toString());
          const ids = [...seen.join('').matchAll(/^id: (\S+)$/gm)].map((match) => match[1] ?? '');
          if (!seen.join('').includes('elicitation/create') || ids.length < 2) return;
          outgoing.destroy();
          resolve(ids[1] ?? '');
        });
      });
      outgoing.on('error', () => undefined);
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wipe', arguments: {} } }));
    });
    const resumed = harness.send({ method: 'GET', path: '/mcp/stdio', headers: { ...harness.headers('stdio', { 'mcp-session-id': session, 'last-event-id': torn }), accept: 'text/event-stream' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await approve(harness);
    expect(said(await resumed)).toMatchObject([{ id: 7, result: {} }]);
    expect(harness.callsReached()).toEqual(['wipe']);
  });
});
