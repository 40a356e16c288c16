import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databasePath, visitState } from '../../src/state/open.ts';
import { Output, StdioClient, codeOf, demoServer, policylayer, repository, start, temporary, type Rpc } from './support.ts';

const TOKEN = 'plg_test-token-of-the-serve-tests';
const POLICY = 'version: "1"\ndefault: deny\ntools:\n  list_images: allow\n';
const CONFIG = `listen: 127.0.0.1:0
servers:
  demo: { command: ["${process.execPath}", "${demoServer}"] }
policies: { p: p.yaml }
grants:
  - { label: agent, server: demo, policies: [p], token: "\${TEST_TOKEN}" }
`;
const ENV = { TEST_TOKEN: TOKEN };

interface Started {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly dashboard: string;
  readonly signIn: string | null;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  readonly grants: readonly { readonly label: string; readonly token: string | null }[];
}

/** Starts a gateway and waits for its line of JSON. */
async function serve(args: readonly string[], directory: string, env: Readonly<Record<string, string>> = ENV) {
  const child = start(['serve', '--json', ...args], { cwd: directory, env });
  const stderr = new Output(child.stderr);
  const line = await new Output(child.stdout).match(/^(.+)\n/);
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return new Promise((done) => child.once('close', (code) => done(code)));
  };
  return { child, stderr, started: JSON.parse(line[1] ?? '') as Started, end };
}

/** Looks again until it is so; the time limit is the test's. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } };

/** One stateless call. @returns the HTTP status and the message */
async function call(url: string, name: string, token = TOKEN): Promise<{ status: number; code: string | null; message: Rpc }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Authorization: `Bearer ${token}`,
      'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, _meta: META } }),
  });
  const text = await response.text();
  const data = text.startsWith('{') ? text : (/^data: ?(.*)$/m.exec(text)?.[1] ?? '{}');
  const message = (data.startsWith('{') ? JSON.parse(data) : {}) as Rpc;
  return { status: response.status, code: message.result?._meta?.['policylayer/decision']?.code ?? null, message };
}

