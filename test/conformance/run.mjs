// Runs the MCP conformance suite direct and through the gateway and compares check by check.
//
//   node test/conformance/run.mjs [--legs http-http,http-stdio,stdio-stdio,stdio-http,oauth-http,client,oauth-client] [--era legacy|modern|both]
//                                 [--repeat N] [--load] [--direct-only] [--launcher FILE] [--out DIR] [--timeout MS]
//
// Prints every differing row and writes results.json. Exit status: 0 nothing lost, 1 a check was lost, 2 the run could not
// take place.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { SERVER_LEGS } from './legs.mjs';
import { REVISION, requiredScenarios, runClientScenarios, runServerScenarios } from './suite.mjs';
import { compare, score } from './results.mjs';
import { missingPeers } from './peers.mjs';
import { startLoad } from './load.mjs';
import { runAuthorization } from './authorization.mjs';

const CLIENT = 'client';
/** Has nothing to compare with: the gateway itself is the client. */
const OAUTH_CLIENT = 'oauth-client';
const ALL_LEGS = [...Object.keys(SERVER_LEGS), CLIENT, OAUTH_CLIENT];

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      legs: { type: 'string', default: ALL_LEGS.join(',') },
      era: { type: 'string', default: 'both' },
      repeat: { type: 'string', default: '1' },
      load: { type: 'boolean', default: false },
      'direct-only': { type: 'boolean', default: false },
      launcher: { type: 'string' },
      out: { type: 'string' },
      timeout: { type: 'string' },
    },
  });
  const legs = values.legs.split(',');
  const unknown = legs.find((leg) => !ALL_LEGS.includes(leg));
  if (unknown !== undefined) fail(`Unknown leg ${unknown}; expected some of ${ALL_LEGS.join(',')}`);
  const eras = values.era === 'both' ? Object.keys(REVISION) : [values.era];
  if (!eras.every((era) => era in REVISION)) fail(`Unknown era ${values.era}; expected legacy, modern or both`);
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) fail(`--repeat ${values.repeat} is not a positive integer`);
  return {
    legs,
    eras,
    repeat,
    load: values.load,
    directOnly: values['direct-only'],
    otherLauncher: values.launcher !== undefined,
    launcher:
      values.launcher === undefined
        ? new URL('launch-gateway.mjs', import.meta.url).href
        : pathToFileURL(resolve(values.launcher)).href,
    out: values.out === undefined ? undefined : resolve(values.out),
    // Clients wait for their turn within this time, and under load everything is several times slower.
    timeoutMs: Number(values.timeout ?? (values.load ? 300_000 : 120_000)),
  };
}

const options = readOptions();
const missing = missingPeers();
if (missing !== undefined) fail(missing);
const outDir = options.out ?? (await mkdtemp(join(tmpdir(), 'conformance-results-')));
const launcher = options.directOnly ? undefined : await import(options.launcher);

async function runAt(open, era, name) {
  const place = await open();
  try {
    const { url, token } = place;
    return await runServerScenarios({ url, token, era, outDir: join(outDir, name), timeoutMs: options.timeoutMs });
  } finally {
    await place.stop();
  }
}

// A leg's baseline is shared by legs that start from the same place.
const baselines = new Map();

function baseline(open, era) {
  const name = `direct-${open.name}-${era}`;
  if (!baselines.has(name)) baselines.set(name, runAt(open, era, name));
  return baselines.get(name);
}

function clientRun(era, name, through) {
  return runClientScenarios({
    era,
    outDir: join(outDir, name),
    timeoutMs: options.timeoutMs,
    launcher: through ? options.launcher : undefined,
  });
}

/** The three row sets of a leg; `through` is undefined in a direct-only run. */
async function runLeg(leg, era, round) {
  const name = `through-${leg}-${era}-${round}`;
  if (leg === CLIENT) {
    const direct = await (baselines.get(`client-${era}`) ?? clientRun(era, `direct-client-${era}`, false));
    baselines.set(`client-${era}`, direct);
    return { direct, through: options.directOnly ? undefined : await clientRun(era, name, true) };
  }
  const { direct: open, excuse, through } = SERVER_LEGS[leg];
  const direct = await baseline(open, era);
  if (options.directOnly) return { direct };
  return {
    direct,
    excuse: excuse === undefined ? undefined : await baseline(excuse, era),
    through: await runAt(() => through(launcher), era, name),
  };
}

