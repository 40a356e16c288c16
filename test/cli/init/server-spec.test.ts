import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLauncher, findLauncher } from '../../../src/cli/init/launcher.ts';
import { isWrapped, readServerSpec } from '../../../src/cli/init/server-spec.ts';
import { looksSecret, maskArguments, maskText, maskValue, urlHoldsSecret } from '../../../src/cli/init/masking.ts';
import { plainName } from '../../../src/cli/init/policies.ts';
import { parseChoice } from '../../../src/cli/init/prompts.ts';
import { hasReference, resolveReferences } from '../../../src/cli/init/references.ts';
import { runnableCommand } from '../../../src/cli/init/windows-command.ts';
import { planWrap } from '../../../src/cli/init/wrap-plan.ts';
import { repository } from '../support.ts';
import type { ClientId } from '../../../src/cli/init/clients.ts';

describe('what an entry starts or reaches', () => {
  const KINDS: readonly [title: string, value: unknown, client: ClientId, expected: object][] = [
    ['command and arguments', { command: 'npx', args: ['-y', 'x'] }, 'cursor', { kind: 'stdio', command: 'npx', args: ['-y', 'x'], disabled: false }],
    ['no arguments', { command: '/bin/x' }, 'cursor', { kind: 'stdio', args: [] }],
    ['a program whose path has a space', { command: 'C:\\Program Files\\x.exe' }, 'cursor', { kind: 'stdio' }],
    ['disabled', { command: 'x', disabled: true }, 'windsurf', { kind: 'stdio', disabled: true }],
    ['not enabled', { command: 'x', enabled: false }, 'codex', { kind: 'stdio', disabled: true }],
    ['the older form of Zed', { command: { path: 'x', args: ['a'], env: { A: '1' } } }, 'zed', { kind: 'stdio', command: 'x', args: ['a'], env: { A: '1' }, nested: true }],
    ['a URL', { url: 'https://a.example/mcp' }, 'cursor', { kind: 'http', urlKey: 'url', headers: {} }],
    ['httpUrl of Gemini CLI', { httpUrl: 'https://a.example/mcp', headers: { A: 'b' } }, 'gemini', { kind: 'http', urlKey: 'httpUrl', headersKey: 'headers' }],
    ['serverUrl of Windsurf', { serverUrl: 'https://a.example/mcp' }, 'windsurf', { kind: 'http', urlKey: 'serverUrl' }],
    ['headers of Codex', { url: 'https://a.example/mcp', http_headers: { A: 'b' }, env_http_headers: { C: 'D' }, bearer_token_env_var: 'T' }, 'codex', { kind: 'http', headers: { A: 'b' }, envHeaders: { C: 'D' }, bearerVariable: 'T' }],
    ['a gateway of ours', { url: 'http://127.0.0.1:4600/mcp/x', headers: { authorization: 'Bearer plg_abc' } }, 'cursor', { kind: 'done' }],
    ['wrapped', { command: '/usr/bin/node', args: ['/x/dist/bin.mjs', 'run', '--policy', 'p', '--', 'y'] }, 'cursor', { kind: 'done' }],
  ];
  it.each(KINDS)('%s', (_title, value, client, expected) => {
    expect(readServerSpec(value, client)).toMatchObject(expected);
  });

  const SKIPPED: readonly [title: string, value: unknown, client: ClientId, reason: RegExp][] = [
    ['the older transport, by its type', { type: 'sse', url: 'https://a.example/x' }, 'claude-code', /older HTTP\+SSE/],
    ['the older transport, by its address', { url: 'https://a.example/sse' }, 'cursor', /older HTTP\+SSE/],
    ['OAuth', { url: 'https://a.example/mcp', oauth: { clientId: 'x' } }, 'claude-code', /OAuth/],
    ['OAuth of Cursor', { url: 'https://a.example/mcp', auth: { CLIENT_ID: 'x' } }, 'cursor', /OAuth/],
    ['OAuth of Codex', { url: 'https://a.example/mcp', scopes: ['a'] }, 'codex', /OAuth/],
    ['headers from a program', { url: 'https://a.example/mcp', headersHelper: '/bin/x' }, 'claude-code', /OAuth/],
    ['an extension', { settings: {} }, 'zed', /extension/],
    ['neither', {}, 'cursor', /neither a command nor a URL/],
    ['a sandbox of VS Code', { command: 'x', sandboxEnabled: true }, 'vscode', /sandbox/],
    ['another machine', { command: 'x', experimental_environment: 'remote' }, 'codex', /another machine/],
    ['both', { command: 'x', url: 'https://a.example' }, 'cursor', /not clear/],
    ['a command line in one text', { command: 'npx -y x' }, 'cursor', /whole command line/],
    ['arguments in one text', { command: 'x', args: '-y' }, 'cursor', /list of texts/],
    ['arguments that are numbers', { command: 'x', args: [1] }, 'cursor', /list of texts/],
    ['variables that are numbers', { command: 'x', env: { A: 1 } }, 'cursor', /env/],
    ['headers that are no texts', { url: 'https://a.example/mcp', headers: { A: 1 } }, 'cursor', /headers/],
    ['a password in the URL', { url: 'https://u:generated@a.example/mcp' }, 'cursor', /user name or password/],
    ['another scheme', { url: 'ws://a.example/mcp' }, 'cursor', /not HTTP/],
    ['an unknown type', { type: 'ws', url: 'wss://a.example' }, 'claude-code', /not known/],
    ['a list', [], 'cursor', /neither/],
    ['null', null, 'cursor', /neither/],
  ];
  it.each(SKIPPED)('%s is skipped and says why', (_title, value, client, reason) => {
    const spec = readServerSpec(value, client);
    expect(spec.kind).toBe('skip');
    expect(spec).toHaveProperty('reason', expect.stringMatching(reason));
    expect(spec).toHaveProperty('reason', expect.not.stringContaining('generated'));
  });

  it.each([
    ['policylayer', ['run', '--policy', 'p', '--', 'x'], true],
    ['C:\\npm\\policylayer.cmd', ['run', '--policy', 'p', '--upstream', 'u'], true],
    ['npx', ['-y', 'policylayer@1.0.0', 'run', '--policy', 'p', '--', 'x'], true],
    ['node', ['C:\\x\\dist\\bin.mjs', 'run', '--policy', 'p'], true],
    ['npx', ['some-server', 'run', '--policy', 'p'], false],
    ['node', ['server.mjs', '--', 'policylayer', 'run', '--policy', 'p'], false],
    ['policylayer', ['scan', '--', 'x'], false],
  ])('%s %j: wrapped is %j', (command, args, expected) => {
    expect(isWrapped(command, args)).toBe(expected);
  });
});