describe('serve', () => {
  it('needs no gateway.yaml: it starts empty, keeps its data where it always does, and says how to sign in for the first time', async () => {
    const directory = temporary();
    const gateway = await serve(['--listen', '127.0.0.1:0'], directory);
    expect(gateway.started).toMatchObject({ config: null, dataDir: join(directory, 'state', 'policylayer'), servers: [], grants: [], dashboard: gateway.started.url });
    expect(gateway.started.signIn).toMatch(new RegExp(`^${gateway.started.url}/sign-in#link=[A-Za-z0-9_-]{43}$`));
    const session = await fetch(`${gateway.started.url}/api/v1/session`);
    expect(await session.json()).toMatchObject({ member: null, setupNeeded: true });
    expect((statSync(join(directory, 'state', 'policylayer', 'secret-keys.json')).mode & 0o777).toString(8)).toBe('600');
    expect(await gateway.end()).toBe(0);
  });

  it('takes over what another process changes in the registry, and keeps on what it had before a mistake in gateway.yaml', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    const gateway = await serve([], directory);
    const url = gateway.started.servers[0]?.url ?? '';
    const token = 'plg_token-of-a-grant-of-the-registry';
    const state = await visitState({ path: databasePath(gateway.started.dataDir) });
    const grant = { server: 'demo', tags: [], policies: ['p'], tokenSha256: createHash('sha256').update(token).digest('hex'), tokenHint: 'stry', previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'm1' };
    expect((await call(url, 'list_images', token)).status).toBe(401);
    state.registry.apply([{ op: 'put', kind: 'grant', name: 'of the registry', value: grant }], []);
    await until(async () => (await call(url, 'list_images', token)).status === 200);
    expect((await call(url, 'delete_image', token)).code).toBe('default_denied');
    // An edit of the file that is wrong changes neither side; one that is right changes its own.
    writeFileSync(join(directory, 'gateway.yaml'), 'servers: [');
    await gateway.stderr.match(/was not reloaded/);
    expect((await call(url, 'list_images', token)).status).toBe(200);
    writeFileSync(join(directory, 'p.yaml'), POLICY.replace('list_images: allow', 'list_images: deny'));
    writeFileSync(join(directory, 'gateway.yaml'), CONFIG);
    await until(async () => (await call(url, 'list_images', token)).code === 'denied');
    state.registry.apply([{ op: 'delete', kind: 'grant', name: 'of the registry' }], []);
    await until(async () => (await call(url, 'list_images', token)).status === 401);
    expect((await call(url, 'list_images')).status).toBe(200);
    state.close();
    expect(await gateway.end()).toBe(0);
  });

  it('serves what gateway.yaml says, and ends in good order on SIGTERM', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    const gateway = await serve([], directory);
    const url = gateway.started.servers[0]?.url ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp\/demo$/);
    expect(gateway.started.grants).toEqual([{ label: 'agent', server: 'demo', policies: ['p'], token: null }]);
    expect((await call(url, 'list_images')).message.result.content[0].text).toContain('api:1.4');
    expect((await call(url, 'delete_image')).code).toBe('default_denied');
    expect((await call(url, 'list_images', `${TOKEN}x`)).status).toBe(401);

    const running = await policylayer(['status', '--json'], { cwd: directory });
    expect(running.status).toBe(0);
    expect(JSON.parse(running.stdout)).toMatchObject({ gateway: { running: true, url: gateway.started.url, pid: gateway.started.pid, policies: [expect.stringMatching(/^p@[0-9a-f]+$/)], health: { status: 'ok' } }, journal: { lastHour: { ok: 1, refused: 1, rejected: 1 } } });
    expect(await gateway.end()).toBe(0);
    const stopped = await policylayer(['status', '--json'], { cwd: directory });
    expect(stopped.status).toBe(1);
    expect(JSON.parse(stopped.stdout).gateway).toMatchObject({ running: false, pid: null });
  });

  it('a token that is not given is made once, shown once, kept as a hash, and still works after a restart', async () => {
    const minting = CONFIG.replace(', token: "${TEST_TOKEN}"', '');
    const directory = temporary({ 'gateway.yaml': minting, 'p.yaml': POLICY });
    const first = await serve([], directory);
    const token = first.started.grants[0]?.token ?? '';
    expect(token).toMatch(/^plg_[A-Za-z0-9_-]{43}$/);
    expect((await call(first.started.servers[0]?.url ?? '', 'list_images', token)).status).toBe(200);
    await first.end();
    const path = join(directory, 'data', 'minted-tokens.json');
    const kept = readFileSync(path, 'utf8');
    expect(kept).not.toContain(token);
    expect(kept).toContain(createHash('sha256').update(token).digest('hex'));
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');

    const second = await serve([], directory);
    expect(second.started.grants[0]?.token).toBeNull();
    expect((await call(second.started.servers[0]?.url ?? '', 'list_images', token)).status).toBe(200);
    await second.end();
  });

  it('a grant that leaves the file and comes back has another token', async () => {
    const minting = CONFIG.replace(', token: "${TEST_TOKEN}"', '');
    const directory = temporary({ 'gateway.yaml': minting, 'p.yaml': POLICY });
    const gateway = await serve([], directory);
    const token = gateway.started.grants[0]?.token ?? '';
    const url = gateway.started.servers[0]?.url ?? '';
    const path = join(directory, 'gateway.yaml');
    writeFileSync(path, minting.replace('label: agent', 'label: other'));
    const other = await gateway.stderr.match(/new token of grant other, shown once: (plg_\S+)/);
    expect((await call(url, 'list_images', token)).status).toBe(401);
    expect((await call(url, 'list_images', other[1])).status).toBe(200);
    writeFileSync(path, minting);
    const again = await gateway.stderr.match(/new token of grant agent, shown once: (plg_\S+)/);
    expect(again[1]).not.toBe(token);
    expect((await call(url, 'list_images', token)).status).toBe(401);
    expect((await call(url, 'list_images', again[1])).status).toBe(200);
    await gateway.end();
  });

  it('a damaged token file stops the start instead of making new tokens', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG.replace(', token: "${TEST_TOKEN}"', ''), 'p.yaml': POLICY });
    const gateway = await serve([], directory);
    await gateway.end();
    writeFileSync(join(directory, 'data', 'minted-tokens.json'), '{"version":1,"grants":{"x":{"sha256":"zz"}}}');
    const result = await policylayer(['serve'], { cwd: directory, env: ENV });
    expect(result.stderr).toContain('minted-tokens.json is not a token file');
    expect(result.status).toBe(2);
  });

  it('[#48] edits of the policy and of the configuration hold at once, bad ones change nothing', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    const gateway = await serve([], directory);
    const url = gateway.started.servers[0]?.url ?? '';
    const reloaded = async (file: string, text: string, pattern = /configuration reloaded/): Promise<void> => {
      const from = gateway.stderr.text.length;
      writeFileSync(join(directory, file), text);
      await gateway.stderr.match(pattern, from);
    };
    expect((await call(url, 'describe_image')).code).toBe('default_denied');
    await reloaded('p.yaml', POLICY.replace('list_images', 'describe_image'));
    expect([(await call(url, 'describe_image')).code, (await call(url, 'list_images')).code]).toEqual([null, 'default_denied']);
    await reloaded('p.yaml', 'version: "1"\ndefault: allow\ntoools: {}\n', /p\.yaml:3:1: error: (.|\n)*the last valid version stays in force/);
    await reloaded('gateway.yaml', CONFIG.replace('grants', 'grunts'), /gateway\.yaml:5:1: error: (.|\n)*the last valid version stays in force/);
    expect([(await call(url, 'describe_image')).code, (await call(url, 'list_images')).code]).toEqual([null, 'default_denied']);
    writeFileSync(join(directory, 'q.yaml'), 'version: "1"\ndefault: allow\n');
    writeFileSync(join(directory, 'p.yaml'), POLICY);
    await reloaded('gateway.yaml', CONFIG.replace('p.yaml', 'q.yaml').replace(':0', ':1'), /a change of listen takes effect at the next start(.|\n)*configuration reloaded/);
    expect((await call(url, 'delete_image')).code).toBeNull();
    await reloaded('q.yaml', 'version: "1"\ndefault: deny\n');
    expect((await call(url, 'list_images')).code).toBe('default_denied');
    await gateway.end();
  });

  it('every mistake of the file and of its policies is listed before the status 2', async () => {
    const directory = temporary({ 'gateway.yaml': `${CONFIG}colour: red\n`, 'p.yaml': 'version: "1"\ndefault: perhaps\n' });
    const unknown = await policylayer(['serve'], { cwd: directory });
    expect(unknown.stderr).toMatch(/gateway\.yaml:6:\d+: error: the environment variable TEST_TOKEN is not set/);
    expect(unknown.stderr).toMatch(/gateway\.yaml:7:1: error: unknown key `colour`/);
    expect([unknown.status, unknown.stdout]).toEqual([2, '']);
    writeFileSync(join(directory, 'gateway.yaml'), CONFIG);
    const policy = await policylayer(['serve'], { cwd: directory, env: ENV });
    expect(policy.stderr).toMatch(/p\.yaml:2:10: error: /);
    expect(policy.status).toBe(2);
    const missing = await policylayer(['serve', '--config', 'nowhere.yaml'], { cwd: directory });
    expect(missing.stderr).toContain('nowhere.yaml:1:1: error: there is no such file');
    expect(missing.status).toBe(2);
  });

  it('[X2] an address that other machines can reach is refused unless it is asked for', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    for (const address of ['0.0.0.0:0', '[::]:0', 'gateway.example:0', '10.1.2.3:0']) {
      const result = await policylayer(['serve', '--listen', address], { cwd: directory, env: ENV });
      expect(result.stderr).toMatch(/refusing to listen on .*\n {2}help: .*--insecure-listen/);
      expect([result.status, result.stdout]).toEqual([2, '']);
    }
    const edge = CONFIG.replace('servers:\n', 'servers:\n  web: { url: "https://127.0.0.1:1/mcp", edge: { listen: "0.0.0.0:0" } }\n');
    writeFileSync(join(directory, 'gateway.yaml'), edge);
    expect((await policylayer(['serve'], { cwd: directory, env: ENV })).stderr).toContain('refusing to listen on 0.0.0.0:0');
    writeFileSync(join(directory, 'gateway.yaml'), CONFIG);
    const allowed = await serve(['--listen', '0.0.0.0:0', '--insecure-listen'], directory);
    expect(await allowed.end()).toBe(0);
  });

  it('a port that is taken gives one clear message, and says when it is a gateway of ours', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    const first = await serve([], directory);
    const address = first.started.url.replace('http://', '');
    const second = await policylayer(['serve', '--listen', address], { cwd: directory, env: ENV });
    expect(second.stderr).toContain(`policylayer: ${address} is in use by a gateway that runs already (pid ${first.started.pid})`);
    expect(second.status).toBe(2);
    await first.end();
    const foreign = createServer();
    await new Promise<void>((done) => foreign.listen(0, '127.0.0.1', done));
    const { port } = foreign.address() as { port: number };
    const third = await policylayer(['serve', '--listen', String(port)], { cwd: directory, env: ENV });
    foreign.close();
    expect(third.stderr).toContain(`policylayer: 127.0.0.1:${port} is in use\n`);
    expect(third.status).toBe(2);
  });

  it('a second signal ends it at once', async () => {
    const slow = `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { const m = JSON.parse(line);
      if (m.method === 'tools/list') process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: m.id, result: { resultType: 'complete', tools: [{ name: 'list_images', inputSchema: { type: 'object' } }] } }) + '\\n'); });`;
    const directory = temporary({ 'slow.cjs': slow, 'p.yaml': POLICY });
    writeFileSync(join(directory, 'gateway.yaml'), CONFIG.replace(demoServer, join(directory, 'slow.cjs')));
    const gateway = await serve([], directory);
    const pending = call(gateway.started.servers[0]?.url ?? '', 'list_images').catch(() => null);
    await new Promise((done) => setTimeout(done, 500));
    gateway.child.kill('SIGINT');
    await gateway.stderr.match(/SIGINT received/);
    expect(await gateway.end('SIGINT')).toBe(130);
    await pending;
  });

  it('run and scan reach an HTTP server with a header from the environment, under their own policy', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': 'version: "1"\ndefault: allow\n', 'outer.yaml': POLICY });
    const gateway = await serve([], directory);
    const upstream = ['--upstream', gateway.started.servers[0]?.url ?? '', '--header-env', 'Authorization=BEARER'];
    const env = { BEARER: `Bearer ${TOKEN}` };
    const scanned = await policylayer(['scan', '--json', ...upstream], { cwd: directory, env });
    expect(JSON.parse(scanned.stdout)).toMatchObject({ server: { name: 'demo-registry' }, tools: [{ name: 'list_images' }, {}, {}, {}, {}] });
    const client = new StdioClient(start(['run', '--policy', 'outer.yaml', ...upstream], { cwd: directory, env }));
    expect((await client.initialize()).result?.serverInfo.name).toBe('demo-registry');
    expect((await client.call('list_images')).result.content[0].text).toContain('api:1.4');
    expect(codeOf(await client.call('delete_image', { image: 'api:1.4' }))).toBe('default_denied');
    expect(await client.end()).toBe(0);
    await gateway.end();
  });

  it('the demo starts with nothing but the package, and its tour shows what its policy says', async () => {
    const directory = temporary();
    const child = start(['serve', '--demo', '--listen', '127.0.0.1:0'], { cwd: directory });
    const output = new Output(child.stdout);
    const [, token = ''] = await output.match(/export POLICYLAYER_TOKEN=(plg_\S+)/);
    const [, script = '', url = ''] = await output.match(/node (\S+try\.mjs) (http:\S+)\n/);
    for (const line of output.text.split('\n')) if (!line.includes(script) && !line.includes(directory)) expect(line.length, line).toBeLessThanOrEqual(80);
    const json = /\{\n {4}"mcpServers"[\s\S]*?\n {2}\}\n/.exec(output.text)?.[0] ?? '';
    expect(JSON.parse(json).mcpServers.demo).toEqual({ type: 'http', url, headers: { Authorization: `Bearer ${token}` } });
    const tour = spawnSync(process.execPath, [join(repository, 'examples/demo/try.mjs'), url], { env: { ...process.env, POLICYLAYER_TOKEN: token }, encoding: 'utf8', timeout: 20_000 });
    expect(tour.stderr).toBe('');
    expect(tour.status).toBe(0);
    expect(tour.stdout).toContain('tools: list_images, describe_image, clone_container, delete_image\n');
    expect(tour.stdout).toContain('code=denied rule=/tools/delete_image');
    expect(tour.stdout).toContain('error -32602: Unknown tool: rotate_credentials');
    expect(tour.stdout.match(/was copied to/g)).toHaveLength(3);
    expect(tour.stdout).toMatch(/code=rate_limited rule=\/tools\/clone_container\/rate_limit retryAfterMs=\d+/);
    child.kill('SIGTERM');
    expect(await new Promise((done) => child.once('close', (code) => done(code)))).toBe(0);

    const again = start(['serve', '--demo', '--json', '--listen', '127.0.0.1:0'], { cwd: directory });
    const line = await new Output(again.stdout).match(/^(.+)\n/);
    expect(JSON.parse(line[1] ?? '').grants[0].token).toBe(token);
  });
});
