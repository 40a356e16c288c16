import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, eventually, groupIsGone, groupMembers, isAlive } from './processes.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const spec = (name: string, ...args: string[]): unknown => ({ command: [process.execPath, fixture(name), ...args], env: {}, cwd: null, inheritEnv: false });

let directory = '';
let gateway = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'orphans-'));
  gateway = join(directory, 'gateway.mjs');
  await build({ entryPoints: [fixture('doomed-gateway.ts')], outfile: gateway, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function start(specs: unknown[], ...args: string[]): Promise<{ parent: ChildProcess; groups: number[]; guards: number[] }> {
  const parent = spawn(process.execPath, [gateway, JSON.stringify(specs), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  parent.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  await eventually('the parent has started its children', () => output.includes('\n'));
  const groups = JSON.parse(output) as number[];
  const guards = childrenOf(parent.pid ?? 0).filter((pid) => !groups.includes(pid));
  return { parent, groups, guards };
}

describe('a gateway that is killed with SIGKILL', () => {
  it('[D3] leaves nothing behind: neither servers that ignore everything, nor their children, nor the guard', async () => {
    const { parent, groups, guards } = await start([
      spec('echo-server.mjs'), spec('stubborn.mjs'), spec('stubborn.mjs', '--deaf'), spec('forker.mjs', '--stay'),
    ]);
    expect(guards.length).toBe(1);
    await eventually('the grandchild runs', () => groupMembers(groups[3] ?? 0).length === 2);
    parent.kill('SIGKILL');
    for (const pgid of groups) await groupIsGone(pgid);
    for (const pid of guards) await eventually('the guard is gone', () => !isAlive(pid));
  });

  it('needs no guard for servers that mind their stdin, and the guard does not wait', async () => {
    const { parent, groups, guards } = await start([spec('echo-server.mjs')]);
    parent.kill('SIGKILL');
    for (const pid of [...groups, ...guards]) await eventually(`${pid} is gone`, () => !isAlive(pid));
  });

  it('the guard forgets groups that ended before', async () => {
    const { parent, groups, guards } = await start([spec('echo-server.mjs'), spec('stubborn.mjs', '--deaf')], 'close-first');
    expect(groupMembers(groups[0] ?? 0)).toEqual([]);
    parent.kill('SIGKILL');
    await groupIsGone(groups[1] ?? 0);
    for (const pid of guards) await eventually('the guard is gone', () => !isAlive(pid));
  });

  it('the guard outlives signals that a terminal or a service manager sends to everybody', async () => {
    const { parent, groups, guards } = await start([spec('stubborn.mjs', '--deaf')]);
    const [guard] = guards;
    if (guard === undefined) throw new Error('no guard');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(guard, signal);
    parent.kill('SIGTERM');
    await groupIsGone(groups[0] ?? 0);
    await eventually('the guard is gone', () => !isAlive(guard));
  });
});