describe('what a client would fill in', () => {
  const context = { env: { TOKEN: 't', EMPTY: '' }, home: '/home/u', workspace: '/srv' };
  it.each<[ClientId, string, string | null]>([
    ['cursor', '${env:TOKEN}', 't'],
    ['vscode', '${workspaceFolder}/a/${userHome}', '/srv/a//home/u'],
    ['vscode', '${input:key}', null],
    ['cursor', '${env:MISSING}', null],
    ['claude-code', 'Bearer ${TOKEN}', 'Bearer t'],
    ['claude-code', '${MISSING:-d}/${TOKEN:-d}', 'd/t'],
    ['claude-code', '${MISSING}', null],
    ['gemini', '$TOKEN and ${TOKEN}', 't and t'],
    ['gemini', '$MISSING', null],
    ['windsurf', '$TOKEN', '$TOKEN'],
    ['codex', '${TOKEN}', '${TOKEN}'],
    ['zed', '$TOKEN', '$TOKEN'],
  ])('%s: %s', (client, text, expected) => {
    expect(resolveReferences(text, { ...context, client })).toEqual(expected === null ? { ok: false, reference: expect.stringContaining('$') as string } : { ok: true, text: expected });
  });

  it('a reference is recognised whoever fills it in', () => {
    expect(['${X}', 'a$X', '${input:x}'].map(hasReference)).toEqual([true, true, true]);
    expect(['a', '$', '$1', '100$'].map(hasReference)).toEqual([false, false, false, false]);
  });
});

