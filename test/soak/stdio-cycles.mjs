/** Cycles against `policylayer run`: every cycle starts a proxy, calls through it and ends it, in one of the ways that happen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closedLoop, workloads } from '../../bench/lib/closed-loop.mjs';
import { BIN, LIMITED_POLICY, STDIO_ECHO, privateHome } from '../../bench/lib/policylayer.mjs';
import { descendants, lastLine, sleep } from '../../bench/lib/processes.mjs';
import { StdioClient } from '../../bench/lib/stdio-client.mjs';
import { MemoryWatch } from './memory-watch.mjs';
import { inPortions, pick, within } from './pool.mjs';

const WIDTH = 4;
const RESTS = 25;
const CALLS_PER_REST = 400;
/** What a proxy may take to end once it has a reason to: the grace periods before SIGTERM and SIGKILL of a stubborn server included. */
const END_MS = 15_000;

const STUBBORN = fileURLToPath(new URL('./stubborn-server.mjs', import.meta.url));

/** What is wrapped: the server itself, a shell that starts it (a process group of two), one that refuses to end. */
const SERVERS = [
  { weight: 20, name: 'server', command: [process.execPath, STDIO_ECHO] },
  { weight: 3, name: 'server in a shell', command: ['sh', '-c', '"$0" "$1"; true', process.execPath, STDIO_ECHO] },
  { weight: 1, name: 'stubborn server', command: [process.execPath, STUBBORN] },
];

/** How the cycle ends. `busy`: while a call is running. */
const ENDINGS = [
  { weight: 6, name: 'stdin closed', end: (client) => client.child.stdin.end() },
  { weight: 2, name: 'stdin closed mid-call', busy: true, end: (client) => client.child.stdin.end() },
  { weight: 2, name: 'client gone', end: vanish },
  { weight: 2, name: 'client gone mid-call', busy: true, end: vanish },
  { weight: 2, name: 'SIGTERM', end: (client) => client.child.kill('SIGTERM') },
  { weight: 2, name: 'SIGTERM mid-call', busy: true, end: (client) => client.child.kill('SIGTERM') },
  { weight: 1, name: 'SIGINT', end: (client) => client.child.kill('SIGINT') },
  { weight: 1, name: 'SIGHUP', end: (client) => client.child.kill('SIGHUP') },
  { weight: 2, name: 'SIGKILL', end: (client) => client.child.kill('SIGKILL') },
  { weight: 2, name: 'SIGKILL mid-call', busy: true, end: (client) => client.child.kill('SIGKILL') },
  { weight: 1, name: 'server killed', end: killServer },
  { weight: 1, name: 'server killed mid-call', busy: true, end: killServer },
];

/** What the kernel does to the proxy's descriptors when a client dies by SIGKILL: both ends go at once. */
function vanish(client) {
  client.child.stdin.destroy();
  client.child.stdout.destroy();
}

function killServer(client) {
  for (const pid of descendants(client.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
}

async function call(client) {
  const { id, method, params, right } = workloads.echo();
  const answer = await within(20_000, 'a call', client.ask(id, method, params));
  if (!right(answer)) throw new Error(`wrong answer: ${JSON.stringify(answer).slice(0, 200)}`);
}

async function cycle(soak, { policy, home, data }) {
  const server = pick(soak.random, SERVERS);
  const ending = pick(soak.random, ENDINGS);
  const calls = 1 + Math.floor(soak.random() * 3);
  const where = `stdio, ${server.name}, ${ending.name}`;
  const client = new StdioClient([process.execPath, BIN, 'run', '--policy', policy, '--data', data, '--', ...server.command], { ...soak.env, ...home });
  try {
    await within(20_000, 'initialize', client.open());
    for (let i = 0; i < calls; i += 1) await call(client);
    if (ending.busy === true) {
      client.request(7, 'tools/call', '"name":"wait","arguments":{"ms":400}', null, () => {});
      await sleep(20 + soak.random() * 60);
    }
    ending.end(client);
    await within(END_MS, 'ending', client.child.ended);
  } catch (error) {
    soak.problem(where, `${error.message} (it said: ${lastLine(client.child.said)})`);
  } finally {
    if (client.child.exitCode === null && client.child.signalCode === null) client.child.kill('SIGKILL');
  }
  return ending.name;
}

/**
 * @param {object} soak
 * @param {number} cycles
 * @returns {Promise<object>} cycles per ending, and the memory of a proxy that lived through the whole run
 */
export async function stdioSoak(soak, cycles) {
  const policy = join(soak.scratch, 'soak.policy.yaml');
  writeFileSync(policy, LIMITED_POLICY);
  const home = privateHome(join(soak.scratch, 'run-home'));
  const data = join(soak.scratch, 'run-data');
  const counts = {};
  // Grows by 14 to 18 MB until about the 130th cycle (caches of SQLite and of the sealer, the first signature) and not any more: 90.8 MB after 135
  // cycles, 91.5 after 405, on Node 20 with libsql.
  const watch = new MemoryWatch(soak.scratch, 'run', { rssKb: 20 * 1024 });
  const lasting = new StdioClient([process.execPath, ...watch.nodeArgs, BIN, 'run', '--policy', policy, '--data', data, '--', process.execPath, STDIO_ECHO], { ...soak.env, ...home, ...watch.env });
  let memory = null;
  try {
    await lasting.open();
    let finished = 0;
    await inPortions({
      total: cycles,
      width: WIDTH,
      rests: Math.min(RESTS, cycles),
      cycle: async () => {
        const ending = await cycle(soak, { policy, home, data });
        counts[ending] = (counts[ending] ?? 0) + 1;
        finished += 1;
        soak.progress('stdio', finished, cycles);
      },
      rest: async (done) => {
        const { wrong, firstWrong } = await closedLoop([lasting, lasting, lasting, lasting], workloads.echo, { calls: CALLS_PER_REST });
        if (wrong > 0) soak.problem('stdio, lasting proxy', `${wrong} wrong answers, the first: ${firstWrong}`);
        await watch.sample(lasting.pid, done);
      },
    });
    memory = watch.judge(soak.problem);
  } finally {
    const how = await lasting.close();
    if (how !== 0) soak.problem('stdio, lasting proxy', `ended with ${how} after its stdin was closed, expected 0`);
    lasting.child.kill('SIGKILL');
  }
  return { cycles, endings: counts, lastingProxy: memory };
}
