/** What a decision costs as the policy grows: in process (`policylayer/policy`), and per call through the gateway. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workloads } from '../lib/closed-loop.mjs';
import { startHttp, startUpstream } from '../lib/field.mjs';
import { BIN, TOKEN, policyOf, privateHome, requireBuild, writeGatewayConfig } from '../lib/policylayer.mjs';
import { freePort } from '../lib/processes.mjs';
import { interleave, summarise } from '../lib/rounds.mjs';
import { summary } from '../lib/stats.mjs';
import { spread, table } from '../lib/table.mjs';

const SIZES = [10, 100, 1000, 10_000];

/** Names to ask about: ones that a rule names, ones that a glob matches, and ones that nothing matches. Fixed, so that runs compare. */
function names(rules) {
  const picked = [];
  for (let i = 0; i < 512; i += 1) {
    const at = (i * 7919) % rules;
    if (i % 4 === 0) picked.push('echo');
    else if (i % 4 === 1) picked.push(`service_${at}_tool`);
    else if (i % 4 === 2) picked.push(`ns${at}_orders_write`);
    else picked.push(`unknown_tool_${at}`);
  }
  return picked.map((name) => ({ kind: 'tool', name }));
}

async function inProcess(run) {
  requireBuild();
  const entry = join(BIN, '../policy.mjs');
  if (!existsSync(entry)) throw new Error('dist/policy.mjs is missing: npm run build');
  const { loadPolicy, combine } = await import(pathToFileURL(entry).href);
  const kinds = [];
  for (const kind of ['exact', 'mixed']) {
    const entries = [];
    for (const rules of SIZES) {
      run.progress(`decide in process, ${rules} ${kind} rules`);
      const text = policyOf(rules, kind);
      const began = performance.now();
      const loaded = loadPolicy(text, { name: 'bench' });
      const set = combine([loaded.policy ?? loaded]);
      entries.push({ rules, loadMs: performance.now() - began, bytes: text.length, set, queries: names(rules), rounds: [] });
    }
    const repeats = run.quick ? 100 : 400;
    for (let round = 0; round < (run.quick ? 3 : 9); round += 1) {
      for (const entry of entries) {
        let allowed = 0;
        const began = process.hrtime.bigint();
        for (let i = 0; i < repeats; i += 1) for (const query of entry.queries) if (entry.set.decide(query).effect === 'allow') allowed += 1;
        const ns = Number(process.hrtime.bigint() - began);
        if (allowed < repeats * 128) run.wrong('decide', { name: 'policylayer in process', ours: true }, { wrong: 1, calls: 1, firstWrong: `only ${allowed} decisions allowed` });
        // The first round compiles the code; it is not the cost of a decision.
        if (round > 0) entry.rounds.push(ns / (repeats * entry.queries.length));
      }
    }
    kinds.push({ kind, sizes: entries.map(({ rules, loadMs, bytes, rounds }) => ({ rules, bytes, loadMs, nsPerDecision: summary(rounds) })) });
  }
  run.print(
    table(
      'A decision in process (a quarter each: limited rule, exact name, glob, no rule)',
      ['rules', 'exact: ns', 'load ms', 'half globs: ns', 'load ms'],
      SIZES.map((rules, i) => [String(rules), spread(kinds[0].sizes[i].nsPerDecision), kinds[0].sizes[i].loadMs, spread(kinds[1].sizes[i].nsPerDecision), kinds[1].sizes[i].loadMs]),
    ),
  );
  return kinds;
}

/** One gateway with a server, a grant and a policy per size: the process is the same, only the policy differs. */
function sizedGateway() {
  const token = (rules) => `${TOKEN.slice(0, -6)}${String(rules).padStart(6, '0')}`;
  const servers = (upstreamPort) => Object.fromEntries(SIZES.map((rules) => [`rules-${rules}`, { url: `http://127.0.0.1:${upstreamPort}/legacy` }]));
  return {
    name: 'policylayer',
    ours: true,
    async start({ dir, upstreamPort }) {
      requireBuild();
      const port = await freePort();
      const config = writeGatewayConfig(dir, {
        port,
        servers: servers(upstreamPort),
        policies: Object.fromEntries(SIZES.map((rules) => [`p${rules}`, policyOf(rules, 'mixed')])),
        grants: SIZES.map((rules) => ({ server: `rules-${rules}`, policy: `p${rules}`, token: token(rules) })),
      });
      const endpointOf = (rules) => ({ url: `http://127.0.0.1:${port}/mcp/rules-${rules}`, headers: { authorization: `Bearer ${token(rules)}` } });
      sizedGateway.endpointOf = endpointOf;
      return { command: [process.execPath, BIN, 'serve', '--config', config], env: privateHome(join(dir, 'home')), port, endpoint: () => endpointOf(SIZES[0]) };
    },
  };
}

async function throughGateway(run) {
  run.progress('decide through the gateway');
  const upstream = await startUpstream(run);
  const field = await startHttp(run, 'decide', [sizedGateway()], { upstream });
  if (field.length === 0) {
    await upstream.stop();
    return null;
  }
  const [gateway] = field;
  try {
    const { HttpClient } = await import('../lib/http-client.mjs');
    const entries = [];
    for (const rules of SIZES) {
      const lanes = [];
      for (let i = 0; i < 8; i += 1) {
        const client = new HttpClient(sizedGateway.endpointOf(rules));
        await client.open();
        lanes.push(client);
      }
      entries.push({ contender: { name: `${rules} rules`, ours: true, pid: gateway.pid, baseline: rules === SIZES[0] }, lanes });
    }
    const measured = await interleave(run, 'decide', entries, { rounds: run.quick ? 1 : 5, nextCall: workloads.echo, until: { ms: run.quick ? 250 : 500 }, warmUp: { ms: run.quick ? 250 : 700 } });
    const summaries = summarise(measured);
    for (const { lanes } of entries) for (const lane of lanes) await lane.close();
    run.print(table('The same call through the gateway, c = 8, by size of the policy', ['policy', 'calls/s', 'p50 ms', 'CPU µs/call', '× 10 rules, CPU'], summaries.map((s) => [s.name, s.rate?.median, s.p50?.median, s.cpuUs?.median, s.cpuRatio === null ? '–' : spread(s.cpuRatio)])));
    return summaries;
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
}

export async function decideCost(run) {
  let kinds = null;
  try {
    kinds = await inProcess(run);
  } catch (error) {
    run.failed('decide in process', { name: 'policylayer', ours: true }, error.message);
  }
  return { inProcess: kinds, gateway: await throughGateway(run) };
}
