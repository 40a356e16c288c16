import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { StdioLink, type StdioLinkOptions } from '../../src/upstream/stdio-link.ts';
import type { CommandSpec } from '../../src/upstream/types.ts';
import { eventually, groupIsGone, groupMembers, isAlive } from './processes.ts';
import { call, message, rawMessage, Recorder } from './recorder.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

function node(name: string, args: string[] = [], more: Partial<CommandSpec> = {}): CommandSpec {
  return { command: [process.execPath, fixture(name), ...args], env: {}, cwd: null, inheritEnv: false, ...more };
}

const links: StdioLink[] = [];

function open(spec: CommandSpec = node('echo-server.mjs'), options: StdioLinkOptions = {}): { link: StdioLink; seen: Recorder } {
  const seen = new Recorder();
  const link = new StdioLink(spec, seen, { stdinGraceMs: 3_000, termGraceMs: 1_000, ...options });
  links.push(link);
  return { link, seen };
}

afterEach(async () => {
  for (const link of links.splice(0)) {
    await link.close();
    if (link.pid !== null) await groupIsGone(link.pid);
  }
});

const textOf = (json: unknown): string => (json as { result: { content: { text: string }[] } }).result.content[0]?.text ?? '';

describe('carrying messages', () => {
  it('passes bytes in both directions as they are', async () => {
    const { link, seen } = open();
    const line = '{ "params":{"x":1.0,"big":12345678901234567890,"\\u0061":"\\ud83d\\ude00é"},  "method":"raw","id":"α","jsonrpc":"2.0" }';
    link.send(rawMessage(line));
    const { json } = await seen.response('s:α');
    expect((json as { result: { line: string } }).result.line).toBe(line);
  });

  it('keeps a body with line breaks one message, although its second line looks like another', async () => {
    const { link, seen } = open();
    const smuggled = '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo"}}';
    link.send(rawMessage(`{"jsonrpc":"2.0","id":1,"method":"raw","params":{"x":\n${smuggled}\r,"y":1}}`));
    link.send(message({ jsonrpc: '2.0', id: 3, method: 'ping' }));
    await seen.response('n:3');
    expect(seen.log).toEqual(['response n:1', 'response n:3']);
  });

  it('keeps the order of a thousand requests and answers each once', async () => {
    const { link, seen } = open();
    for (let id = 0; id < 1_000; id += 1) link.send(call(id, 'echo', { id }));
    await seen.response('n:999');
    expect(seen.messages.map((entry) => textOf(JSON.parse(entry.text)))).toEqual(Array.from({ length: 1_000 }, (_, id) => JSON.stringify({ id })));
    expect(seen.failures).toEqual([]);
  });

  it('tells 7 from "7"', async () => {
    const { link, seen } = open();
    link.send(call(7, 'echo', 'number'));
    link.send(call('7', 'echo', 'string'));
    expect(textOf((await seen.response('n:7')).json)).toBe('"number"');
    expect(textOf((await seen.response('s:7')).json)).toBe('"string"');
  });

  it('delivers requests of the server and carries the answers back', async () => {
    const { link, seen } = open();
    link.send(call(1, 'ask'));
    await eventually('the server asked', () => seen.messages.some((entry) => entry.message.kind === 'request'));
    link.send(message({ jsonrpc: '2.0', id: 's1', result: { roots: [] } }));
    expect(textOf((await seen.response('n:1')).json)).toBe('{"roots":[]}');
  });

  it('carries a 20 MB answer whole', async () => {
    const { link, seen } = open();
    link.send(call(1, 'huge', { bytes: 20_000_000 }));
    expect(textOf((await seen.response('n:1')).json).length).toBe(20_000_000);
  });

  it('signals backpressure of a server that does not read, and drains', async () => {
    const { link, seen } = open();
    let id = 0;
    const body = 'y'.repeat(100_000);
    while (link.send(call(id, 'echo', body))) id += 1;
    await seen.response(`n:${id}`);
    expect(seen.drains).toBeGreaterThan(0);
    expect(seen.messages.length).toBe(id + 1);
  });

  it('stops reading while paused, so that the server blocks and not our memory grows', async () => {
    const { link, seen } = open();
    link.send(message({ jsonrpc: '2.0', id: 0, method: 'ping' }));
    await seen.response('n:0');
    link.pause();
    link.send(call(1, 'flood', { lines: 20_000 }));
    await sleep(300);
    const before = seen.messages.length;
    await sleep(200);
    expect(seen.messages.length).toBe(before);
    expect(before).toBeLessThan(2_000);
    link.resume();
    await seen.response('n:1');
    expect(seen.messages.length).toBe(20_002);
  });
});