const describe = (rows, required) => {
  const { scenariosPassed, scenarios, passed, checks, failed, other } = score(rows);
  const counted = score(rows, required);
  return (
    `${counted.scenariosPassed}/${required.size} required scenarios, ${scenariosPassed}/${scenarios} of all run; ` +
    `${passed}/${checks} checks passed, ${failed} failed, ${other} skipped`
  );
};

async function report(leg, era, round, rows, differing) {
  const required = await requiredScenarios(leg === CLIENT ? 'client' : 'server', era);
  console.log(`\n${leg} ${REVISION[era]} run ${round}`);
  console.log(`  direct   ${describe(rows.direct, required)}`);
  if (rows.through !== undefined) console.log(`  through  ${describe(rows.through, required)}; ${differing.length} differing rows`);
  const failing = score(rows.direct).failures;
  if (failing.length > 0) console.log(`  fails direct as well: ${failing.join('; ')}`);
  for (const row of differing) {
    console.log(`  ${row.verdict.padEnd(8)} ${row.key}: ${row.direct.join(' ') || '(absent)'} -> ${row.through.join(' ') || '(absent)'}`);
  }
}

function reportAuthorization(round, { revision, scenarios, checks, failing, unexpected, stale, missing }) {
  console.log(`\n${OAUTH_CLIENT} ${revision} run ${round}`);
  console.log(`  ${scenarios} scenarios, ${checks} checks, ${failing.length} do not pass, of which ${unexpected.length} are not expected`);
  for (const row of unexpected) console.log(`  lost     ${row}`);
  for (const row of stale) console.log(`  lost     ${row}: passes now, take it out of EXPECTED in authorization.mjs`);
  for (const text of missing) console.log(`  lost     ${text}`);
}

const stopLoad = options.load ? startLoad() : () => {};
const results = [];
let failedLegs = 0;
try {
  for (let round = 1; round <= options.repeat; round += 1) {
    for (const leg of options.legs) {
      for (const era of options.eras) {
        try {
          if (leg === OAUTH_CLIENT) {
            // Its gateway is always dist/bin.mjs; a run without it, or with another one in its place, has no such leg.
            if (options.directOnly || options.otherLauncher) continue;
            const result = await runAuthorization({ era, outDir: join(outDir, `${leg}-${era}-${round}`), timeoutMs: options.timeoutMs });
            reportAuthorization(round, result);
            results.push({ leg, era, round, ...result });
            continue;
          }
          const rows = await runLeg(leg, era, round);
          const differing = rows.through === undefined ? [] : compare(rows.direct, rows.through, {
                  excuse: rows.excuse,
                  ownServer: SERVER_LEGS[leg]?.ownServer,
                });
          await report(leg, era, round, rows, differing);
          results.push({
            leg,
            era,
            round,
            direct: score(rows.direct),
            through: rows.through === undefined ? null : score(rows.through),
            differing,
          });
        } catch (error) {
          failedLegs += 1;
          console.error(`\n${leg} ${REVISION[era]} run ${round} could not take place: ${error.message}`);
          results.push({ leg, era, round, error: error.message });
        }
      }
    }
  }
} finally {
  stopLoad();
  await writeFile(join(outDir, 'results.json'), JSON.stringify({ load: options.load, results }, null, 2));
}
const compared = results.flatMap((result) => result.differing ?? []).filter((row) => row.verdict === 'lost').length;
const judged = results.flatMap((result) => [...(result.unexpected ?? []), ...(result.stale ?? []), ...(result.missing ?? [])]).length;
const lost = compared + judged;
const changed = results.flatMap((result) => result.differing ?? []).length - compared;
console.log(`\n${lost} rows lost, ${changed} otherwise different, ${failedLegs} runs could not take place. Results: ${outDir}`);
process.exitCode = failedLegs > 0 ? 2 : lost > 0 ? 1 : 0;
