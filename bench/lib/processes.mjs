/** Starting, watching and ending the processes of a bench or soak run. CPU and memory come from /proc, so Linux only. */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, connect } from 'node:net';

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node runs on
const live = new Set();

process.on('exit', () => {
  for (const child of live) killGroup(child, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

function readProc(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}

/** Fields of /proc/PID/stat from the third on; the second (the name) may itself hold spaces and brackets. */
function statFields(pid) {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/**
 * CPU time (user and system) that a process has used.
 * @param {number} pid
 * @returns {number} milliseconds; 0 for a process that is gone. Nanosecond counters of the scheduler where the kernel has them,
 *   else the 10 ms ticks of /proc/PID/stat.
 */
export function cpuMs(pid) {
  const fields = statFields(pid);
  if (fields === null) return 0;
  const ticks = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  let threads;
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return ticks;
  }
  let ns = 0;
  for (const thread of threads) {
    const text = readProc(`/proc/${pid}/task/${thread}/schedstat`);
    if (text !== null) ns += Number(text.split(' ', 1)[0]);
  }
  // Threads that have ended are missing from task/, but not from stat: then the ticks are the larger figure.
  return Math.max(ns / 1e6, ticks - TICK_MS);
}

/** Pids of all processes below `pid`, in no particular order. */
export function descendants(pid) {
  const parents = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const fields = statFields(entry);
    if (fields !== null) parents.set(Number(entry), Number(fields[1]));
  }
  const found = [];
  for (const candidate of parents.keys()) {
    for (let up = parents.get(candidate); up !== undefined && up > 1; up = parents.get(up)) {
      if (up === pid) {
        found.push(candidate);
        break;
      }
    }
  }
  return found;
}

/** Resident memory in KiB: `VmRSS` now, `VmHWM` the highest since the last `resetPeak`. 0 for a process that is gone. */
export function memoryKb(pid, field = 'VmRSS') {
  const status = readProc(`/proc/${pid}/status`);
  return status === null ? 0 : Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

/** Number of open file descriptors, or 0 for a process that is gone. */
export function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/**
 * Pids of all processes whose environment holds `NAME=value`; zombies, which have no environment left, do not count.
 * @param {string} name
 * @param {string} value
 */
export function marked(name, value) {
  const wanted = `${name}=${value}`;
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && readProc(`/proc/${entry}/environ`)?.split('\0').includes(wanted)).map(Number);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** True when GET answers 200; a gateway that is still reading its policies accepts connections and answers 503. */
function answersOk(port, path) {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * Starts a process in a group of its own, so that it can be ended with everything it started.
 * @param {readonly string[]} command
 * @param {{ env?: Record<string, string>, stdio?: 'pipes' | 'server', cwd?: string }} options `server`: stdin closed; stdout and stderr are kept
 *   (the last 8 KB) for messages
 */
export function start([file, ...args], { env = {}, stdio = 'server', cwd } = {}) {
  const child = spawn(file, args, { detached: true, cwd, env: { ...process.env, ...env }, stdio: [stdio === 'server' ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  child.said = '';
  const keep = (chunk) => {
    child.said = (child.said + chunk).slice(-8192);
  };
  child.stderr.on('data', keep);
  if (stdio === 'server') child.stdout.on('data', keep);
  child.on('error', (error) => keep(`${error.message}\n`));
  if (child.pid !== undefined) live.add(child);
  child.ended = new Promise((resolve) => {
    child.on('error', () => resolve(null));
    child.on('exit', (code, signal) => {
      live.delete(child);
      resolve(code ?? signal);
    });
  });
  return child;
}

/**
 * Waits until a server can be talked to.
 * @param {import('node:child_process').ChildProcess} child from `start`
 * @param {{ port?: number, health?: string, timeoutMs?: number }} options with `port`, until it accepts, and answers 200 on the path
 *   `health` where there is one; without, until it says `listening PORT`
 * @returns {Promise<number>} the port
 * @throws when the process ends or the time is over, with the last line it said
 */
export async function listening(child, { port, health, timeoutMs = 30_000 } = {}) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error(`ended with ${child.exitCode ?? child.signalCode ?? 'no process'}: ${lastLine(child.said)}`);
    }
    if (port === undefined) {
      const told = /^listening (\d+)$/m.exec(child.said);
      if (told !== null) return Number(told[1]);
    } else if (await (health === undefined ? accepts(port) : answersOk(port, health))) {
      return port;
    }
    if (Date.now() > deadline) throw new Error(`does not listen after ${timeoutMs / 1000} s: ${lastLine(child.said)}`);
    await sleep(25);
  }
}

/** The last thing a process said that is worth showing. */
export function lastLine(said) {
  return said.trimEnd().split('\n').findLast((line) => line.trim() !== '' && !line.startsWith('Node.js v'))?.trim().slice(0, 160) ?? 'said nothing';
}

/**
 * Ends a process of `start`: SIGTERM, then SIGKILL after `graceMs`.
 * @param {{ graceMs?: number, sweep?: boolean }} options sweep: kill what is left of its group as well (not where leftovers are looked for)
 */
export async function stop(child, { graceMs = 3000, sweep = true } = {}) {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    const timer = setTimeout(() => (sweep ? killGroup(child, 'SIGKILL') : child.kill('SIGKILL')), graceMs);
    await child.ended;
    clearTimeout(timer);
  }
  if (sweep) killGroup(child, 'SIGKILL');
}
