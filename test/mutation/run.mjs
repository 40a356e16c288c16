/**
 * Mutation testing (Stryker) of the policy room and of the code that counts.
 * Usage: npm ci --prefix test/mutation && node test/mutation/run.mjs [policy|limits] [--files GLOB[,GLOB]] [--concurrency N] [--json FILE]
 * Prints the score and every surviving mutant. Exit status 1 when the score is below 85 %.
 *
 * Its packages are kept apart from the project's, and Stryker's own handling of tsconfig files is switched off: it needs the
 * JavaScript API of TypeScript, which TypeScript 7 does not have.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGES = join(import.meta.dirname, 'node_modules/@stryker-mutator');
const LOWEST_SCORE = 85;
const SETS = {
  policy: { mutate: ['src/policy/**/*.ts', '!src/policy/types.ts'], tests: 'test/policy' },
  limits: { mutate: ['src/state/*{counter,limit,budget,spend,draw,reservation,amount}*.ts', 'src/wire/decimal.ts'], tests: 'test/state,test/wire' },
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { files: { type: 'string' }, concurrency: { type: 'string', default: '2' }, json: { type: 'string' } } });
const [name = 'policy'] = positionals;
const set = SETS[name];
if (set === undefined) {
  process.stderr.write(`no set is called ${JSON.stringify(name)}; expected one of ${Object.keys(SETS).join(', ')}\n`);
  process.exit(2);
}
if (!existsSync(PACKAGES)) {
  process.stderr.write('Stryker is not installed: npm ci --prefix test/mutation\n');
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), 'policylayer-mutation-'));
const config = join(scratch, 'stryker.json');
writeFileSync(config, JSON.stringify({
  testRunner: 'vitest',
  plugins: [join(PACKAGES, 'vitest-runner/dist/src/index.js')],
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  tsconfigFile: 'none.json',
  mutate: values.files?.split(',') ?? set.mutate,
  coverageAnalysis: 'perTest',
  concurrency: Number(values.concurrency),
  timeoutMS: 20_000,
  ignoreStatic: true,
  reporters: ['clear-text', 'progress-append-only', ...(values.json === undefined ? [] : ['json'])],
  ...(values.json === undefined ? {} : { jsonReporter: { fileName: resolve(values.json) } }),
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 95, low: LOWEST_SCORE, break: LOWEST_SCORE },
  ignorePatterns: ['test/peers', 'test/mutation/node_modules', 'dist', 'dist.new-*', 'bench/results', 'coverage'],
  tempDirName: join(scratch, 'sandbox'),
  disableTypeChecks: false,
}));
const child = spawn(process.execPath, [join(PACKAGES, 'core/bin/stryker.js'), 'run', config], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, MUTATION_TESTS: set.tests } });
child.once('close', (code) => {
  rmSync(scratch, { recursive: true, force: true });
  process.exit(code ?? 1);
});
