import { appendFileSync } from 'node:fs';

/**
 * Tells which tests passed only when they were tried again, so that a race is seen although it does not refuse somebody else's change.
 * POLICYLAYER_FLAKY names a file that gets their names, one a line.
 */
export default class FlakyReporter {
  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky !== true) return;
    process.stderr.write(`passed only when tried again: ${test.fullName}\n`);
    const file = process.env.POLICYLAYER_FLAKY;
    if (file !== undefined) appendFileSync(file, `${test.module.relativeModuleId}: ${test.fullName}\n`);
  }
}
