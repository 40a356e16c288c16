import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Backoff } from '../../src/upstream/backoff.ts';
import { isolationKey } from '../../src/upstream/isolation.ts';
import type { SharedChild } from '../../src/upstream/shared-child.ts';
import { Supervisor, type SupervisorOptions } from '../../src/upstream/supervisor.ts';
import type { CommandSpec, UpstreamLink } from '../../src/upstream/types.ts';
import { eventually, groupIsGone } from './processes.ts';
import { call, Recorder } from './recorder.ts';

const echo: CommandSpec = { command: [process.execPath, fileURLToPath(new URL('fixtures/echo-server.mjs', import.meta.url))], env: {}, cwd: null, inheritEnv: false };
const supervisors: Supervisor[] = [];
const pids = new Set<number>();

afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.close();
  for (const pid of pids) await groupIsGone(pid);
  pids.clear();
});

function supervise(options: SupervisorOptions = {}, spec: CommandSpec = echo): { supervisor: Supervisor; running: Map<string, () => SharedChild | null> } {
  const running = new Map<string, () => SharedChild | null>();
  const supervisor = new Supervisor(spec, (key, child) => {
    running.set(key, child);
    return { unrouted: () => undefined, garbage: () => undefined, stderr: () => undefined, closed: () => undefined };
  }, options);
  supervisors.push(supervisor);
  return { supervisor, running };
}

function join(supervisor: Supervisor, key: string): { link: UpstreamLink; heard: Recorder } {
  const heard = new Recorder();
  return { link: supervisor.attach(key, heard), heard };
}

async function use(supervisor: Supervisor, key: string): Promise<void> {
  const { link, heard } = join(supervisor, key);
  link.send(call(1, 'echo'));
  await heard.response('n:1');
  await link.close();
}

describe('the supervisor', () => {
  it('starts a child with its first client, shares it under a key, keeps keys apart', async () => {
    const { supervisor, running } = supervise();
    expect(supervisor.children).toBe(0);
    const clients = ['a', 'a', 'b'].map((key) => join(supervisor, key));
    for (const { link } of clients) link.send(call(1, 'echo'));
    for (const { heard } of clients) await heard.response('n:1');
    expect(supervisor.children).toBe(2);
    const found = [...running.values()].map((child) => child()?.pid ?? 0);
    expect(new Set(found).size).toBe(2);
    for (const pid of found) pids.add(pid);
    await supervisor.end('a');
    expect(supervisor.children).toBe(1);
    expect(clients.map(({ heard }) => heard.ends)).toEqual([1, 1, 0]);
  });

  it('does not start a crashed child before its back-off has passed, says so, and then starts it on need', async () => {
    let now = 0;
    const { supervisor } = supervise({ backoff: { now: () => now, random: () => 0.999 } });
    const first = join(supervisor, 'a');
    first.link.send(call(1, 'crash'));
    await first.heard.ended();
    expect(supervisor.children).toBe(0);
    const second = join(supervisor, 'a');
    second.link.send(call(1, 'echo'));
    expect(await second.heard.failure('n:1')).toEqual({
      kind: 'exited', text: 'server exited with code 3 (stderr: fatal: disk on fire); it is started again in 1 s at the earliest', status: null, reached: false,
    });
    expect(supervisor.children).toBe(0);
    await second.link.close();
    expect(second.heard.log).toEqual(['failed n:1', 'closed']);
    now += 500;
    await use(supervisor, 'a');
    expect(supervisor.children).toBe(1);
  });

  it('a server that cannot start is not tried again by every client', async () => {
    const { supervisor, running } = supervise({}, { ...echo, command: ['no-such-server-anywhere'] });
    const first = join(supervisor, 'a');
    first.link.send(call(1, 'echo'));
    expect(await first.heard.failure('n:1')).toMatchObject({ kind: 'cannot_start', reached: false });
    running.clear();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const { link, heard } = join(supervisor, 'a');
      link.send(call(1, 'echo'));
      expect((await heard.failure('n:1')).text).toMatch(/not found.*it is started again in 1 s at the earliest/);
    }
    expect(running.size).toBe(0);
  });

  it('ends a child that nobody uses any more, not one that is used', async () => {
    const { supervisor } = supervise({ idleMs: 100 });
    const staying = join(supervisor, 'used');
    staying.link.send(call(1, 'echo'));
    await use(supervisor, 'idle');
    await staying.heard.response('n:1');
    expect(supervisor.children).toBe(2);
    await eventually('the idle one has ended', () => supervisor.children === 1);
    await sleep(250);
    expect(staying.heard.ends).toBe(0);
    await staying.link.close();
    await eventually('both have ended', () => supervisor.children === 0);
  });

  it('after close nothing is started', async () => {
    const { supervisor } = supervise();
    await supervisor.close();
    const { link, heard } = join(supervisor, 'a');
    link.send(call(1, 'echo'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'closed', reached: false });
  });
});

describe('the back-off', () => {
  it('doubles from half a second to half a minute, with jitter downwards, and starts over after a healthy run', () => {
    let now = 0;
    for (const [random, factor] of [[0, 0.5], [0.9999999, 1]] as const) {
      const backoff = new Backoff({ now: () => now, random: () => random });
      const waits: number[] = [];
      for (let attempt = 0; attempt < 9; attempt += 1) {
        backoff.started();
        backoff.failed();
        waits.push(backoff.waitMs());
        now += backoff.waitMs();
        expect(backoff.waitMs()).toBe(0);
      }
      expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000].map((full) => full * factor));
      backoff.started();
      now += 30_000;
      backoff.failed();
      expect(backoff.waitMs()).toBe(500 * factor);
      now += 1_000;
    }
  });
});

describe('isolation', () => {
  it('keeps apart whom it promises to keep apart', () => {
    const who = (grant: string, session: string | null, server = 's'): Parameters<typeof isolationKey>[1] => ({ server, grant, session });
    expect(isolationKey('session', who('g', '1'))).not.toBe(isolationKey('session', who('g', '2')));
    expect(isolationKey('session', who('g', null))).toBe(isolationKey('grant', who('g', '2')));
    expect(isolationKey('grant', who('g', '1'))).toBe(isolationKey('grant', who('g', '2')));
    expect(isolationKey('grant', who('g', '1'))).not.toBe(isolationKey('grant', who('h', '1')));
    expect(isolationKey('shared', who('g', '1'))).toBe(isolationKey('shared', who('h', '2')));
    expect(isolationKey('shared', who('g', '1', 't'))).not.toBe(isolationKey('shared', who('g', '1', 's')));
    expect(isolationKey('session', who('a","b', 'c'))).not.toBe(isolationKey('session', who('a', 'b","c')));
  });
});
