// Adds up what a CI run did and prints `N passed, N failed` alone on the last line.
//
// Usage: node scripts/ci-summary.mjs STEPS [VITEST_REPORT] [--no-skips] [--elsewhere REGEX]
//   STEPS: one line per step, `passed<TAB>name<TAB>seconds` or `failed<TAB>name<TAB>seconds`.
//   VITEST_REPORT: the file of vitest's json reporter. A report that is missing or unreadable counts as one failure.
//   --no-skips: every skipped test counts as a failure,
//   --elsewhere: but for those whose full name matches: a step of its own runs them under another Node.
// Exit status: 0 when nothing failed, else 1.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'no-skips': { type: 'boolean', default: false }, elsewhere: { type: 'string' } } });
const elsewhere = values.elsewhere === undefined ? null : new RegExp(values.elsewhere);
const [stepsFile, reportFile] = positionals;
if (stepsFile === undefined) {
  process.stderr.write('usage: ci-summary.mjs STEPS [VITEST_REPORT] [--no-skips]\n');
  process.exit(2);
}

let passed = 0;
let failed = 0;
const lines = [];

for (const line of readFileSync(stepsFile, 'utf8').split('\n').filter((text) => text !== '')) {
  const [state, name, seconds] = line.split('\t');
  if (state === 'passed') passed += 1;
  else failed += 1;
  lines.push(`${state.padEnd(6)}  ${name}${seconds === undefined ? '' : `  (${seconds} s)`}`);
}

if (reportFile !== undefined) {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    const tests = report.testResults.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
    const failures = tests.filter((test) => test.status === 'failed');
    // A file that cannot be loaded has no tests of its own and must not pass for that.
    const broken = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'));
    const skipped = tests.filter((test) => test.status !== 'failed' && test.status !== 'passed');
    passed += tests.filter((test) => test.status === 'passed').length;
    failed += failures.length + broken.length;
    for (const test of failures) lines.push(`failed  ${test.fullName}`);
    for (const file of broken) lines.push(`failed  ${file.name}: ${file.message.split('\n')[0]}`);
    for (const test of skipped) {
      const counts = values['no-skips'] && elsewhere?.test(test.fullName) !== true;
      if (counts) failed += 1;
      lines.push(`${counts ? 'failed  skipped: ' : 'skipped '}${test.fullName}`);
    }
    if (tests.length === 0) {
      failed += 1;
      lines.push('failed  the test report holds no test');
    }
  } catch (error) {
    failed += 1;
    lines.push(`failed  no test report in ${reportFile}: ${error.message}`);
  }
}

process.stdout.write(`${lines.join('\n')}\n\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