describe('a command that Windows starts without a shell', () => {
  const find = (name: string): string | null => ({ npx: 'C:\\node\\npx.cmd', uvx: 'C:\\uv\\uvx.exe' })[name] ?? null;
  it.each<[string, readonly string[], readonly string[] | null]>([
    ['npx', ['-y', 'x'], ['cmd', '/c', 'npx', '-y', 'x']],
    ['uvx', ['x'], ['uvx', 'x']],
    ['cmd', ['/c', 'npx', 'x'], ['cmd', '/c', 'npx', 'x']],
    ['C:\\tools\\x.BAT', [], ['cmd', '/c', 'C:\\tools\\x.BAT']],
    ['pnpm', ['dlx', 'x'], ['cmd', '/c', 'pnpm', 'dlx', 'x']],
    ['npx', ['a&calc'], null],
    ['npx', ['a', '%PATH%'], null],
    ['npx', ['"x'], null],
    ['uvx', ['a&b'], ['uvx', 'a&b']],
    ['npx', ['-y', 'a b'], ['cmd', '/c', 'npx', '-y', 'a b']],
    ['C:\\my tools\\x.cmd', ['a'], ['cmd', '/c', 'C:\\my tools\\x.cmd', 'a']],
    ['C:\\my tools\\x.cmd', ['a b'], null],
    ['C:\\my tools\\x.cmd', [''], null],
  ])('%s %j', (command, args, expected) => {
    const result = runnableCommand(command, args, 'win32', find);
    expect(result.ok ? result.command : null).toEqual(expected);
  });

  it('elsewhere nothing is put in front', () => {
    expect(runnableCommand('npx', ['a&b'], 'linux', find)).toEqual({ ok: true, command: ['npx', 'a&b'] });
  });
});

describe('how an entry is wrapped', () => {
  const settings = { launcher: { node: 'N', program: 'B' }, policy: 'P', server: 'S', label: 'L', data: null, platform: 'linux' as const, findProgram: () => null };
  const http = { kind: 'http', url: 'https://a.example/mcp', urlKey: 'url', headers: {}, headersKey: null, envHeaders: {}, bearerVariable: null, disabled: false } as const;

  it('a command stands behind --, its arguments stay where they are', () => {
    expect(planWrap({ kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: {}, cwd: null, disabled: false, nested: false }, settings)).toMatchObject({ ok: true, plan: { command: 'N', args: ['B', 'run', '--policy', 'P', '--server', 'S', '--label', 'L', '--', 'npx'] } });
  });

  it('headers become variables; those that the transport sets are not passed on', () => {
    const result = planWrap({ ...http, headers: { Authorization: 'a', 'X-a': 'b', 'X.a': 'c', Accept: 'd' }, headersKey: 'headers' }, settings);
    expect(result).toMatchObject({ plan: { args: ['B', 'run', '--policy', 'P', '--server', 'S', '--label', 'L', '--header-env', 'Authorization=POLICYLAYER_HEADER_AUTHORIZATION', '--header-env', 'X-a=POLICYLAYER_HEADER_X_A', '--header-env', 'X.a=POLICYLAYER_HEADER_X_A_2', '--upstream', 'https://a.example/mcp'] } });
  });

  it.each(['https://a.example/mcp?key=1', 'https://a.example/s/abc123abc123abc123/mcp', 'https://a.example/${KEY}', 'https://a.example/$KEY'])('%s stands in a variable, not on the command line', (url) => {
    const result = planWrap({ ...http, url }, settings);
    expect(result).toMatchObject({ plan: { urlVariable: 'POLICYLAYER_UPSTREAM' } });
    expect(JSON.stringify(result)).not.toContain('a.example');
  });

  it('the data directory is named where a client would find another', () => {
    expect(planWrap({ ...http }, { ...settings, data: '/d' })).toMatchObject({ plan: { args: expect.arrayContaining(['--data', '/d']) as string[] } });
  });

  it('an empty header is refused: run would not start', () => {
    expect(planWrap({ ...http, headers: { A: '' } }, settings)).toMatchObject({ ok: false, reason: expect.stringContaining('empty') as string });
  });
});

