import { formatDiagnostic } from '../../policy/index.ts';
import { chooseCall, type CallOptions } from '../author/explain-options.ts';
import { codeOf, explainCall } from '../../control/policy-tools/explain-call.ts';
import { explainJson, explainLines } from '../author/explain-report.ts';
import { KnownTools } from '../../control/policy-tools/known-tools.ts';
import { loadCandidates } from '../author/load-candidates.ts';
import { readDefinitions } from '../scan/definitions.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface ExplainOptions extends CallOptions {
  readonly definitions?: string;
  readonly trustAnnotations?: boolean;
  readonly json?: boolean;
}

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * `policylayer explain POLICY...` (policy.md, "Tools for the author"): which rules match one call, what each guard says, and why the
 * outcome is what it is. Limits are named, not counted.
 * @returns 0 when the call would go through, 1 when it would not, 2 when a policy or the call cannot be read
 * @throws UsageError
 */
export async function explain(paths: readonly string[], options: ExplainOptions, { stdout, stderr }: Streams): Promise<number> {
  const call = await chooseCall(options);
  if (!('kind' in call)) {
    stderr.write(`${call.map(formatDiagnostic).join('\n\n')}\n`);
    return 2;
  }
  const policies = await loadCandidates(paths, stderr);
  if (policies === null) return 2;
  const tools = options.definitions === undefined ? null : await readTools(options.definitions, options.trustAnnotations === true);
  const explained = explainCall(policies, call, tools);
  const lines = options.json === true ? [JSON.stringify(explainJson(explained), null, 2)] : explainLines(explained, widthOf(stdout), styleFor(stdout));
  stdout.write(`${lines.join('\n')}\n`);
  return codeOf(explained) === null ? 0 : 1;
}

async function readTools(path: string, trusted: boolean): Promise<KnownTools> {
  try {
    return await KnownTools.of(readDefinitions(path), trusted);
  } catch (error) {
    if (error instanceof ScanFailure) throw new UsageError(error.message, '--definitions takes a recorded tools/list result');
    throw error;
  }
}
