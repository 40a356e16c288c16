/**
 * Load on a real gateway: `policylayer serve` with upstreams over HTTP and over shared stdio, real clients of both eras, grants of which some run into
 * their limits, and a dashboard that listens. At the end the journal is held against what clients and upstreams saw, by id.
 *
 * Usage: node test/load/run.mjs [--clients 200] [--minutes 30] [--kills 0] [--rate 2] [--report FILE] [--keep]
 *   --kills N   kills the gateway N times with SIGKILL, evenly over the time, and looks at the database after each
 *   --rate N    calls that each client makes in a second
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { MemoryWatch } from '../soak/memory-watch.mjs';
import { LoadClient, Tally } from './client.mjs';
import { Dashboard } from './dashboard.mjs';
import { GatewayProcess } from './gateway.mjs';
import { judge, readJournal, readSeen } from './judge.mjs';

const { values } = parseArgs({ options: { clients: { type: 'string', default: '200' }, minutes: { type: 'string', default: '30' }, kills: { type: 'string', default: '0' }, rate: { type: 'string', default: '2' }, report: { type: 'string' }, keep: { type: 'boolean', default: false } } });
const clients = Number(values.clients);
const minutes = Number(values.minutes);
const kills = Number(values.kills);
const pauseMs = 1_000 / Number(values.rate);
for (const [name, value] of Object.entries({ clients, minutes, kills, rate: pauseMs })) if (!(value >= 0) || !Number.isFinite(value)) throw new Error(`--${name} is no number`);

const UPSTREAM = fileURLToPath(new URL('./upstream.mjs', import.meta.url));
const SERVERS = ['http-a', 'http-b', 'stdio-a', 'stdio-b'];
/** Callers of one grant, so that limits are met and a session limit is not. */
const PER_GRANT = 25;
const MEMORY_SAMPLES = 40;
const POLICY = `version: "1"
default: deny
tools:
  read_item: allow
  write_item: allow
  limited_item:
    action: allow
    rate_limit: ${Math.max(5, Math.round(clients / 4))}/minute
  delete_item:
    action: deny
    reason: Nothing is deleted here
`;

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startUpstream(log) {
  const child = spawn(process.execPath, [UPSTREAM, '--log', log, '--http', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}

function configuration(port, upstreams, logs) {
  const grants = [];
  const perServer = Math.ceil(clients / SERVERS.length / PER_GRANT);
  for (const server of SERVERS) for (let index = 0; index < perServer; index += 1) grants.push({ label: `${server}-agent-${index}`, server, policies: ['load'], token: `plg_load-test-${server}-${index}-${'x'.repeat(24)}` });
  const servers = Object.fromEntries(SERVERS.map((name) => [name, upstreams.has(name) ? { url: upstreams.get(name).url } : { command: [process.execPath, UPSTREAM, '--log', logs.get(name)], isolation: 'shared' }]));
  return { grants, text: JSON.stringify({ listen: `127.0.0.1:${port}`, data: 'data', servers, policies: { load: 'load.yaml' }, grants, limits: { max_sessions_per_grant: 200 } }, null, 2) };
}

const directory = mkdtempSync(join(tmpdir(), 'policylayer-load-'));
const logs = new Map(SERVERS.map((name) => [name, join(directory, `${name}.log`)]));
const upstreams = new Map();
const problems = [];
const deaths = [];
let gateway = null;
let dashboard = null;
let report = {};

async function dieAndComeBack(index) {
  await gateway.kill();
  const killedAt = new Date().toISOString();
  const seen = readSeen([...logs.values()]);
  const journal = readJournal(join(directory, 'data', 'policylayer.db'));
  const missing = [...new Set(seen)].filter((id) => !journal.admitted.has(id));
  const verified = await gateway.command(['verify']);
  const death = { kill: index + 1, at: killedAt, integrity: journal.integrity, rows: journal.rows, seen: seen.length, missing: missing.length, verify: verified.code };
  if (journal.integrity !== 'ok' || missing.length > 0 || verified.code !== 0) problems.push({ what: 'after a kill', ...death, output: verified.output });
  deaths.push(death);
  await gateway.start();
}

try {
  for (const name of SERVERS) if (name.startsWith('http')) upstreams.set(name, await startUpstream(logs.get(name)));
  const { grants, text } = configuration(await freePort(), upstreams, logs);
  writeFileSync(join(directory, 'gateway.yaml'), text);
  writeFileSync(join(directory, 'load.yaml'), POLICY);
  const memory = new MemoryWatch(directory, 'gateway', { handles: Math.max(4, Math.ceil(clients / 10)) });
  gateway = new GatewayProcess(directory, { nodeArgs: memory.nodeArgs, env: memory.env });
  const { url, signIn } = await gateway.start();
  dashboard = new Dashboard(url);
  await dashboard.signIn(signIn);
  const listening = [dashboard.listen(), dashboard.watchOverview(2_000)];

  const tally = new Tally();
  const dispatcher = new Agent({ connections: Math.max(64, clients), pipelining: 1, keepAliveTimeout: 30_000 });
  const until = performance.now() + minutes * 60_000;
  let running = true;
  const work = Array.from({ length: clients }, (_, index) => {
    const grant = grants[index % grants.length];
    return new LoadClient({ url: `${url}/mcp/${grant.server}`, token: grant.token, era: Math.floor(index / grants.length) % 2 === 0 ? 'modern' : 'legacy', dispatcher, tally }).run(() => running, pauseMs);
  });

  const stepMs = (minutes * 60_000) / (kills > 0 ? kills + 1 : MEMORY_SAMPLES);
  for (let step = 0; performance.now() < until; step += 1) {
    await sleep(Math.min(stepMs, Math.max(0, until - performance.now())));
    if (kills > 0 && step < kills) await dieAndComeBack(step);
    // The first samples are of a process that still grows into its work.
    else if (kills === 0 && step >= MEMORY_SAMPLES / 10) await memory.sample(gateway.child.pid, tally.answeredIds.size + tally.refusedRows.size);
  }
  running = false;
  await Promise.all(work);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const status = await gateway.stop();
  dashboard.close();
  await listening[0];
  await dispatcher.close();
  if (status !== 0) problems.push({ what: 'the gateway did not end in good order', status, stderr: gateway.stderr.slice(-2000) });

  const journal = readJournal(join(directory, 'data', 'policylayer.db'));
  const seen = readSeen([...logs.values()]);
  problems.push(...judge({ journal, seen, tally, killed: kills > 0 }));
  const verified = await gateway.command(['verify']);
  if (verified.code !== 0) problems.push({ what: 'the journal does not prove itself', output: verified.output });
  // A trend needs time: a short run is all warming up.
  if (kills === 0 && minutes >= 2) memory.judge((where, what) => problems.push({ what: `memory of the ${where}: ${what}` }));
  const stateErrors = Number(/^policylayer_state_errors_total (\d+)$/m.exec(metrics)?.[1] ?? 'NaN');
  if (stateErrors !== 0) problems.push({ what: 'the store failed', stateErrors });
  if (/internal error|a row was lost/.test(gateway.stderr)) problems.push({ what: 'the log tells of errors', stderr: gateway.stderr.slice(-4000) });
  if (dashboard.figures.errors.length > 0 || dashboard.figures.outOfOrder > 0 || dashboard.rows.size === 0) problems.push({ what: 'the dashboard was not served', ...dashboard.figures, rows: dashboard.rows.size });

  const { samples } = memory;
  report = {
    clients, minutes, kills, rate: 1_000 / pauseMs,
    calls: { answered: tally.answeredIds.size, refused: tally.refusedRows.size, lost: tally.lostIds.size, codes: tally.codes, latencyMs: tally.percentiles() },
    journal: { rows: journal.rows, admitted: journal.admitted.size, refused: journal.refused.size, suppressed: journal.suppressed, open: journal.open, integrity: journal.integrity, verify: verified.code },
    upstreams: { seen: seen.length },
    dashboard: { ...dashboard.figures, rows: dashboard.rows.size },
    memory: samples.length === 0 ? null : { samples: samples.length, firstRssMb: Math.round(samples[0].rssKb / 1024), lastRssMb: Math.round(samples.at(-1).rssKb / 1024), firstHeapMb: Math.round(samples[0].heapKb / 1024), lastHeapMb: Math.round(samples.at(-1).heapKb / 1024) },
    deaths, problems,
  };
} catch (error) {
  problems.push({ what: 'the harness failed', error: error.stack, stderr: gateway?.stderr.slice(-4000) });
  report = { clients, minutes, kills, deaths, problems };
} finally {
  dashboard?.close();
  if (gateway?.child !== null && gateway?.child?.exitCode === null && gateway.child.signalCode === null) await gateway.stop();
  for (const { child } of upstreams.values()) child.kill();
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
}
const printed = JSON.stringify({ ok: problems.length === 0, ...report }, null, 2);
if (values.report !== undefined) writeFileSync(values.report, `${printed}\n`);
process.stdout.write(`${printed}\n`);
process.exit(problems.length === 0 ? 0 : 1);
