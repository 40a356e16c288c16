import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { readTraceParent } from '../../../src/gateway/tracing/call-tracer.ts';
import { openOtelTracing, type OtelTracing } from '../../../src/gateway/tracing/otel-tracer.ts';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { Collector } from './collector.ts';

const POLICY = 'version: "1"\ndefault: deny\ntools:\n  safe: allow\n  fail: allow\n  secret: deny\n';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const HEADER = `00-${TRACE}-${PARENT}-01`;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function traced(options: { readonly status?: number; readonly sample?: number; readonly url?: string } = {}): Promise<{ harness: HttpHarness; collector: Collector; tracing: OtelTracing }> {
  const collector = await Collector.start(options.status);
  closing.push(() => collector.close());
  const tracing = openOtelTracing({ endpoint: collector.url, headers: { 'x-collector-key': 'k-1' }, sample: options.sample ?? 1, version: '0.0.0-test' });
  const harness = await HttpHarness.start(await policySet(POLICY), { tracer: tracing, ...(options.url === undefined ? {} : { url: options.url }) });
  closing.push(() => harness.close());
  return { harness, collector, tracing };
}

describe('traces of calls', () => {
  test('[U2] each call is one span with its method, tool, decision and end, below the parent that the client named', async () => {
    const { harness, collector, tracing } = await traced();
    await harness.modern('http', 'tools/call', { name: 'safe', arguments: { password: 'hunter2-value' }, _meta: { traceparent: HEADER } });
    await harness.modern('stdio', 'tools/call', { name: 'secret', arguments: { password: 'hunter2-value' } }, { traceparent: HEADER });
    const session = await harness.open('stdio');
    await harness.request('stdio', session, 'tools/call', { name: 'made-up-by-the-client' });
    const rows = await harness.rows();
    await tracing.close();
    const safe = collector.spans.find(({ name }) => name === 'tools/call safe');
    expect(safe).toMatchObject({
      traceId: TRACE, parentSpanId: PARENT, kind: 2, status: 0,
      attributes: {
        'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'safe', 'gen_ai.operation.name': 'execute_tool', 'network.transport': 'tcp', 'mcp.protocol.version': '2026-07-28', 'policylayer.server': 'http', 'policylayer.grant': 'one-http',
        'policylayer.decision.outcome': 'forwarded', 'policylayer.decision.rule': '/tools/safe', 'policylayer.decision.id': rows.find(({ name, outcome }) => name === 'safe' && outcome === 'ok')?.id,
      },
    });
    expect(safe?.attributes).not.toHaveProperty('error.type');
    const secret = collector.spans.find(({ attributes }) => attributes['gen_ai.tool.name'] === 'secret');
    expect(secret).toMatchObject({ name: 'tools/call', traceId: TRACE, parentSpanId: PARENT, status: 2, attributes: { 'error.type': 'denied', 'policylayer.decision.code': 'denied', 'policylayer.decision.id': rows.find(({ name }) => name === 'secret')?.id } });
    expect(collector.spans.map(({ name }) => name)).toContain('initialize');
    expect(collector.spans.some(({ name }) => name.includes('made-up'))).toBe(false);
    expect(collector.headers[0]).toMatchObject({ 'x-collector-key': 'k-1' });
    const sent = collector.bodies.join('');
    for (const hidden of ['hunter2-value', session, harness.token('http')]) expect(sent).not.toContain(hidden);
    expect(collector.spans.find(({ name }) => name === 'initialize')?.attributes['mcp.session.id']).toMatch(/^[0-9a-f]{32}$/);
  });

  test('[U2] the upstream gets our span as its parent in the HTTP header, and the body as the client sent it', async () => {
    const seen: { header: string | undefined; body: string }[] = [];
    const upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { id, method } = JSON.parse(body) as { id?: number; method: string };
        if (method === 'tools/call') seen.push({ header: request.headers['traceparent'] as string | undefined, body });
        const result = method === 'tools/list' ? { tools: [{ name: 'safe', inputSchema: { type: 'object' } }], resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : { content: [], resultType: 'complete' };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    });
    const { harness, collector, tracing } = await traced({ url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp` });
    await harness.modern('http', 'tools/call', { name: 'safe', arguments: {}, _meta: { traceparent: HEADER } }, { traceparent: `00-${TRACE}-1111111111111111-01` });
    await harness.modern('http', 'tools/call', { name: 'safe', arguments: {} });
    await tracing.close();
    const spans = collector.spans.filter(({ name }) => name === 'tools/call safe');
    expect(seen.map(({ header }) => header)).toEqual(spans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`));
    expect(seen[0]?.body).toContain(`"traceparent":"${HEADER}"`);
    expect(seen[1]?.body).not.toContain('traceparent');
  });

  test('[U2] a request that is translated to the era of its upstream goes on under its span', async () => {
    const seen: (string | undefined)[] = [];
    const upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { id, method } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { id?: number; method?: string };
        if (method === 'tools/call') seen.push(request.headers['traceparent'] as string | undefined);
        const results: Readonly<Record<string, object>> = {
          'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, serverInfo: { name: 'm', version: '1' }, ttlMs: 0, cacheScope: 'private' },
          'tools/list': { tools: [{ name: 'safe', inputSchema: { type: 'object' } }], ttlMs: 0, cacheScope: 'private' }, 'tools/call': { content: [] },
        };
        const result = results[method ?? ''];
        response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(result === undefined ? { jsonrpc: '2.0', id: id ?? null, error: { code: -32601, message: 'Method not found' } } : { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    });
    const { harness, collector, tracing } = await traced({ url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp` });
    await harness.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].map(([name, server]) => [name, { ...server, bridge: true }])) }));
    const session = await harness.open('http');
    await harness.request('http', session, 'tools/call', { name: 'safe', _meta: { traceparent: HEADER } });
    await tracing.close();
    const span = collector.spans.find(({ name }) => name === 'tools/call safe');
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(seen).toEqual([`00-${TRACE}-${span?.spanId}-01`]);
  });

  test('a collector that refuses, or is gone, costs no call', async () => {
    const { harness, collector, tracing } = await traced({ status: 500 });
    expect((await harness.modern('http', 'tools/call', { name: 'safe' })).status).toBe(200);
    await collector.close();
    closing.shift();
    expect((await harness.modern('http', 'tools/call', { name: 'safe' })).status).toBe(200);
    await tracing.close();
  });

  test('a caller cannot hide its calls by saying that its trace is not sampled', async () => {
    const { harness, collector, tracing } = await traced();
    await harness.modern('http', 'tools/call', { name: 'safe', _meta: { traceparent: `00-${TRACE}-${PARENT}-00` } });
    await tracing.close();
    expect(collector.spans.map(({ name }) => name)).toContain('tools/call safe');
  });

  test('with a sample of 0 nothing is kept but what a parent has sampled', async () => {
    const { harness, collector, tracing } = await traced({ sample: 0 });
    await harness.modern('http', 'tools/call', { name: 'safe' });
    await harness.modern('http', 'tools/call', { name: 'safe', _meta: { traceparent: HEADER } });
    await tracing.close();
    expect(collector.spans.map(({ traceId }) => traceId)).toEqual([TRACE]);
  });
});

describe('traceparent', () => {
  test.each([
    ['', null], ['00-0-0-0', null], [`00-${'0'.repeat(32)}-${PARENT}-01`, null], [`00-${TRACE}-${'0'.repeat(16)}-01`, null], [`ff-${TRACE}-${PARENT}-01`, null], [`00-${TRACE}-${PARENT}-01-more`, null],
    [`00-${TRACE.toUpperCase()}-${PARENT}-01`, null], [HEADER, { traceId: TRACE, spanId: PARENT, flags: 1, state: null }], [`01-${TRACE}-${PARENT}-03-more`, { traceId: TRACE, spanId: PARENT, flags: 3, state: null }],
  ])('%s', (text, expected) => expect(readTraceParent(text, null)).toEqual(expected));

  test('no text makes it fail', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (text, state) => void readTraceParent(text, state)));
  });
});
