/**
 * Where the CPU of our own contender goes: starts it under `node --cpu-prof`, loads it with echo calls, and prints self time by
 * function and by source file (esbuild notes in the bundle which file each part came from).
 * Usage: node bench/profile.mjs stdio|http|modern|bridge [--seconds 6] [--connections 8] [--policy limited|open] [--warm-up 8000] [--top 45]
 *
 * A sampling profile counts wall time of the thread: on a busy machine, system calls that wake another process look dearer than they are.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { closedLoop, workloads } from './lib/closed-loop.mjs';
import { cpuMs, sleep, stop } from './lib/processes.mjs';
import { StdioClient } from './lib/stdio-client.mjs';
import { table } from './lib/table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '6' }, connections: { type: 'string', default: '8' }, policy: { type: 'string', default: 'limited' }, top: { type: 'string', default: '45' }, 'warm-up': { type: 'string', default: '8000' } },
});
const [what] = positionals;
if (!['stdio', 'http', 'modern', 'bridge'].includes(what)) {
  process.stderr.write('usage: node bench/profile.mjs stdio|http|modern|bridge [--seconds N] [--connections N] [--policy limited|open] [--warm-up CALLS] [--top N]\n');
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
// Below node_modules, so that the bundle finds the packages that are not bundled.
const DIST = join(root, 'node_modules', '.cache', `policylayer-profile-${process.pid}`);
// The shipped bundle has no comments, and so does not tell which source a function came from.
await build({
  absWorkingDir: root,
  entryPoints: { bin: 'src/cli/bin.ts' },
  outdir: DIST,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  external: ['libsql'],
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
});
process.env['POLICYLAYER_DIST'] = DIST;
const { BRIDGE_CONTENDERS, HTTP_CONTENDERS, STDIO_CONTENDERS } = await import('./lib/contenders.mjs');
const { startHttp, startUpstream } = await import('./lib/field.mjs');
const { STDIO_ECHO } = await import('./lib/policylayer.mjs');

const ms = Number(values.seconds) * 1000;
const connections = Number(values.connections);
const scratch = mkdtempSync(join(tmpdir(), 'policylayer-profile-'));
const profiles = join(scratch, 'profiles');
mkdirSync(profiles);
const nodeArgs = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', profiles];
const run = {
  scratch,
  path: (path) => fileURLToPath(new URL(path, import.meta.url)),
  failed: (_where, contender, why) => process.stderr.write(`${contender.name} did not start: ${why}\n`),
};

let startedAt = 0;
let loadedAfterUs = 0;

async function load(pid, lanes) {
  await closedLoop(lanes, workloads.echo, { ms: 1000, atLeast: Number(values['warm-up']), atMostMs: 120_000 });
  loadedAfterUs = (performance.now() - startedAt) * 1000;
  const before = cpuMs(pid);
  const { calls, wrong } = await closedLoop(lanes, workloads.echo, { ms });
  process.stdout.write(`${calls} calls, ${wrong} wrong, ${(((cpuMs(pid) - before) / calls) * 1000).toFixed(1)} CPU µs per call (profiler included)\n`);
}

async function profileStdio() {
  const plan = await STDIO_CONTENDERS.find(({ ours }) => ours).start({ dir: scratch, server: [process.execPath, STDIO_ECHO] });
  startedAt = performance.now();
  const client = new StdioClient([plan.command[0], ...nodeArgs, ...plan.command.slice(1)], plan.env);
  await client.open();
  await client.ask(1, 'tools/list');
  await load(client.pid, Array.from({ length: connections }, () => client));
  await client.close(10_000);
}

async function profileHttp() {
  const bridge = what === 'bridge';
  const wanted = values.policy === 'open' ? 'policylayer, no rule' : 'policylayer';
  const upstream = bridge ? undefined : await startUpstream(run);
  startedAt = performance.now();
  const [gateway] = await startHttp(run, what, (bridge ? BRIDGE_CONTENDERS : HTTP_CONTENDERS).filter(({ name }) => name === wanted), {
    upstream,
    path: what === 'modern' ? '/modern' : '/legacy',
    modern: what === 'modern',
    nodeArgs,
  });
  if (gateway === undefined) process.exit(1);
  const lanes = [];
  for (let i = 0; i < connections; i += 1) {
    const client = gateway.client();
    await client.open(bridge && i > 0 ? lanes[0].sessionId : null);
    lanes.push(client);
  }
  await load(gateway.pid, lanes);
  for (const lane of lanes) await lane.close({ endSession: !bridge });
  await stop(gateway.child, { graceMs: 10_000 });
  await upstream?.stop();
}

/** For every line of a bundled file, the source file it came from. */
const origins = new Map();
function origin(url, line) {
  if (!url.startsWith('file:')) return url === '' ? '(V8)' : url.startsWith('wasm:') ? 'llhttp (wasm)' : url;
  const path = fileURLToPath(url);
  if (!origins.has(path)) {
    let current = relative(DIST, path);
    origins.set(path, readFileSync(path, 'utf8').split('\n').map((text) => (current = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(text)?.[1] ?? current)));
  }
  return origins.get(path)[line] ?? relative(DIST, path);
}

function report() {
  const file = readdirSync(profiles).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error('the process wrote no profile');
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(profiles, file), 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;
  for (const node of nodes) {
    const { functionName, url, lineNumber } = node.callFrame;
    node.where = origin(url, lineNumber);
    node.key = `${functionName === '' ? '(anonymous)' : functionName}\0${node.where}`;
  }
  const own = new Map();
  const inclusive = new Map();
  const files = new Map();
  const add = (map, key, us) => map.set(key, (map.get(key) ?? 0) + us);
  let busy = 0;
  let elapsed = 0;
  samples.forEach((id, i) => {
    const node = byId.get(id);
    const us = timeDeltas[i];
    elapsed += us;
    // Start-up and the warm-up are somebody else's question.
    if (elapsed < loadedAfterUs || node.callFrame.functionName === '(idle)') return;
    busy += us;
    add(own, node.key, us);
    add(files, node.where.startsWith('node_modules/') ? node.where.split('/').slice(0, 2).join('/') : node.where, us);
    const seen = new Set();
    for (let up = node; up !== undefined; up = up.parent) {
      if (up.where.startsWith('src/')) seen.add(up.key);
    }
    for (const key of seen) add(inclusive, key, us);
  });
  const top = (entries, count) => [...entries].toSorted((x, y) => y[1] - x[1]).slice(0, count);
  const share = (us) => `${((us / busy) * 100).toFixed(1)} %`;
  const count = Number(values.top);
  const rows = (map) => top(map, count).map(([key, us]) => [...key.split('\0'), share(us)]);
  process.stdout.write(`${table('Self time by file', ['file', 'share'], top(files, 30).map(([name, us]) => [name, share(us)]))}\n`);
  process.stdout.write(`${table('Self time by function', ['function', 'file', 'share'], rows(own))}\n`);
  process.stdout.write(`${table('Time by function with everything it calls', ['function', 'file', 'share'], rows(inclusive))}\n`);
}

try {
  await (what === 'stdio' ? profileStdio() : profileHttp());
  await sleep(300);
  report();
} finally {
  for (const dir of [scratch, DIST]) rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
