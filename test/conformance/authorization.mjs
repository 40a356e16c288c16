// The suite's authorization scenarios with the gateway as the OAuth client of an MCP server (oauth-upstream-client.mjs). There is nothing to compare
// with: every check that fails or warns has to be one of EXPECTED, and every one of EXPECTED has to fail.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requiredScenarios, REVISION, runClientScenario } from './suite.mjs';
import { score } from './results.mjs';

const client = fileURLToPath(new URL('oauth-upstream-client.mjs', import.meta.url));
/** Each starts a gateway of its own. */
const AT_ONCE = 4;

/** Checks that do not pass, and why. One that passes here has to be taken out. */
const EXPECTED = [
  {
    row: 'auth/basic-cimd | cimd-client-id-used',
    eras: ['legacy', 'modern'],
    reason: 'a client metadata document has an https address, and the gateway of a test is on loopback: it registers instead, which the suite warns of',
  },
];

/** True for the suite's scenarios about authorization. */
const isAuthorization = (name) => name.startsWith('auth/');

/**
 * Runs every authorization scenario that a revision requires of a client.
 * @returns counts, and rows as `scenario | check id`: `failing`, of these `unexpected`; `stale` ones are expected and pass; `missing` could not take place
 */
export async function runAuthorization({ era, outDir, timeoutMs }) {
  const required = [...(await requiredScenarios('client', era))].filter(isAuthorization);
  const waiting = [...required];
  const missing = [];
  const failing = new Set();
  let checks = 0;
  const worker = async () => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      try {
        const rows = await runClientScenario({ scenario, era, outDir: join(outDir, scenario.replaceAll('/', '-')), timeoutMs, command: `${process.execPath} ${client}` });
        const result = score(rows);
        checks += result.checks;
        for (const row of result.failures) failing.add(row.split(' | ').slice(0, 2).join(' | '));
      } catch (error) {
        missing.push(`${scenario} could not take place: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const expected = EXPECTED.filter(({ eras }) => eras.includes(era));
  const known = new Set(expected.map(({ row }) => row));
  return {
    revision: REVISION[era],
    scenarios: required.length,
    checks,
    failing: [...failing].toSorted((a, b) => a.localeCompare(b)),
    missing,
    unexpected: [...failing].filter((row) => !known.has(row)).toSorted((a, b) => a.localeCompare(b)),
    stale: expected.filter(({ row }) => !failing.has(row)).map(({ row }) => row),
  };
}
