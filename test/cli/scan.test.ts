import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy, combine } from '../../src/policy/index.ts';
import { demoServer, policylayer, temporary } from './support.ts';

const DEMO_TOOLS = ['list_images', 'describe_image', 'clone_container', 'delete_image', 'rotate_credentials'];

/** A stdio server whose behaviour is the body of `on(message, send)`. */
function server(body: string): string {
  return `const send = (m) => process.stdout.write(JSON.stringify(m) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { const message = JSON.parse(line); ${body} });`;
}

const initialize = "if (message.method === 'initialize') send({ jsonrpc: '2.0', id: message.id, result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } });";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('scan', () => {
  it('lists the tools of a server in its order, with parameters and exact sizes', async () => {
    const { status, stdout, stderr } = await policylayer(['scan', '--json', '--', process.execPath, demoServer]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.server).toEqual({ name: 'demo-registry', version: '1.0.0', protocol: '2025-11-25' });
    expect(report.tools.map((tool: { name: string }) => tool.name)).toEqual(DEMO_TOOLS);
    expect(report.tools[2]).toMatchObject({
      title: 'Clone a container image',
      parameters: [{ name: 'image', type: 'string', required: true }, { name: 'target', type: 'string', required: true }],
      required: ['image', 'target'],
    });
    expect(report.totalBytes).toBe(report.tools.reduce((sum: number, tool: { bytes: number }) => sum + tool.bytes, 0));
  });

  it('prints a table that fits 80 columns', async () => {
    const { status, stdout } = await policylayer(['scan', '--', process.execPath, demoServer]);
    expect(status).toBe(0);
    for (const name of DEMO_TOOLS) expect(stdout).toContain(name);
    expect(stdout).toMatch(/^5 tools: 2 read, 2 write, 1 destructive$/m);
    expect(stdout).toMatch(/KB of definitions: about [\d,]+ tokens of the model's context/);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('understands a server that speaks the stateless revision only', async () => {
    const modern = server(`const meta = message.params?._meta;
      if (message.method === 'initialize') return send({ jsonrpc: '2.0', id: message.id, error: { code: -32022, message: 'Unsupported protocol version' } });
      if (meta?.['io.modelcontextprotocol/protocolVersion'] !== '2026-07-28') return send({ jsonrpc: '2.0', id: message.id, error: { code: -32602, message: 'no version' } });
      if (message.method === 'server/discover') return send({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, serverInfo: { name: 'modern', version: '2' } } });
      if (message.method === 'tools/list') return send({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', tools: [{ name: 'a', inputSchema: { type: 'object' } }] } });`);
    const { status, stdout } = await policylayer(['scan', '--json', '--', process.execPath, '-e', modern]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ server: { name: 'modern', protocol: '2026-07-28' }, tools: [{ name: 'a' }] });
  });

  it('reads all pages, also an empty one', async () => {
    const paged = server(`${initialize}
      if (message.method === 'tools/list') { const at = Number(message.params.cursor ?? 0); send({ jsonrpc: '2.0', id: message.id, result: { tools: at === 1 ? [] : [{ name: 't' + at }], ...(at < 3 ? { nextCursor: String(at + 1) } : {}) } }); }`);
    const { stdout } = await policylayer(['scan', '--json', '--', process.execPath, '-e', paged]);
    expect(JSON.parse(stdout).tools.map((tool: { name: string }) => tool.name)).toEqual(['t0', 't2', 't3']);
  });

  const failing: readonly [title: string, status: string, body: string][] = [
    ['a server that never answers', 'timeout', ''],
    ['a server that writes garbage instead of answers', 'garbage', "process.stdout.write('Listening on port 3000\\n');"],
    ['a server that dies at once', 'exited', 'process.exit(3);'],
    ['a server that dies in the middle of its answer', 'exited', `${initialize} if (message.method === 'tools/list') { process.stdout.write('{"jsonrpc":"2.0","id":2,"resu'); process.exit(0); }`],
    ['a server that sends pages for ever', 'endless_list', `${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, result: { tools: [{ name: 'a' }], nextCursor: 'again' } });`],
    ['a server that invents new cursors for ever', 'endless_list', `${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, result: { tools: [], nextCursor: String(Math.random()) } });`],
    ['a server whose list is none', 'protocol_error', `${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, result: { tools: { a: 1 } } });`],
    ['a server that refuses', 'refused', `${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'not today' } });`],
    ['a server that wants somebody to sign in', 'credentials_needed', `${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'log in first' } });`],
    ['a server that ends for want of a key', 'credentials_needed', "process.stderr.write('Error: GITHUB_TOKEN environment variable is required\\n'); process.exit(1);"],
    ['a server that waits for a key', 'credentials_needed', "process.stderr.write('No API key found. Please set ACME_API_KEY.\\n');"],
    ['a server that fails of something else', 'exited', "process.stderr.write('SyntaxError: Unexpected token } in JSON at position 5\\n'); process.exit(1);"],
    ['a server that knows neither way of the protocol', 'refused', "send({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } });"],
  ];

  it.each(failing)('%s gives status 1 and the name of what happened, and leaves no process behind', async (_title, status, body) => {
    const directory = temporary();
    const pidFile = join(directory, 'pid');
    const code = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000); ${server(body)}`;
    const result = await policylayer(['scan', '--json', '--timeout', '700ms', '--', process.execPath, '-e', code], { cwd: directory });
    expect(JSON.parse(result.stdout)).toMatchObject({ status, error: { status } });
    expect(result.status).toBe(1);
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
  });

  it('a command that does not exist is named', async () => {
    const { status, stderr } = await policylayer(['scan', '--', 'no-such-program-anywhere']);
    expect(stderr).toContain('scan failed (cannot_start): command `no-such-program-anywhere` not found');
    expect(status).toBe(1);
  });

  it('an address where nobody listens is named', async () => {
    const { status, stdout } = await policylayer(['scan', '--json', '--upstream', 'http://127.0.0.1:9/mcp']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { status: 'unreachable' } });
    expect(status).toBe(1);
  });

  const result = '{"tools":[{"name":"b","inputSchema":{"type":"object","properties":{"x":{"type":["string","null"]},"y":{"enum":[1]},"z":{}},"required":["x"]}},{"name":"a"}]}';
  const recorded: readonly [title: string, text: string][] = [
    ['a tools/list result', result],
    ['a whole JSON-RPC answer', `{"jsonrpc":"2.0","id":1,"result":${result}}`],
    ['a list of definitions', JSON.stringify(JSON.parse(result).tools)],
    ['one definition per line', JSON.parse(result).tools.map((tool: object) => JSON.stringify(tool)).join('\n\n')],
  ];

  it.each(recorded)('--definitions reads %s without starting anything', async (_title, text) => {
    const directory = temporary({ 'tools.json': text });
    const { status, stdout } = await policylayer(['scan', '--json', '--definitions', 'tools.json'], { cwd: directory });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      server: null,
      tools: [
        { name: 'b', required: ['x'], parameters: [{ name: 'x', type: 'string | null', required: true }, { name: 'y', type: 'enum', required: false }, { name: 'z', type: 'any', required: false }] },
        { name: 'a', parameters: [] },
      ],
    });
  });

  it('a broken line of recorded definitions is named by its number', async () => {
    const directory = temporary({ 'tools.jsonl': '{"name":"a"}\n{"name":"b","name":"c"}\n' });
    const { status, stderr } = await policylayer(['scan', '--definitions', 'tools.jsonl'], { cwd: directory });
    expect(stderr).toContain('tools.jsonl:2: ');
    expect(status).toBe(1);
  });

  it('--policy-out writes a policy that check finds nothing wrong with, and that refuses tools of tomorrow', async () => {
    const directory = temporary();
    const written = await policylayer(['scan', '--policy-out', 'first.policy.yaml', '--', process.execPath, demoServer], { cwd: directory });
    expect(written.status).toBe(0);
    const checked = await policylayer(['check', '--strict', 'first.policy.yaml', '--', process.execPath, demoServer], { cwd: directory });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    const loaded = await loadPolicy(readFileSync(join(directory, 'first.policy.yaml'), 'utf8'), { name: 'first' });
    if (!loaded.ok) throw new Error('not loaded');
    const actions = Object.fromEntries(loaded.policy.document.rules.tool.map((rule) => [rule.selector, rule.rules[0]?.action ?? 'limited']));
    expect(actions).toEqual({ list_images: 'limited', describe_image: 'limited', clone_container: 'limited', delete_image: 'require_approval', rotate_credentials: 'hide' });
    const set = combine([loaded.policy]);
    expect(set.decide({ kind: 'tool', name: 'a tool of tomorrow' }).code).toBe('default_denied');
  });

  it('an existing policy is not overwritten unless asked', async () => {
    const directory = temporary({ 'mine.yaml': 'precious\n' });
    const args = ['scan', '--policy-out', 'mine.yaml', '--', process.execPath, demoServer];
    const refused = await policylayer(args, { cwd: directory });
    expect(refused.stderr).toContain('mine.yaml exists');
    expect(refused.status).toBe(2);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toBe('precious\n');
    expect((await policylayer(['scan', '--force', ...args.slice(1)], { cwd: directory })).status).toBe(0);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toContain('default: deny');
  });

  it('control characters of a server do not reach the terminal', async () => {
    const evil = server(`${initialize} if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, result: { tools: [{ name: 'a\\u001b[2Jb\\u202e', inputSchema: { type: 'object', properties: { 'p\\u0007': {} } } }] } });`);
    const { stdout } = await policylayer(['scan', '--', process.execPath, '-e', evil]);
    expect(stdout).toContain('\\u{1b}[2Jb\\u{202e}');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
  });
});
