// One run of the suite's command.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readRows } from './results.mjs';
import { suite, suiteNode } from './peers.mjs';

const preload = fileURLToPath(new URL('authorize-requests.mjs', import.meta.url));
const clientUnderTest = fileURLToPath(new URL('client/run-driver.mjs', import.meta.url));

/**
 * The scenarios that a revision requires; the set also runs some that it does not score.
 * @param side 'server' or 'client'
 * @returns names as they appear in rows
 */
export async function requiredScenarios(side, era) {
  const sets = parse(await readFile(fileURLToPath(new URL(`../requirements/${REVISION[era]}.yaml`, pathToFileURL(suite))), 'utf8'));
  return new Set(sets[side].map((name) => (side === 'server' ? `server-${name}` : name)));
}

/** The revision whose requirement set is run for an era. */
export const REVISION = { legacy: '2025-11-25', modern: '2026-07-28' };

async function run(args, env, outDir) {
  await mkdir(outDir, { recursive: true });
  const child = spawn(suiteNode, [...args, '-o', outDir], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stdout.on('data', (chunk) => log.push(chunk));
  child.stderr.on('data', (chunk) => log.push(chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await writeFile(join(outDir, 'suite.log'), Buffer.concat(log));
  const rows = readRows(outDir);
  if (rows.size === 0) throw new Error(`The suite ended with ${code} and left no results; see ${join(outDir, 'suite.log')}`);
  return rows;
}

/**
 * Runs the server scenarios of an era's requirement set.
 * @param token sent as bearer token with each request
 * @param timeoutMs per scenario
 */
export function runServerScenarios({ url, token, era, outDir, timeoutMs }) {
  return run(
    ['--import', preload, suite, 'server', '--url', url, '--requirements', REVISION[era], '--timeout', String(timeoutMs)],
    { CONFORMANCE_URL: url, CONFORMANCE_BEARER: token },
    outDir,
  );
}

/**
 * Runs the client scenarios with the SDK client.
 * @param launcher URL of the module whose launchEdge puts a gateway between; undefined for a direct run
 */
export function runClientScenarios({ era, outDir, timeoutMs, launcher }) {
  return run(
    [
      suite,
      'client',
      '--command',
      `${process.execPath} ${clientUnderTest}`,
      '--requirements',
      REVISION[era],
      '--timeout',
      String(timeoutMs),
    ],
    { CONFORMANCE_TURNS: join(outDir, 'turns'), ...(launcher === undefined ? {} : { CONFORMANCE_LAUNCHER: launcher }) },
    outDir,
  );
}

/**
 * Runs one client scenario.
 * @param command what the suite starts with the URL of its server as the last argument
 */
export function runClientScenario({ scenario, era, outDir, timeoutMs, command }) {
  return run([suite, 'client', '--command', command, '--scenario', scenario, '--spec-version', REVISION[era], '--timeout', String(timeoutMs)], {}, outDir);
}
