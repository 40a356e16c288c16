import { findTestFiles } from '../author/find-test-files.ts';
import { runTestFile, type TestFileResult } from '../author/run-tests.ts';
import { summaryLine, summaryOf, testJson, testLines } from '../author/test-report.ts';
import { progressLine, styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { StateUnavailable } from '../../state/types.ts';

export interface TestArguments {
  /** Test files, and directories that hold some. */
  readonly paths: readonly string[];
  readonly json: boolean;
  /** Only cases whose name holds this text, whatever its case. */
  readonly filter: string | undefined;
  readonly stdout: NodeJS.WriteStream;
}

/**
 * `policylayer test FILE...` (policy.md, "Tools for the author"): judges every case as the gateway would.
 * @returns 0 all passed, 1 a case failed, 2 a file could not be used
 * @throws UsageError
 */
export async function test(args: TestArguments): Promise<number> {
  const { stdout } = args;
  const wanted = args.filter?.toLowerCase();
  const only = (title: string): boolean => wanted === undefined || title.toLowerCase().includes(wanted);
  const files = findTestFiles(args.paths);
  const [style, width] = [styleFor(stdout), widthOf(stdout)];
  const progress = progressLine();
  const results: TestFileResult[] = [];
  for (const file of files) {
    progress.show(`${results.length + 1}/${files.length} ${file}`);
    const result = await runTestFile(file, { only }).catch(noState);
    progress.clear();
    results.push(result);
    if (!args.json) for (const line of testLines(result, width, style)) stdout.write(`${line}\n`);
  }
  const summary = summaryOf(results);
  if (summary.cases === 0 && summary.broken === 0) throw new UsageError(`no case has ${JSON.stringify(args.filter)} in its name`, 'leave --filter out to run all cases');
  stdout.write(args.json ? `${JSON.stringify(testJson(results), null, 2)}\n` : `${summaryLine(summary, style)}\n`);
  return summary.broken > 0 ? 2 : summary.failed > 0 ? 1 : 0;
}

/** Cases count in a database of their own, in the directory for temporary files. */
function noState(error: unknown): never {
  if (error instanceof StateUnavailable) throw new UsageError(error.message, 'set TMPDIR to a directory on a local disk that can be written');
  throw error;
}
