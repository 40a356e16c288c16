import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
}

function stats(): Stat[] {
  const found: Stat[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      found.push({ pid: Number(name), state: fields[0] ?? '', ppid: Number(fields[1]), pgid: Number(fields[2]) });
    } catch {
      // The process ended while we were reading about it.
    }
  }
  return found;
}

/** Living processes of a group. One that is dead and only waits to be collected is not counted. */
export function groupMembers(pgid: number): number[] {
  return stats().filter((stat) => stat.pgid === pgid && stat.state !== 'Z' && stat.state !== 'X').map((stat) => stat.pid);
}

/** Living direct children of a process. */
export function childrenOf(pid: number): number[] {
  return stats().filter((stat) => stat.ppid === pid && stat.state !== 'Z' && stat.state !== 'X').map((stat) => stat.pid);
}

export function isAlive(pid: number): boolean {
  return stats().some((stat) => stat.pid === pid && stat.state !== 'Z' && stat.state !== 'X');
}

/** Waits until the condition holds; throws when it never does. */
export async function eventually(what: string, condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(10);
  }
}

export function groupIsGone(pgid: number): Promise<void> {
  return eventually(`group ${pgid} is gone`, () => groupMembers(pgid).length === 0);
}
