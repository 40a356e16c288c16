import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Signals every process of a group. On Windows, which has no groups, the tree below the process is ended.
 * @returns false when there is nobody left to signal
 */
export function signalGroup(pgid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (process.platform === 'win32') {
    const force = signal === 'SIGKILL' ? ['/F'] : [];
    spawn('taskkill', ['/PID', String(pgid), '/T', ...force], { stdio: 'ignore', windowsHide: true }).on('error', () => undefined);
    return groupAlive(pgid);
  }
  return kill(pgid, signal);
}

/** True while a process of the group exists. A dead one that its parent has not collected yet counts as well. */
export function groupAlive(pgid: number): boolean {
  return kill(pgid, 0);
}

/**
 * Ends a whole group: SIGTERM, then SIGKILL for whoever is left. The group is looked at again before each step, so that a
 * number which the system has given to somebody else since is not hit.
 * @param graceMs milliseconds between the two
 */
export async function endGroup(pgid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pgid, 'SIGTERM')) return;
  if (await groupGone(pgid, graceMs)) return;
  signalGroup(pgid, 'SIGKILL');
  await groupGone(pgid, 1_000);
}

/** Waits until nobody is left in the group, at most `timeoutMs`. */
async function groupGone(pgid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = 5; groupAlive(pgid); pause = Math.min(pause * 2, 100)) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
  return true;
}

function kill(pgid: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  // 0 and 1 would mean our own group and everybody.
  if (!Number.isInteger(pgid) || pgid <= 1) return false;
  try {
    process.kill(process.platform === 'win32' ? pgid : -pgid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