describe('what is shown of a secret', () => {
  it.each([
    [['--api-key', 'abc', 'x'], ['--api-key', '***', 'x']],
    [['--token=abc'], ['--token=***']],
    [['-e', 'GITHUB_TOKEN=abc'], ['-e', 'GITHUB_TOKEN=***']],
    [['--header', 'Authorization: Bearer abc'], ['--header', 'Authorization: ***']],
    [['--header', 'Authorization: Bearer ${TOKEN}'], ['--header', 'Authorization: Bearer ${TOKEN}']],
    [['postgres://u:pw@db/x'], ['postgres://***@db/x']],
    [['https://a.example/mcp?key=abc&b=c'], ['https://a.example/mcp?key=***&b=***']],
    [['https://a.example/s/abc123abc123abc123/mcp', 'https://a.example/v1/mcp'], ['https://a.example/s/***/mcp', 'https://a.example/v1/mcp']],
    [['ghp_abcdefgh12345678'], ['***']],
    [['-y', '@modelcontextprotocol/server-filesystem@2026.8.31', '/srv/My-Project1'], ['-y', '@modelcontextprotocol/server-filesystem@2026.8.31', '/srv/My-Project1']],
    [['--header-env', 'Authorization=VARIABLE', '--bearer-env', 'VARIABLE'], ['--header-env', 'Authorization=VARIABLE', '--bearer-env', 'VARIABLE']],
  ])('%j', (args, expected) => {
    expect(maskArguments(args)).toEqual(expected);
  });

  it('a word of a million letters is read once', () => {
    const word = 'x'.repeat(1_000_000);
    expect(maskText(word)).toBe(word);
    expect(maskText('X_postgres://u:pw@db/x')).toBe('X_postgres://***@db/x');
  });

  it('values of env and headers are masked whatever they look like, but for references', () => {
    expect(['a', 'Bearer x', '${env:X}', 'Bearer ${X}', '$X', 'x${X}', ''].map(maskValue)).toEqual(['***', '***', '${env:X}', 'Bearer ${X}', '$X', '***', '']);
  });

  it('shapes of credentials are known', () => {
    expect(['sk-abcdefghijkl', 'AKIAABCDEFGHIJKL', 'eyJhbGciOiJIUzI1', '0123456789abcdef0123456789abcdef', 'aB3aB3aB3aB3aB3aB3aB3aB3'].filter((text) => !looksSecret(text))).toEqual([]);
    expect(['/usr/local/bin/node', 'server-filesystem', 'readOnlyHint', '2026-11-22T19:00:00Z', 'modelcontextprotocol'].filter(looksSecret)).toEqual([]);
    expect(maskText('see sk-abcdefghijkl now')).toBe('see *** now');
    expect(urlHoldsSecret('https://a.example/mcp')).toBe(false);
  });
});

describe('the program that entries name', () => {
  it('is this Node and this program, by absolute paths', () => {
    const launcher = findLauncher();
    expect(realpathSync(launcher.node)).toBe(realpathSync(process.execPath));
    expect(launcher.program).toBe(join(repository, 'dist', 'bin.mjs'));
    expect(() => checkLauncher(launcher)).not.toThrow();
  });

  it.each([['/home/u/.npm/_npx/abc/node_modules/policylayer/dist/bin.mjs', /cache of npx/], ['/nowhere/dist/bin.mjs', /not there/]])('%s is refused', (program, message) => {
    expect(() => checkLauncher({ node: process.execPath, program })).toThrow(message);
  });
});

describe('names and choices', () => {
  it.each([['registry', 'registry'], ['no arguments', 'no-arguments'], ['@scope/x', 'scope-x'], ['../../etc/passwd', 'etc-passwd'], ['数', 'server'], ['', 'server'], ['CON', 'mcp-CON'], ['nul.x', 'mcp-nul.x'], ['Grüße', 'Gru-e'], ['a'.repeat(99), 'a'.repeat(48)], ['.hidden.', 'hidden']])('%j is %j', (name, expected) => {
    expect(plainName(name)).toBe(expected);
  });

  it.each([['', [1, 2, 3]], ['all', [1, 2, 3]], ['none', []], ['2', [2]], ['1,3', [1, 3]], ['1-2 3', [1, 2, 3]], ['0', null], ['4', null], ['2-1', null], ['x', null], ['1,,2', [1, 2]]])('the answer %j', (answer, expected) => {
    const chosen = parseChoice(answer, 3);
    expect(chosen === null ? null : [...chosen]).toEqual(expected);
  });
});
