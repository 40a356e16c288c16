/** @returns what became of the mutants of one of Stryker's JSON reports */
export function addUp(report) {
  const counts = { killed: 0, timeout: 0, survived: 0, noCoverage: 0, ignored: 0, errors: 0 };
  for (const { mutants } of Object.values(report.files)) {
    for (const { status } of mutants) {
      if (status === 'Killed') counts.killed += 1;
      else if (status === 'Timeout') counts.timeout += 1;
      else if (status === 'Survived') counts.survived += 1;
      else if (status === 'NoCoverage') counts.noCoverage += 1;
      else if (status === 'Ignored') counts.ignored += 1;
      else counts.errors += 1;
    }
  }
  return counts;
}

/** The score in percent, with one decimal. */
export function scoreOf({ killed, timeout, survived, noCoverage }) {
  const valid = killed + timeout + survived + noCoverage;
  return valid === 0 ? '100.0' : (((killed + timeout) / valid) * 100).toFixed(1);
}

export function line({ name, ...counts }) {
  return `${name.padEnd(12)} ${scoreOf(counts).padStart(5)} %  ${Object.entries(counts).map(([key, count]) => `${key} ${count}`).join(', ')}`;
}