describe('what is not a message', () => {
  it('is dropped, reported and survived', async () => {
    const { link, seen } = open();
    link.send(call(1, 'garbage'));
    expect(textOf((await seen.response('n:1')).json)).toBe('after garbage');
    expect(seen.dropped.map((entry) => entry.code)).toEqual(['syntax', 'duplicate_key', 'batch', 'syntax', 'invalid_utf8']);
    expect(seen.dropped.every((entry) => !/[\u0000-\u001f]/.test(entry.sample))).toBe(true);
  });

  it('an over-long line is dropped and the next one read', async () => {
    const { link, seen } = open(node('echo-server.mjs'), { limits: { maxBytes: 10_000, maxDepth: 64, maxKeys: 1_000 } });
    link.send(call(1, 'huge', { bytes: 50_000 }));
    link.send(call(2, 'echo', 'still here'));
    expect(textOf((await seen.response('n:2')).json)).toBe('"still here"');
    expect(seen.dropped.map((entry) => entry.code)).toEqual(['line_too_long']);
  });

  it('a second answer is dropped', async () => {
    const { link, seen } = open();
    link.send(call(1, 'twice'));
    link.send(call(2, 'echo'));
    await seen.response('n:2');
    expect(seen.log).toEqual(['response n:1', 'garbage unknown_response', 'response n:2']);
  });

  it('answers to ids that nobody asked, and to an id of another type, are dropped', async () => {
    const { link, seen } = open();
    link.send(call(1, 'foreign'));
    await seen.response('n:1');
    expect(seen.log).toEqual(['garbage unknown_response', 'garbage unknown_response', 'response n:1']);
  });
});

describe('giving up a request', () => {
  it('abort cancels upstream and swallows the answer and the progress that still come', async () => {
    const { link, seen } = open();
    link.send(call(1, 'late', {}, { progressToken: 'p' }));
    link.abort('n:1');
    link.abort('n:404');
    link.send(message({ jsonrpc: '2.0', id: 2, method: 'count' }));
    expect((await seen.response('n:2')).json).toMatchObject({ result: { cancelled: 1, pending: [] } });
    expect(seen.log).toEqual(['garbage late_response', 'response n:2']);
  });

  it('an id and a token that were given up may be used again', async () => {
    const { link, seen } = open();
    link.send(call(1, 'never', {}, { progressToken: 'p' }));
    link.abort('n:1');
    link.send(call(1, 'progress', {}, { progressToken: 'p' }));
    expect(textOf((await seen.response('n:1')).json)).toBe('token "p"');
    expect(seen.log.filter((entry) => entry === 'notification notifications/progress').length).toBeGreaterThan(0);
  });

  it('abort does not cancel initialize', async () => {
    const { link, seen } = open();
    link.send(message({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } }));
    link.abort('n:1');
    link.send(message({ jsonrpc: '2.0', id: 2, method: 'count' }));
    expect((await seen.response('n:2')).json).toMatchObject({ result: { cancelled: 0 } });
    expect(seen.log).toEqual(['garbage late_response', 'response n:2']);
  });

  it('the late answer to a request that the client itself cancelled is the client\'s', async () => {
    const { link, seen } = open();
    link.send(call(1, 'late'));
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }));
    expect(textOf((await seen.response('n:1')).json)).toBe('too late');
  });
});

