// The suite's results as rows, and the comparison of two runs.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RUN_SUFFIX = /-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z$/;
const PASSED = 'SUCCESS';

/** Rows that only say what went over the wire: their number depends on how the kernel cut the stream. */
const isTraffic = (check) => check.status === 'INFO' && /^(?:incoming|outgoing)-|^stream-closed$/.test(check.id);

const byText = (a, b) => a.localeCompare(b);

/**
 * Reads an output directory of the suite.
 * @returns rows: key `scenario | check id | check name` -> statuses, sorted; one per occurrence
 */
export function readRows(directory) {
  const rows = new Map();
  const add = (key, status) => rows.set(key, [...(rows.get(key) ?? []), status].toSorted(byText));
  for (const file of readdirSync(directory, { recursive: true })) {
    if (!file.endsWith('checks.json')) continue;
    const scenario = dirname(file).replace(RUN_SUFFIX, '');
    for (const check of JSON.parse(readFileSync(join(directory, file), 'utf8'))) {
      if (!isTraffic(check)) add(`${scenario} | ${check.id} | ${check.name}`, check.status);
    }
    const transcript = join(directory, dirname(file), 'stdout.txt');
    if (!existsSync(transcript)) continue;
    const lines = readFileSync(transcript, 'utf8').split('\n').filter(Boolean);
    lines.forEach((line, index) => add(`${scenario} | driver | step ${index + 1}`, line));
  }
  return rows;
}

/**
 * @param required scenarios that count; undefined counts all
 * @returns { scenarios, scenariosPassed, checks, passed, failed, other, failures }: `failures` names the rows that are not passed
 */
export function score(rows, required) {
  const scenarios = new Map();
  const totals = { checks: 0, passed: 0, failed: 0, other: 0 };
  const failures = [];
  for (const [key, statuses] of rows) {
    const [scenario, id] = key.split(' | ');
    if (id === 'driver' || (required !== undefined && !required.has(scenario))) continue;
    const bad = statuses.filter((status) => status === 'FAILURE' || status === 'WARNING');
    scenarios.set(scenario, (scenarios.get(scenario) ?? 0) + bad.length);
    totals.checks += statuses.filter((status) => status !== 'INFO').length;
    totals.passed += statuses.filter((status) => status === PASSED).length;
    totals.failed += bad.length;
    if (bad.length > 0) failures.push(key);
  }
  totals.other = totals.checks - totals.passed - totals.failed;
  return {
    ...totals,
    scenarios: scenarios.size,
    scenariosPassed: [...scenarios.values()].filter((count) => count === 0).length,
    failures,
  };
}

const count = (statuses, wanted) => statuses.filter((status) => status === wanted).length;

/** Fewer passes than before, or a bad mark that was not there. Steps of the driver have to be the same word for word. */
function isLoss(key, before, after) {
  if (key.includes(' | driver | ')) return before.join() !== after.join();
  return (
    count(after, PASSED) < count(before, PASSED) ||
    count(after, 'FAILURE') > count(before, 'FAILURE') ||
    count(after, 'WARNING') > count(before, 'WARNING')
  );
}

/**
 * Compares two runs row by row.
 * @param direct rows without the gateway
 * @param through rows with it
 * @param excuse rows of the same server behind a neutral relay: what is lost there too is not the gateway's doing
 * @param ownServer whether the gateway is an HTTP server of its own in this leg, not a relay of one: what the suite then
 *   calls not applicable (INFO) is a choice that the specification leaves to a server
 * @returns the differing rows: { key, direct, through, verdict: 'lost' | 'excused' | 'optional' | 'changed' }
 */
export function compare(direct, through, { excuse, ownServer = false } = {}) {
  const differing = [];
  function verdictOf(key, before, after) {
    if (excuse !== undefined && !isLoss(key, excuse.get(key) ?? [], after)) return 'excused';
    return ownServer && after.length === before.length && after.every((status) => status === PASSED || status === 'INFO')
      ? 'optional'
      : 'lost';
  }
  for (const key of new Set([...direct.keys(), ...through.keys()])) {
    const before = direct.get(key) ?? [];
    const after = through.get(key) ?? [];
    if (before.join() === after.join()) continue;
    const lost = isLoss(key, before, after);
    differing.push({ key, direct: before, through: after, verdict: lost ? verdictOf(key, before, after) : 'changed' });
  }
  return differing.toSorted((a, b) => a.key.localeCompare(b.key));
}
