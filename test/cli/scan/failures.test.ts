import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Output, policylayer, start, temporary } from '../support.ts';
import { initialize, listing, server } from './support.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const each of servers.splice(0)) {
    each.close();
    each.closeAllConnections();
  }
});

async function scanned(code: string, options: readonly string[] = []): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return policylayer(['scan', '--timeout', '1s', ...options, '--', process.execPath, '-e', code]);
}

const twoPages = (then: string): string => server(`${initialize} if (message.method === 'tools/list') { if (message.params.cursor === undefined) send({ jsonrpc: '2.0', id: message.id, result: { tools: [{ name: 'delete_a', description: 'Deletes a.' }, { name: 'list_b' }], nextCursor: 'x' } }); else { ${then} } }`);

describe('a server that fails half-way', () => {
  const halves: readonly [title: string, then: string, status: string][] = [
    ['hangs', '', 'timeout'],
    ['crashes', 'process.exit(7);', 'exited'],
    ['answers with an error', "send({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'no more' } });", 'refused'],
    ['repeats its cursor for ever', "send({ jsonrpc: '2.0', id: message.id, result: { tools: [], nextCursor: 'x' } });", 'endless_list'],
    ['sends a list that is none', "send({ jsonrpc: '2.0', id: message.id, result: { tools: 'none' } });", 'protocol_error'],
  ];

  it.each(halves)('and %s: the tools of its first page are shown, the failure has a name, status 1', async (_title, then, status) => {
    const json = await scanned(twoPages(then), ['--json']);
    const report = JSON.parse(json.stdout) as { tools: unknown[] };
    expect(report).toMatchObject({ status, error: { status }, server: { name: 'x' }, tools: [{ name: 'delete_a', category: 'destructive' }, { name: 'list_b', category: 'read' }] });
    expect(json.status).toBe(1);
    const text = await scanned(twoPages(then));
    expect(text.stdout).toMatch(/^delete_a +destructive/m);
    expect(text.stderr).toContain(`scan failed (${status})`);
    expect(text.status).toBe(1);
  });

  it('and a starter policy is not written: it would not name the tools that were never seen', async () => {
    const directory = temporary();
    const { status } = await policylayer(['scan', '--timeout', '1s', '--policy-out', 'p.yaml', '--', process.execPath, '-e', twoPages('process.exit(7);')], { cwd: directory });
    expect(status).toBe(1);
    expect(() => readFileSync(join(directory, 'p.yaml'))).toThrow('ENOENT');
  });
});

describe('a server that is odd but complete', () => {
  it('lists 600 KB: everything is read, and the cost is said', async () => {
    const { status, stdout } = await scanned(server(`${initialize} ${listing("Array.from({ length: 60 }, (_, i) => ({ name: 'tool_' + i, description: 'x'.repeat(10000) }))")}`), ['--json']);
    const report = JSON.parse(stdout) as { tools: unknown[]; totalBytes: number };
    expect(report).toMatchObject({ status: 'large_list', notices: ['large_list'] });
    expect(report.tools).toHaveLength(60);
    expect(report.totalBytes).toBeGreaterThan(600_000);
    expect(status).toBe(0);
  });

  it('lists a tool twice: both are shown, the name is told, and the policy treats it as the worse of the two', async () => {
    const directory = temporary();
    const code = server(`${initialize} ${listing("[{ name: 'thing', description: 'Lists things.' }, { name: 'thing', description: 'Deletes things.' }]")}`);
    const { status, stdout } = await policylayer(['scan', '--json', '--policy-out', 'p.yaml', '--', process.execPath, '-e', code], { cwd: directory });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'duplicate_tools', duplicates: ['thing'], tools: [{ name: 'thing' }, { name: 'thing' }] });
    expect(status).toBe(0);
    expect(readFileSync(join(directory, 'p.yaml'), 'utf8')).toContain('listed twice');
  });

  it('lists names that look alike: both are shown, and the pair is told', async () => {
    const { stdout } = await scanned(server(`${initialize} ${listing("[{ name: 'list_files' }, { name: 'list_fi1es' }, { name: 'other' }]")}`), ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'look_alike_tools', lookAlikes: [['list_fi1es', 'list_files']] });
  });

  it('writes logs to stdout between its answers: they are passed over', async () => {
    const code = server(`process.stdout.write('debug: ' + message.method + '\\n'); ${initialize} ${listing("[{ name: 'a' }]")}`);
    const { status, stdout } = await scanned(code, ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'ok', tools: [{ name: 'a' }] });
    expect(status).toBe(0);
  });

  it('asks the client for things: it is refused them, and listed', async () => {
    const code = server(`${initialize} if (message.method === 'notifications/initialized') send({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: {} }); ${listing("[{ name: 'a' }]")}`);
    expect(JSON.parse((await scanned(code, ['--json'])).stdout)).toMatchObject({ status: 'ok', tools: [{ name: 'a' }] });
  });
});

describe('a scan that is interrupted', () => {
  it('ends the server, says so, and has status 1', async () => {
    const directory = temporary();
    const pidFile = join(directory, 'pid');
    const code = `process.stdin.resume(); setInterval(() => {}, 1000); require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`;
    const child = start(['scan', '--json', '--', process.execPath, '-e', code], { cwd: directory });
    const stdout = new Output(child.stdout);
    while (!existsSync(pidFile)) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGINT');
    const status = await new Promise((done) => child.once('close', done));
    expect(JSON.parse(stdout.text)).toMatchObject({ status: 'interrupted', tools: [] });
    expect(status).toBe(1);
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
  });
});

describe('a server that wants credentials', () => {
  it('is told apart from one that crashed, with the variables that it names and no value', async () => {
    const { stderr, status } = await scanned("process.stderr.write('Error: set ACME_API_KEY (got: sk-very-secret-value)\\n'); process.exit(1);");
    expect(stderr).toContain('scan failed (credentials_needed)');
    expect(stderr).toContain('ACME_API_KEY');
    expect(stderr).not.toContain('sk-very-secret-value');
    expect(status).toBe(1);
  });

  it.each([401, 403])('over HTTP, by status %d, is told with the option that gives them', async (code) => {
    const http = createServer((_request, response) => response.writeHead(code).end());
    servers.push(http);
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
    const { stdout, status } = await policylayer(['scan', '--json', '--upstream', `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'credentials_needed', error: { message: expect.stringContaining('--header-env') as unknown } });
    expect(status).toBe(1);
  });

  it('but lists its tools all the same is listed', async () => {
    const code = `process.stderr.write('warning: ACME_API_KEY is not set\\n'); ${server(`${initialize} ${listing("[{ name: 'a' }]")}`)}`;
    expect(JSON.parse((await scanned(code, ['--json'])).stdout)).toMatchObject({ status: 'ok', tools: [{ name: 'a' }] });
  });
});
