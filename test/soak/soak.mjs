/**
 * The soak: connect, call and end in every way a client, a proxy or a server can end, over and over, and then look for what was left:
 * processes, sessions, calls in hand, file handles, memory. All traffic stays on 127.0.0.1; every loop is bounded.
 *
 * Usage: node test/soak/soak.mjs [--cycles 10000] [--transport stdio|http|both] [--seed N] [--json FILE]
 * Prints progress on a terminal and a JSON result at the end. Exit status: 0 nothing left, 1 something left or answered wrongly, 2 usage.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { requireBuild } from '../../bench/lib/policylayer.mjs';
import { marked, sleep } from '../../bench/lib/processes.mjs';
import { machineFacts } from '../../bench/lib/facts.mjs';
import { httpSoak } from './http-cycles.mjs';
import { stdioSoak } from './stdio-cycles.mjs';

const MARKER = 'POLICYLAYER_SOAK';
/** Longer than any grace period between closing stdin, SIGTERM and SIGKILL. */
const LEFTOVER_WAIT_MS = 15_000;

function usage(problem) {
  process.stderr.write(`${problem}\nusage: node test/soak/soak.mjs [--cycles N] [--transport stdio|http|both] [--seed N] [--json FILE]\n`);
  process.exit(2);
}

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: { cycles: { type: 'string', default: '1000' }, transport: { type: 'string', default: 'both' }, seed: { type: 'string' }, json: { type: 'string' } },
    }));
  } catch (error) {
    return usage(error.message);
  }
  const cycles = Number(values.cycles);
  if (!Number.isInteger(cycles) || cycles < 1 || cycles > 1_000_000) usage(`--cycles is ${values.cycles}, expected a whole number from 1 to 1000000`);
  if (!['stdio', 'http', 'both'].includes(values.transport)) usage(`--transport is ${values.transport}, expected stdio, http or both`);
  const seed = values.seed === undefined ? randomBytes(4).readUInt32LE() : Number(values.seed);
  if (!Number.isInteger(seed)) usage(`--seed is ${values.seed}, expected a whole number`);
  try {
    requireBuild();
  } catch (error) {
    usage(error.message);
  }
  return { cycles, transport: values.transport, seed, json: values.json };
}

/** A small generator with a seed (mulberry32), so that a failing run can be repeated. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function leftoverProcesses(marker) {
  const deadline = Date.now() + LEFTOVER_WAIT_MS;
  let left = marked(MARKER, marker);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(200);
    left = marked(MARKER, marker);
  }
  return left;
}

const { cycles, transport, seed, json } = options();
const marker = randomBytes(12).toString('hex');
const problems = [];
let lastShown = 0;
const soak = {
  scratch: mkdtempSync(join(tmpdir(), 'policylayer-soak-')),
  /** Every process of the run, and every process that those start, carries it. */
  env: { [MARKER]: marker },
  random: generator(seed),
  problem(where, text) {
    // The first ones tell the cause; ten thousand more would only hide it.
    if (problems.length >= 200) return;
    problems.push({ where, text });
    // At once: a long run that is stopped has told what it found.
    process.stderr.write(`${where}: ${text}\n`);
  },
  progress(where, done, total) {
    const percent = Math.floor((done / total) * 100);
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${where}: ${done} of ${total} cycles, ${problems.length} problems`);
    else if (percent >= lastShown + 10 || percent < lastShown) {
      process.stderr.write(`${where}: ${done} of ${total} cycles, ${problems.length} problems\n`);
      lastShown = percent;
    }
  },
};

const began = Date.now();
const result = { cycles, transport, seed, machine: machineFacts() };
try {
  if (transport !== 'http') result.stdio = await stdioSoak(soak, transport === 'both' ? Math.ceil(cycles / 2) : cycles);
  lastShown = 0;
  if (transport !== 'stdio') result.http = await httpSoak(soak, transport === 'both' ? Math.floor(cycles / 2) : cycles);
  const left = await leftoverProcesses(marker);
  result.processesLeft = left.length;
  if (left.length > 0) {
    soak.problem('end', `${left.length} processes are left ${LEFTOVER_WAIT_MS / 1000} s after the last cycle`);
    for (const pid of left) process.kill(pid, 'SIGKILL');
  }
} catch (error) {
  soak.problem('soak', `stopped early: ${error.message}`);
} finally {
  rmSync(soak.scratch, { recursive: true, force: true });
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
result.seconds = Math.round((Date.now() - began) / 1000);
result.problems = problems;
result.ok = problems.length === 0;
const text = `${JSON.stringify(result, null, 1)}\n`;
if (json !== undefined) writeFileSync(json, text);
process.stdout.write(text);
process.exit(result.ok ? 0 : 1);
