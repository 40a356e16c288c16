/**
 * What conditions cost: a decision with globs, CEL and argument schemas as the policy grows, and decide and reserve together, on the
 * real state, in process. CPU time, user and system, of everything that one call needs there: counter, budget and journal row.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { summary } from '../lib/stats.mjs';
import { spread, table } from '../lib/table.mjs';

const SIZES = [10, 1000, 10_000];
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the measured call is decided by: a glob, a condition and an argument schema each; with a limit, or with a budget as well. */
const RULES = {
  'rate limit': '{ action: allow, require: "args.amount <= 500", rate_limit: { max: 1000000, window: 60 } }',
  'rate limit and budget': '{ action: allow, require: "args.amount <= 500", rate_limit: { max: 1000000, window: 60 }, budget: { sum: args.amount, max: 1000000000, window: 60 } }',
};

/** Every second selector a glob, half of those with the star in the middle; every rule has a condition of its own. */
function policyOf(rules, measured) {
  const lines = ['version: "1"', 'default: deny', 'tools:', `  "charge_*": ${measured}`, '  "*_eur": { arguments: { currency: { enum: [eur] } } }'];
  for (let i = 0; i < rules; i += 1) {
    const selector = i % 2 === 0 ? `service_${i}_tool` : i % 4 === 1 ? `"service_${i}_*"` : `"ns${i}_*_write"`;
    lines.push(`  ${selector}: { require: 'args.amount <= ${i} && args.cur in ["usd"]' }`);
  }
  return `${lines.join('\n')}\n`;
}

/** The rooms as they are in the source: `dist` shows the policy room only. */
async function rooms(out) {
  mkdirSync(out, { recursive: true });
  const entry = join(out, 'entry.ts');
  writeFileSync(entry, "export * from '../../../src/policy/index.ts';\nexport { openState } from '../../../src/state/open.ts';\n");
  await build({
    absWorkingDir: ROOT, entryPoints: { rooms: entry }, outdir: out, outExtension: { '.js': '.mjs' }, bundle: true, splitting: true, format: 'esm', platform: 'node', external: ['libsql'],
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" }, logLevel: 'warning',
  });
  return import(pathToFileURL(join(out, 'rooms.mjs')).href);
}

const cpuUs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

/** CPU µs of one turn of `work`, over `turns` of them. */
function measure(turns, work) {
  const began = process.cpuUsage();
  for (let i = 0; i < turns; i += 1) work(i);
  return cpuUs(began) / turns;
}

const entryOf = (i) => ({
  id: `bench${i}`, server: 'bench', grant: 'bench', session: 's', transport: 'http', protocol: '2025-11-25', method: 'tools/call', name: 'charge_eur', requestId: String(i), outcome: 'forwarded', code: null,
  rule: '/tools/charge_*', policy: 'bench', reason: null, retryAfterMs: null, observed: null, argKeys: ['amount', 'currency'], argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
});

export async function guardCost(run) {
  // Below node_modules, so that the bundle finds the packages that are not bundled.
  const out = join(ROOT, 'node_modules', '.cache', `policylayer-bench-${process.pid}`);
  try {
    return await measureGuards(run, await rooms(out));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const SCOPE = { server: 'bench', grant: 'bench', session: 's', name: 'charge_eur' };

/** With and without the journal row, which is written in the same transaction; and with the row, as calls in flight together share one. */
const TRANSACTIONS = [{ row: false, batch: 1 }, { row: true, batch: 1 }, { row: true, batch: 8 }];

/** Counts the calls of all measurements, so that no journal id and no argument repeats in step. */
let next = 0;

/** CPU µs per call of each round. The first rounds are left out: thousands of calls pass before V8 has compiled what a call runs. */
function reserveRounds(run, state, claims, row, batch) {
  const warmUp = run.quick ? 1 : 4;
  const rounds = [];
  for (let round = 0; round < warmUp + (run.quick ? 2 : 7); round += 1) {
    const us = measure((run.quick ? 800 : 2000) / batch, () => {
      if (!row) {
        if (!state.reserve(claims(), SCOPE).ok) throw new Error('a call that fits was refused');
        return;
      }
      const admissions = Array.from({ length: batch }, () => ({ claims: claims(), scope: SCOPE, entry: entryOf(next) }));
      for (const result of state.admitAll(admissions)) if (!result.ok) throw new Error('a call that fits was refused');
    });
    if (round >= warmUp) rounds.push(us / batch);
    // What the background would do between calls is not this call's: it has its own row in the profile.
    state.flush();
  }
  return rounds;
}

async function measureGuards(run, { loadPolicy, combine, callOf, openState }) {
  const calls = Array.from({ length: 256 }, (_, i) => callOf({ tool: 'charge_eur', args: { amount: i + 0.25, currency: 'eur' } }));
  const sizes = [];
  const sets = [];
  for (const rules of SIZES) {
    run.progress(`conditions, ${rules} rules`);
    const began = performance.now();
    const loaded = await loadPolicy(policyOf(rules, RULES['rate limit and budget']), { name: 'bench' });
    if (!loaded.ok) throw new Error(`the policy of ${rules} rules was refused: ${JSON.stringify(loaded.errors[0])}`);
    sets.push({ rules, set: combine([loaded.policy]), loadMs: performance.now() - began, rounds: [] });
  }
  for (let round = 0; round < (run.quick ? 3 : 9); round += 1) {
    for (const { set, rounds } of sets) {
      const us = measure(run.quick ? 4096 : 32_768, (i) => {
        if (set.decide(calls[i % calls.length]).effect !== 'allow') throw new Error('a call that the rules allow was refused');
      });
      if (round > 0) rounds.push(us);
    }
  }
  for (const { rules, loadMs, rounds } of sets) sizes.push({ rules, loadMs, decideUs: summary(rounds) });

  const reserve = [];
  for (const [what, rule] of Object.entries(RULES)) {
    const loaded = await loadPolicy(policyOf(10, rule), { name: 'bench' });
    if (!loaded.ok) throw new Error(`the policy was refused: ${JSON.stringify(loaded.errors[0])}`);
    const set = combine([loaded.policy]);
    for (const { row, batch } of TRANSACTIONS) {
      run.progress(`decide and reserve, ${what}, ${batch} at a time${row ? ', with the journal row' : ''}`);
      const state = await openState({ path: join(run.scratch, `guards-${batch}-${row}-${what.replaceAll(' ', '-')}.db`) });
      try {
        reserve.push({ what, batch, row, us: summary(reserveRounds(run, state, () => set.decide(calls[(next += 1) % calls.length]).limits, row, batch)) });
      } finally {
        state.close();
      }
    }
  }
  run.print(table('A decision with a glob, a CEL condition and an argument schema, in process', ['rules', 'CPU µs', 'load ms'], sizes.map((size) => [String(size.rules), spread(size.decideUs), size.loadMs])));
  run.print(table('Decide and reserve together, in process', ['limits', 'journal row', 'calls a transaction', 'CPU µs per call'], reserve.map(({ what, batch, row, us }) => [what, row ? 'with' : 'without', String(batch), spread(us)])));
  return { sizes, reserve };
}
