import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeldCalls } from '../../../src/gateway/bridge/held-calls.ts';
import type { Exchange } from '../../../src/gateway/bridge/exchange.ts';
import { StateSeal } from '../../../src/gateway/bridge/seal.ts';
import { toMessage } from '../../../src/mcp/bridge/build.ts';
import { legacyClientCapabilities, missingCapability, modernClientCapabilities } from '../../../src/mcp/bridge/capabilities.ts';
import { callDigest, digestOf } from '../../../src/mcp/bridge/digest.ts';
import { stamped, unstamped } from '../../../src/mcp/bridge/listen.ts';
import { legacyRequest, modernRequest } from '../../../src/mcp/bridge/requests.ts';
import { legacyResponse, modernResponse } from '../../../src/mcp/bridge/results.ts';
import type { Notification, Request, Response } from '../../../src/mcp/message.ts';
import type { JsonNode } from '../../../src/wire/json-node.ts';
import { envelope, type Json } from './harness.ts';

const request = (value: unknown): Request => toMessage(typeof value === 'string' ? value : JSON.stringify(value)) as Request;
const response = (value: unknown): Response => toMessage(JSON.stringify(value)) as Response;
const node = (value: unknown): JsonNode => toMessage(`{"jsonrpc":"2.0","method":"m","params":{"v":${typeof value === 'string' ? value : JSON.stringify(value)}}}`).root.get('params')?.get('v') as JsonNode;
const parsed = (message: { readonly bytes: Buffer }): Json => JSON.parse(message.bytes.toString()) as Json;

const ENVELOPE = { capabilities: '{"roots":{}}', clientInfo: '{"name":"c","version":"1"}', logLevel: 'info' };
const RESERVED = Object.keys(envelope({}, { 'io.modelcontextprotocol/logLevel': 'x' }));

/** Objects whose members come in any order, with spelled-out white space, and with any of the members that a translation touches. */
// Through JSON once: a generated -0 is 0 on the wire.
const value = fc.jsonValue({ maxDepth: 2 }).map((v) => JSON.parse(JSON.stringify(v)) as typeof v).filter((v) => !JSON.stringify(v).includes('__proto__'));
const members = fc.dictionary(fc.constantFrom('name', 'arguments', 'x', 'y', 'é', 'inputResponses', 'requestState'), value, { maxKeys: 7 });
const metas = fc.dictionary(fc.constantFrom('a', 'b', 'traceparent', 'progressToken', ...RESERVED), value, { maxKeys: 6 });
const requests = fc.record({ params: members, meta: fc.option(metas, { nil: undefined }), first: fc.boolean(), indent: fc.constantFrom(0, 1, '\t') }).map(({ params, meta, first, indent }) => {
  const body = meta === undefined ? params : first ? { _meta: meta, ...params } : { ...params, _meta: meta };
  return JSON.stringify({ id: 'i', jsonrpc: '2.0', params: body, method: 'tools/call' }, null, indent);
});

describe('translated requests', () => {
  test('to a legacy server are the original without the members of the new revision, and nothing else', () => {
    fc.assert(fc.property(requests, (text) => {
      const before = JSON.parse(text) as { params: Json };
      const after = parsed(legacyRequest(request(text), '7', '8')) as { params: Json };
      const params: Json = { ...before.params };
      delete params['inputResponses'];
      delete params['requestState'];
      if (params['_meta'] !== undefined) {
        const meta = Object.fromEntries(Object.entries(params['_meta'] as Json).filter(([key]) => !RESERVED.includes(key)));
        if ('progressToken' in meta) meta['progressToken'] = 8;
        if (Object.keys(meta).length === 0) delete params['_meta'];
        else params['_meta'] = meta;
      }
      expect(after).toEqual({ ...before, id: 7, params });
    }));
  });

  test('to a modern server are the original with the envelope of the session, and nothing else', () => {
    fc.assert(fc.property(requests, fc.boolean(), (text, again) => {
      const before = JSON.parse(text) as { params: Json };
      const retry = again ? { id: '"new"', inputResponses: '{"k":{}}', requestState: '"s"' } : null;
      const after = parsed(modernRequest(request(text), ENVELOPE, retry)) as { params: Json };
      const params: Json = { ...before.params };
      delete params['inputResponses'];
      delete params['requestState'];
      const meta = { ...(params['_meta'] as Json | undefined), ...envelope({ roots: {} }, { 'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' }, 'io.modelcontextprotocol/logLevel': 'info' }) };
      expect(after).toEqual({ ...before, ...(again ? { id: 'new' } : {}), params: { ...params, ...(again ? { inputResponses: { k: {} }, requestState: 's' } : {}), _meta: meta } });
    }));
  });

  test('without params get some where they need them', () => {
    expect(parsed(modernRequest(request('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'), { capabilities: '{}', clientInfo: null, logLevel: null }, null))).toEqual({
      jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } },
    });
    expect(parsed(legacyRequest(request('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'), '2', '2'))).toEqual({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
  });
});