describe('when the server dies', () => {
  it('fails every open request with exit code and last line of stderr, then reports the end', async () => {
    const { link, seen } = open();
    link.send(call(1, 'never'));
    link.send(call(2, 'crash'));
    const failure = await seen.ended();
    expect(failure).toEqual({ kind: 'exited', text: 'server exited with code 3 (stderr: fatal: disk on fire)', status: null, reached: true });
    expect(seen.log).toEqual(['failed n:1', 'failed n:2', 'closed']);
    expect(link.exit).toEqual({ code: 3, signal: null, error: null });
    link.send(call(3, 'echo'));
    expect(await seen.failure('n:3')).toMatchObject({ kind: 'exited', reached: false });
  });

  it('never repeats a configured secret', async () => {
    const { link, seen } = open(node('echo-server.mjs', [], { env: { SECRET_KEY: 'sk-live-0123456789' } }));
    link.send(call(1, 'leak'));
    expect((await seen.failure('n:1')).text).toBe('server exited with code 1 (stderr: bad key [hidden])');
  });

  it('names the signal', async () => {
    const { link, seen } = open();
    link.send(call(1, 'suicide'));
    expect((await seen.failure('n:1')).text).toBe('server was ended by SIGKILL');
  });

  it('delivers what was written before the exit', async () => {
    const { link, seen } = open();
    link.send(call(1, 'farewell'));
    expect(textOf((await seen.response('n:1')).json)).toBe('last words');
    expect(await seen.ended()).toMatchObject({ text: 'server exited with code 0' });
    expect(seen.failures).toEqual([]);
  });

  it('a server that closes its stdout is ended, for it can never answer', async () => {
    const { link, seen } = open(node('echo-server.mjs'), { stdinGraceMs: 200 });
    link.send(call(1, 'mute'));
    expect(await seen.failure('n:1')).toMatchObject({ kind: 'exited' });
  });

  it('a server that closes its stdin is ended, for it can never be asked', async () => {
    const script = `exec 0<&-; echo '{"jsonrpc":"2.0","method":"notifications/ready"}'; exec sleep 60`;
    const { link, seen } = open({ command: ['/bin/sh', '-c', script], env: {}, cwd: null, inheritEnv: false }, { stdinGraceMs: 200 });
    await seen.notification('notifications/ready');
    link.send(call(1, 'echo'));
    expect(await seen.failure('n:1')).toMatchObject({ kind: 'exited', text: 'server was ended by SIGTERM' });
  });

  it('cancelled requests are not reported as failed', async () => {
    const { link, seen } = open();
    link.send(call(1, 'never'));
    link.send(call(2, 'never'));
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }));
    link.abort('n:2');
    link.send(call(3, 'crash'));
    await seen.ended();
    expect(seen.failures.map((entry) => entry.requestKey)).toEqual(['n:3']);
  });
});

describe('when the server cannot start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'upstream-'));
  const script = join(directory, 'plain-file');
  writeFileSync(script, '#!/bin/sh\nexit 0\n');
  chmodSync(script, 0o644);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each<[string, Partial<CommandSpec>, RegExp]>([
    ['no such command', { command: ['no-such-server-anywhere', '--x'] }, /^command `no-such-server-anywhere` not found; is it installed and on PATH\?$/],
    ['no such directory', { cwd: '/no/such/directory' }, /^command `.*` could not be started: its working directory does not exist$/],
    ['not executable', { command: [script] }, /^command `plain-file` may not be executed; is the file executable, and its directory accessible\?$/],
    ['a NUL in an argument', { command: [process.execPath, 'a\0b'] }, /^command `.*` could not be started \(ERR_INVALID_ARG_VALUE\)$/],
    ['too large', { env: { X: 'x'.repeat(3_000_000) } }, /^command `.*` could not be started: its arguments and environment are too large$/],
  ])('says so honestly: %s', async (_name, spec, text) => {
    const { link, seen } = open(node('echo-server.mjs', [], spec));
    link.send(call(1, 'echo'));
    const failure = await seen.failure('n:1');
    expect(failure.text).toMatch(text);
    expect(failure).toMatchObject({ kind: 'cannot_start', reached: false });
    await seen.ended();
    expect(seen.log).toEqual(['failed n:1', 'closed']);
    expect(link.pid).toBeNull();
    await link.close();
  });
});

