/** What a decision costs as the policy grows: in process (`policylayer/policy`), and per call through the gateway. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WARM_UP, workloads } from '../lib/closed-loop.mjs';
import { startHttp, startUpstream } from '../lib/field.mjs';
import { HttpClient } from '../lib/http-client.mjs';
import { BIN, DIST, TOKEN, policyOf, privateHome, requireBuild, writeGatewayConfig } from '../lib/policylayer.mjs';
import { freePort } from '../lib/processes.mjs';
import { interleave, summarise } from '../lib/rounds.mjs';
import { summary } from '../lib/stats.mjs';
import { spread, table } from '../lib/table.mjs';

const SIZES = [10, 100, 1000, 10_000];

/** Names that are asked about again and again: ones that a rule names, ones that a glob matches, and ones that nothing matches. */
function knownNames(rules) {
  return Array.from({ length: 512 }, (_, i) => {
    const at = (i * 7919) % rules;
    return { kind: 'tool', name: ['echo', `service_${at}_tool`, `ns${at}_orders_write`, `unknown_tool_${at}`][i % 4] };
  });
}

/** Names that are all different, far more than any cache of decisions holds: every one is decided from the rules. */
function newNames(rules) {
  return Array.from({ length: 16_384 }, (_, i) => {
    const at = (i * 7919) % rules;
    return { kind: 'tool', name: [`service_${at}_of_${i}`, `ns${at}_${i}_write`, `unknown_tool_${i}`][i % 3] };
  });
}

/** Nanoseconds of one decision. */
function time({ decide, queries, repeats }) {
  let seen = 0;
  const began = process.hrtime.bigint();
  for (let i = 0; i < repeats; i += 1) for (const query of queries) if (decide(query).effect === 'allow') seen += 1;
  const ns = Number(process.hrtime.bigint() - began) / (repeats * queries.length);
  return { ns, allowedShare: seen / (repeats * queries.length) };
}

async function inProcess(run) {
  requireBuild();
  const entry = join(DIST, 'policy.mjs');
  if (!existsSync(entry)) throw new Error('dist/policy.mjs is missing: npm run build');
  const { loadPolicy, combine } = await import(pathToFileURL(entry).href);
  const kinds = [];
  for (const kind of ['exact', 'mixed']) {
    const entries = [];
    for (const rules of SIZES) {
      run.progress(`decide in process, ${rules} ${kind} rules`);
      const text = policyOf(rules, kind);
      const began = performance.now();
      const loaded = await loadPolicy(text, { name: 'bench' });
      if (!loaded.ok) throw new Error(`the policy of ${rules} rules was refused: ${JSON.stringify(loaded.errors[0])}`);
      const set = combine([loaded.policy]);
      const decide = (query) => set.decide(query);
      entries.push({
        rules,
        bytes: text.length,
        loadMs: performance.now() - began,
        known: { decide, queries: knownNames(rules), repeats: run.quick ? 64 : 256, rounds: [] },
        fresh: { decide, queries: newNames(rules), repeats: run.quick ? 1 : 4, rounds: [] },
      });
    }
    for (let round = 0; round < (run.quick ? 3 : 9); round += 1) {
      for (const { rules, known, fresh } of entries) {
        for (const asked of [known, fresh]) {
          const { ns, allowedShare } = time(asked);
          // The first round compiles the code; it is not the cost of a decision.
          if (round > 0) asked.rounds.push(ns);
          if (asked === known && allowedShare < 0.25) run.wrong('decide', { name: `policylayer, ${rules} rules`, ours: true }, { wrong: 1, calls: 1, firstWrong: 'the tool that a rule allows was refused' });
        }
      }
    }
    kinds.push({
      kind,
      sizes: entries.map(({ rules, loadMs, bytes, known, fresh }) => ({ rules, bytes, loadMs, knownNs: summary(known.rounds), newNs: summary(fresh.rounds) })),
    });
  }
  const [exact, mixed] = kinds;
  run.print(
    table(
      'A decision in process, ns: names asked before, and names never seen',
      ['rules', 'exact: known', 'new', 'load ms', 'half globs: known', 'new', 'load ms'],
      SIZES.map((rules, i) => [String(rules), exact.sizes[i].knownNs.median, exact.sizes[i].newNs.median, exact.sizes[i].loadMs, mixed.sizes[i].knownNs.median, spread(mixed.sizes[i].newNs), mixed.sizes[i].loadMs]),
    ),
  );
  return kinds;
}

const tokenFor = (rules) => `${TOKEN.slice(0, -6)}${String(rules).padStart(6, '0')}`;

/** The endpoint of the same gateway whose policy has that many rules. */
const sized = ({ url }, rules) => ({ url: url.replace(/rules-\d+$/, `rules-${rules}`), headers: { authorization: `Bearer ${tokenFor(rules)}` } });

/** One gateway with a server, a grant and a policy per size: the process is the same, only the policy differs. */
const SIZED_GATEWAY = {
  name: 'policylayer',
  ours: true,
  async start({ dir, upstreamPort }) {
    requireBuild();
    const port = await freePort();
    const config = writeGatewayConfig(dir, {
      port,
      servers: Object.fromEntries(SIZES.map((rules) => [`rules-${rules}`, { url: `http://127.0.0.1:${upstreamPort}/legacy` }])),
      policies: Object.fromEntries(SIZES.map((rules) => [`p${rules}`, policyOf(rules, 'mixed')])),
      grants: SIZES.map((rules) => ({ server: `rules-${rules}`, policy: `p${rules}`, token: tokenFor(rules) })),
    });
    const endpoint = sized({ url: `http://127.0.0.1:${port}/mcp/rules-0` }, SIZES[0]);
    return { command: [process.execPath, BIN, 'serve', '--config', config], env: privateHome(join(dir, 'home')), port, health: '/healthz', endpoint: () => endpoint };
  },
};

async function throughGateway(run) {
  run.progress('decide through the gateway');
  const upstream = await startUpstream(run);
  const field = await startHttp(run, 'decide', [SIZED_GATEWAY], { upstream });
  if (field.length === 0) {
    await upstream.stop();
    return null;
  }
  const [gateway] = field;
  try {
    const entries = [];
    for (const rules of SIZES) {
      const lanes = [];
      for (let i = 0; i < 8; i += 1) {
        const client = new HttpClient({ ...gateway.endpoint, ...sized(gateway.endpoint, rules) });
        await client.open();
        lanes.push(client);
      }
      entries.push({ contender: { name: `${rules} rules`, ours: true, pid: gateway.pid, baseline: rules === SIZES[0] }, lanes });
    }
    const measured = await interleave(run, 'decide', entries, { rounds: run.quick ? 1 : 5, nextCall: workloads.echo, until: { ms: run.quick ? 250 : 500 }, warmUp: run.quick ? { ms: 250 } : { ...WARM_UP, atLeast: 2000 } });
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
