import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpLink } from '../../src/upstream/http-link.ts';
import { eventually } from './processes.ts';
import { call, message, Recorder } from './recorder.ts';

let servers: ChildProcess;
let base = '';
const links: HttpLink[] = [];

beforeAll(async () => {
  servers = spawn(process.execPath, [fileURLToPath(new URL('fixtures/sdk-servers.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  servers.stdout?.on('data', (chunk: Buffer) => { base += chunk.toString(); });
  await eventually('the servers listen', () => base.endsWith('\n'));
  base = `http://127.0.0.1:${base.trim()}`;
});

afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
});

afterAll(() => {
  servers.stdin?.end();
});

function open(path: string): { link: HttpLink; heard: Recorder } {
  const heard = new Recorder();
  const link = new HttpLink({ url: new URL(path, base), headers: {} }, heard);
  links.push(link);
  return { link, heard };
}

const textOf = (json: unknown): string => (json as { result: { content: { text: string }[] } }).result.content[0]?.text ?? '';

async function initialize(link: HttpLink, heard: Recorder): Promise<void> {
  link.send(message({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } }));
  await heard.response('n:0');
  link.send(message({ jsonrpc: '2.0', method: 'notifications/initialized' }));
}

describe('a server of the official SDK 1', () => {
  it('answers calls with their progress in order', async () => {
    const { link, heard } = open('/legacy');
    await initialize(link, heard);
    link.send(call(1, 'progress', {}, { progressToken: 'p' }));
    expect(textOf((await heard.response('n:1')).json)).toBe('done');
    expect(heard.log).toEqual(['response n:0', ...Array.from({ length: 3 }, () => 'notification notifications/progress'), 'response n:1']);
  });

  it('says on the GET stream what belongs to no call', async () => {
    const { link, heard } = open('/legacy');
    await initialize(link, heard);
    await eventually('list_changed comes', () => {
      link.send(call(`g${heard.messages.length}${Math.random()}`, 'grow'));
      return heard.log.includes('notification notifications/tools/list_changed');
    });
    expect(heard.messages.find((entry) => entry.text.includes('list_changed'))?.requestKey).toBeNull();
  });

  it('finishes a call whose connection is lost', async () => {
    const { link, heard } = open('/legacy');
    await initialize(link, heard);
    link.send(call(1, 'cut', {}, { progressToken: 'p' }));
    expect(textOf((await heard.response('n:1')).json)).toBe('survived');
    expect(heard.failures).toEqual([]);
  });

  it('that forgot the session gets a new one, and the client notices nothing', async () => {
    const { link, heard } = open('/legacy');
    await initialize(link, heard);
    link.send(call(1, 'grow'));
    await heard.response('n:1');
    await fetch(new URL('/legacy/forget', base), { method: 'POST' });
    link.send(call(2, 'progress', {}, { progressToken: 'p' }));
    expect(textOf((await heard.response('n:2')).json)).toBe('done');
    expect(heard.failures).toEqual([]);
  });
});

describe('a server of the official SDK 2', () => {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } };
  const request = (id: number, method: string, params: Record<string, unknown> = {}): ReturnType<typeof message> => message({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } });

  it('accepts the headers that mirror each request', async () => {
    const { link, heard } = open('/modern');
    link.send(request(1, 'server/discover'));
    link.send(request(2, 'tools/list'));
    link.send(request(3, 'tools/call', { name: 'hello', arguments: {} }));
    link.send(request(4, 'tools/call', { name: 'grüße ', arguments: {} }));
    expect((await heard.response('n:1')).text).toContain('2026-07-28');
    expect((await heard.response('n:2')).text).toContain('"hello"');
    expect(textOf((await heard.response('n:3')).json)).toBe('hello hello');
    expect(textOf((await heard.response('n:4')).json)).toBe('hello grüße ');
  });

  it('refuses a legacy request in its own words, which reach the client', async () => {
    const { link, heard } = open('/modern');
    link.send(call(1, 'hello'));
    expect((await heard.response('n:1')).json).toMatchObject({ id: 1, error: {} });
  });

  it('streams a subscription until it is given up', async () => {
    const { link, heard } = open('/modern');
    link.send(request(1, 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    await heard.notification('notifications/subscriptions/acknowledged');
    link.send(request(2, 'tools/call', { name: 'announce', arguments: {} }));
    await heard.notification('notifications/tools/list_changed');
    link.abort('n:1');
    await heard.response('n:2');
    expect(heard.failures).toEqual([]);
  });
});
