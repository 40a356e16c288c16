// Runs a program with bounds on time and on the memory of its whole family.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const PAGE = 4096;
const OUTPUT_KEPT = 4 * 1024 * 1024;
const LOOK_EVERY_MS = 500;

/**
 * @param {readonly string[]} command
 * @param {{ timeoutMs: number, memoryBytes?: number, env?: Record<string, string>, cwd?: string }} bounds
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string, exceeded: 'time' | 'memory' | null }>}
 */
export function runBounded([program, ...args], { timeoutMs, memoryBytes = Infinity, env = process.env, cwd = '/' }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    let exceeded = null;
    const end = (why) => {
      exceeded ??= why;
      endFamily(child.pid);
      kill(child.pid);
    };
    const timer = setTimeout(end, timeoutMs, 'time');
    const watch = setInterval(() => {
      const used = family(child.pid).reduce((sum, { resident }) => sum + resident, 0);
      if (used > memoryBytes) end('memory');
    }, LOOK_EVERY_MS);
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        output[stream] = (output[stream] + text).slice(-OUTPUT_KEPT);
      });
    }
    const done = (code) => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve({ code, ...output, exceeded });
    };
    child.on('error', () => done(null));
    child.on('close', done);
  });
}

/** Ends everything that descends from a process, the deepest first: what holds a sandbox together takes along what was started meanwhile. */
export function endFamily(root) {
  for (const { pid } of family(root).slice(1).toReversed()) kill(pid);
}

/** A process and everything that descends from it, parents before children, with resident memory in bytes. */
export function family(root) {
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const process = processOf(Number(entry));
    if (process !== null) children.set(process.parent, [...(children.get(process.parent) ?? []), process]);
  }
  const first = processOf(root);
  const found = first === null ? [] : [first];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i].pid) ?? []));
  return found;
}

function processOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces and parentheses: fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]), resident: Number(fields[21]) * PAGE };
  } catch {
    return null;
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