describe('isolation of the child', () => {
  it('has no descriptors but its three pipes', async () => {
    const { link, seen } = open();
    link.send(call(1, 'fds'));
    const entries = JSON.parse(textOf((await seen.response('n:1')).json)) as [string, string][];
    const foreign = entries.filter(([fd, target]) => Number(fd) > 2 && !/^anon_inode:|^pipe:|^socket:|^\/dev\/null$|^\/proc\/\d+\/fd$/.test(target));
    expect(foreign).toEqual([]);
    const count = (args: string[]): number =>
      Number(spawnSync(process.execPath, ['-e', 'process.stdout.write(String(require("fs").readdirSync("/proc/self/fd").length))', ...args], { stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' }).stdout);
    expect(entries.length).toBeLessThanOrEqual(count([]) + 2);
  });

  it('[D4] sees the base environment and its own variables, nothing else of ours', async () => {
    process.env['UPSTREAM_TEST_SECRET'] = 'must not leak';
    try {
      const { link, seen } = open(node('echo-server.mjs', [], { env: { OWN: 'yes', HOME: '/elsewhere' } }));
      link.send(call(1, 'env'));
      const env = JSON.parse(textOf((await seen.response('n:1')).json)) as Record<string, string>;
      expect(env).toMatchObject({ OWN: 'yes', HOME: '/elsewhere', PATH: process.env['PATH'] });
      expect(env).not.toHaveProperty('UPSTREAM_TEST_SECRET');
      expect(env).not.toHaveProperty('NODE_OPTIONS');
      const all = open(node('echo-server.mjs', [], { inheritEnv: true }));
      all.link.send(call(1, 'env'));
      expect(JSON.parse(textOf((await all.seen.response('n:1')).json))).toMatchObject({ UPSTREAM_TEST_SECRET: 'must not leak' });
    } finally {
      delete process.env['UPSTREAM_TEST_SECRET'];
    }
  });

  it('stderr is passed on unmodified', async () => {
    const chunks: Buffer[] = [];
    const { link, seen } = open(node('echo-server.mjs'), { stderr: (chunk) => chunks.push(chunk) });
    link.send(call(1, 'crash'));
    await seen.ended();
    expect(Buffer.concat(chunks).toString()).toBe('warming up\nfatal: \u001b[31mdisk on fire\u001b[0m\n\n');
  });
});

describe('ending', () => {
  it('a server that minds its stdin ends by itself, and the end is not a failure', async () => {
    const { link, seen } = open();
    link.send(call(1, 'echo', 'asked just before the end'));
    await link.close();
    expect(seen.log).toEqual(['response n:1', 'closed']);
    expect(seen.end).toEqual({ failure: null });
    expect(link.exit).toEqual({ code: 0, signal: null, error: null });
    link.send(call(2, 'echo'));
    expect(await seen.failure('n:2')).toMatchObject({ reached: false });
    expect(seen.ends).toBe(1);
  });

  it.each([[[], 'SIGTERM'], [['--deaf'], 'SIGKILL']])('a server that ignores the end of its stdin is ended by force %j', async (args, signal) => {
    const { link, seen } = open(node('stubborn.mjs', args), { stdinGraceMs: 100, termGraceMs: 200 });
    await seen.notification('notifications/ready');
    await link.close();
    expect(link.exit).toMatchObject({ signal });
    expect(seen.end).toEqual({ failure: null });
  });

  it('open requests are failed before the end is reported', async () => {
    const { link, seen } = open();
    link.send(call(1, 'never'));
    await link.close();
    expect(seen.log).toEqual(['failed n:1', 'closed']);
  });

  it('a paused link can be closed', async () => {
    const { link, seen } = open(node('echo-server.mjs'), { stdinGraceMs: 200, termGraceMs: 200 });
    link.pause();
    link.send(call(1, 'flood', { lines: 5_000 }));
    await sleep(200);
    await link.close();
    expect(seen.ends).toBe(1);
  });

  it('what a server leaves behind in its group is ended too, when it exits by itself', async () => {
    const { link, seen } = open(node('forker.mjs'), { termGraceMs: 200 });
    await seen.notification('notifications/ready');
    const pgid = link.pid ?? 0;
    expect(groupMembers(pgid).length).toBeGreaterThan(0);
    expect(await seen.ended()).toMatchObject({ kind: 'exited' });
    await groupIsGone(pgid);
  });

  it('and when it is closed', async () => {
    const { link, seen } = open(node('forker.mjs', ['--stay']), { termGraceMs: 200 });
    await seen.notification('notifications/ready');
    expect(groupMembers(link.pid ?? 0).length).toBe(2);
    await link.close();
    expect(groupMembers(link.pid ?? 0)).toEqual([]);
  });

  it('a daemon that escaped into its own session cannot keep the link open by holding its pipes', async () => {
    const heard: Buffer[] = [];
    const { link, seen } = open(node('forker.mjs', ['--escape']), { termGraceMs: 200, stderr: (chunk) => heard.push(chunk) });
    link.send(call(1, 'never'));
    expect(await seen.failure('n:1')).toMatchObject({ kind: 'exited' });
    const pid = Number(/grandchild (\d+)/.exec(Buffer.concat(heard).toString())?.[1]);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});
