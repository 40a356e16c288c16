/**
 * Mutation testing (Stryker) of the policy room and of the code that counts.
 * Usage: npm ci --prefix test/mutation && node test/mutation/run.mjs [PART,... | policy | limits] [--files GLOB[,GLOB]] [--concurrency N] [--json FOLDER]
 * Runs one part after the other, prints every surviving mutant and at the end the scores. Exit status 1 when a score is below 85 %.
 *
 * The score is Stryker's: killed and timed out, of all mutants but those that are ignored or do not run. All of Stryker's mutators are
 * on, those of texts too. Tests that parts.mjs names as slow, and tests that take longer than LONGEST_MS, are left out, and properties
 * are tried with EXAMPLES examples: all of these could only kill more. runner/ says how one process tests all mutants.
 *
 * Its packages are kept apart from the project's, and Stryker's own handling of tsconfig files is switched off: it needs the
 * JavaScript API of TypeScript, which TypeScript 7 does not have.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { POLICY, PARTS } from './parts.mjs';
import { addUp, line, scoreOf } from './score.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGES = join(import.meta.dirname, 'node_modules/@stryker-mutator');
const LOWEST_SCORE = 85;
const LONGEST_MS = 60;
/** Of a property. */
const EXAMPLES = 8;
// A file system in memory, where there is one: tests that count write to disk, and wait for it.
const MEMORY = '/dev/shm';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string' }, concurrency: { type: 'string', default: '1' }, json: { type: 'string' } },
});
const asked = (positionals[0] ?? 'policy,decimal,limits,limits-around').split(',').flatMap((name) => (name === 'policy' ? POLICY : [name]));
const unknown = asked.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`no part is called ${JSON.stringify(unknown)}; expected policy or some of ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
if (!existsSync(PACKAGES)) {
  process.stderr.write('Stryker is not installed: npm ci --prefix test/mutation\n');
  process.exit(2);
}

const scratch = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'policylayer-mutation-'));
const reports = resolve(values.json ?? join(scratch, 'reports'));
mkdirSync(reports, { recursive: true });
const scores = [];
let failed = false;
for (const name of asked) {
  const report = join(reports, `${name}.json`);
  rmSync(report, { force: true });
  await mutate(name);
  if (!existsSync(report)) {
    process.stderr.write(`${name}: no report; see above what Stryker says\n`);
    failed = true;
    continue;
  }
  scores.push({ name, ...addUp(JSON.parse(readFileSync(report, 'utf8'))) });
}
const total = scores.reduce((sum, counts) => Object.fromEntries(Object.entries(counts).filter(([key]) => key !== 'name').map(([key, count]) => [key, (sum[key] ?? 0) + count])), {});
process.stdout.write(`\n${[...scores, ...(scores.length > 1 ? [{ name: 'all', ...total }] : [])].map(line).join('\n')}\n`);
rmSync(scratch, { recursive: true, force: true });
process.exit(!failed && scores.every((score) => Number(scoreOf(score)) >= LOWEST_SCORE) ? 0 : 1);

async function mutate(name) {
  const part = PARTS[name];
  const config = join(scratch, `${name}.json`);
  writeFileSync(config, JSON.stringify({
    testRunner: 'one-process',
    plugins: [join(import.meta.dirname, 'runner/index.mjs')],
    oneProcess: { tests: part.tests, sources: part.sources, slow: part.slow, longestMs: part.longestMs ?? LONGEST_MS, examples: part.examples ?? EXAMPLES },
    tsconfigFile: 'none.json',
    mutate: values.files?.split(',') ?? part.mutate,
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    timeoutMS: 5_000,
    ignoreStatic: false,
    reporters: ['clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: join(reports, `${name}.json`) },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
    ignorePatterns: ['test/peers', 'test/mutation/node_modules', 'dist', 'dist.new-*', 'bench/results', 'coverage'],
    tempDirName: join(scratch, 'sandbox'),
    disableTypeChecks: false,
    warnings: { slow: false, unknownOptions: false },
  }));
  const child = spawn(process.execPath, [join(PACKAGES, 'core/bin/stryker.js'), 'run', config], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, TMPDIR: scratch } });
  await new Promise((done) => child.once('close', done));
}