describe('translated answers', () => {
  test.each([
    ['a result that is null', { result: null }],
    ['a result that is a list', { result: [1] }],
    ['a result that is a number', { result: 1 }],
  ])('%s becomes an error in either direction', (_what, body) => {
    const asked = request({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    for (const answer of [modernResponse(asked, response({ jsonrpc: '2.0', id: 1, ...body }), 'x'), legacyResponse(asked, response({ jsonrpc: '2.0', id: 1, ...body }))]) expect(parsed(answer)).toMatchObject({ error: { code: -32603 } });
  });

  test('hostile lists are carried or refused, never thrown at', () => {
    const odd = fc.oneof(value, fc.array(fc.oneof(value, fc.record({ name: value, outputSchema: value, execution: value }))));
    fc.assert(fc.property(odd, odd, odd, (tools, content, structuredContent) => {
      for (const method of ['tools/list', 'tools/call']) {
        const asked = request({ jsonrpc: '2.0', id: 1, method });
        const answer = response({ jsonrpc: '2.0', id: 9, result: { tools, content, structuredContent } });
        expect(parsed(modernResponse(asked, answer, 'x'))['id']).toBe('x');
        const legacy = parsed(legacyResponse(asked, answer));
        expect(legacy['id']).toBe(1);
        const result = legacy['result'] as Json;
        if (method === 'tools/call' && result['structuredContent'] !== undefined) expect(Array.isArray(result['structuredContent'])).toBe(false);
      }
    }));
  });

  test('an error without an id is given that of its request', () => {
    const asked = request({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(parsed(legacyResponse(asked, response({ jsonrpc: '2.0', id: null, error: { code: 1, message: 'm' } })))).toMatchObject({ id: 1 });
    expect(parsed(modernResponse(asked, response({ jsonrpc: '2.0', error: { code: 1, message: 'm' } }), 'x'))).toMatchObject({ id: 'x' });
  });
});

test('a stamp on a change can be taken off again', () => {
  fc.assert(fc.property(fc.option(members, { nil: undefined }), fc.option(fc.dictionary(fc.constantFrom('a', 'b'), value), { nil: undefined }), (params, meta) => {
    const body = params === undefined ? (meta === undefined ? undefined : { _meta: meta }) : meta === undefined ? params : { ...params, _meta: meta };
    const change = { jsonrpc: '2.0', method: 'notifications/resources/updated', ...(body === undefined ? {} : { params: body }) };
    const marked = stamped(toMessage(JSON.stringify(change)) as Notification, '"s"');
    expect(((parsed(marked)['params'] as Json)['_meta'] as Json)['io.modelcontextprotocol/subscriptionId']).toBe('s');
    const bare = parsed(unstamped(marked));
    const expected = { ...change, params: { ...body } as Json };
    if (meta !== undefined && Object.keys(meta).length === 0) delete expected.params['_meta'];
    expect(bare).toEqual(expected);
  }));
});

describe('capabilities', () => {
  test('lose tasks of either kind, and nothing else', () => {
    const declared = { tasks: { list: {} }, roots: { listChanged: true }, elicitation: {}, 'x-new': { n: 1 }, extensions: { 'io.modelcontextprotocol/tasks': {}, a: {} } };
    expect(JSON.parse(legacyClientCapabilities(node(declared)))).toEqual({ roots: {}, elicitation: {}, 'x-new': { n: 1 }, extensions: { a: {} } });
    expect(JSON.parse(modernClientCapabilities(node(declared)))).toEqual({ roots: { listChanged: true }, elicitation: {}, 'x-new': { n: 1 }, extensions: { a: {} } });
    expect(modernClientCapabilities(node('[]'))).toBe('{}');
  });

  test.each([
    [{}, 'roots/list', {}, 'roots'],
    [{ roots: {} }, 'roots/list', {}, null],
    [{ sampling: {} }, 'sampling/createMessage', {}, null],
    [{ sampling: {} }, 'sampling/createMessage', { tools: [] }, 'sampling.tools'],
    [{ sampling: { tools: {} } }, 'sampling/createMessage', { tools: [] }, null],
    [{ elicitation: {} }, 'elicitation/create', {}, null],
    [{ elicitation: {} }, 'elicitation/create', { mode: 'url' }, 'elicitation.url'],
    [{ elicitation: { url: {} } }, 'elicitation/create', { mode: 'url' }, null],
    [{ elicitation: { url: {} } }, 'elicitation/create', { mode: 'form' }, 'elicitation.form'],
    [{ elicitation: true }, 'elicitation/create', {}, 'elicitation'],
    [{ elicitation: {} }, 'x/y', {}, 'x/y'],
  ])('%j and %s %j: missing is %s', (declared, method, params, missing) => {
    expect(missingCapability(node(declared), method, node(params))).toBe(missing);
  });
});

describe('what a retry is bound to', () => {
  test('does not change with white space, order or spelling', () => {
    expect(digestOf(node('{"a":1,"b":["\\u0041"]}'))).toBe(digestOf(node('{ "b" : [ "A" ], "a" : 1 }')));
  });

  test('changes with every difference in value', () => {
    fc.assert(fc.property(value, value, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      const same = digestOf(node(JSON.stringify(a))) === digestOf(node(JSON.stringify(b)));
      if (same) expect(a).toEqual(b);
    }));
    const texts = ['1', '"1"', '[1]', '{"1":1}', '{}', '[]', 'null', 'true', '""', '"{}"', '[[]]', '[{}]', '["a","b"]', '["ab"]', '{"a":"b"}', '{"a":{"b":1}}'];
    expect(new Set(texts.map((text) => digestOf(node(text)))).size).toBe(texts.length);
  });

  test('covers the method and every member but those of a retry', () => {
    const digest = (params: Json, method = 'tools/call'): string => callDigest(method, node(params));
    const base = digest({ name: 'pay', arguments: { amount: 1 } });
    expect(digest({ arguments: { amount: 1 }, name: 'pay', requestState: 's', inputResponses: {}, _meta: { x: 1 } })).toBe(base);
    for (const other of [digest({ name: 'pay', arguments: { amount: 2 } }), digest({ name: 'pai', arguments: { amount: 1 } }), digest({ name: 'pay', arguments: { amount: 1 }, task: {} }), digest({ name: 'pay', arguments: { amount: 1 } }, 'prompts/get')]) expect(other).not.toBe(base);
  });

  test('a seal opens for its own principal and call only, before its time, unchanged', () => {
    const seal = new StateSeal();
    const state = seal.seal({ handle: 'h', expiresAt: 1_000 }, 'p', 'd');
    expect(seal.open(state, 'p', 'd', 999)).toEqual({ handle: 'h', expiresAt: 1_000 });
    expect(seal.open(state, 'p', 'd', 1_000)).toBeNull();
    expect(seal.open(state, 'q', 'd', 0)).toBeNull();
    expect(seal.open(state, 'p', 'e', 0)).toBeNull();
    expect(new StateSeal().open(state, 'p', 'd', 0)).toBeNull();
    for (let index = 0; index < state.length; index += 1) {
      const changed = state.slice(0, index) + (state[index] === 'A' ? 'B' : 'A') + state.slice(index + 1);
      expect(seal.open(changed, 'p', 'd', 0)).toBeNull();
    }
  });

  test('no principal can push out the calls that another waits for', () => {
    const held = new HeldCalls(60_000);
    const exchange = (principal: string): Exchange => ({ principal, digest: 'd' }) as unknown as Exchange;
    let expired = 0;
    const mine = held.hold(exchange('one'), () => {
      throw new Error('pushed out');
    });
    for (let n = 0; n < 300; n += 1) held.hold(exchange('two'), () => void (expired += 1));
    expect(held.size).toBe(257);
    expect(expired).toBe(44);
    expect(held.find(mine, 'one', 'd')).toMatchObject({ exchange: { principal: 'one' } });
    expect(held.find(mine, 'two', 'd')).toBeNull();
    held.clear();
    expect(held.find(mine, 'one', 'd')).toBeNull();
  });
});
