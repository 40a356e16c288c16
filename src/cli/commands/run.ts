import { join } from 'node:path';
import { runStdio } from '../../gateway/run.ts';
import { LivePolicies } from '../live-policies.ts';
import { readRunOptions, type RunOptions } from '../run-options.ts';
import { endOnSignal } from '../signals.ts';
import { UsageError, printUsageError } from '../usage-error.ts';

/**
 * `policylayer run`. Nothing but the protocol is written to stdout. Loads no YAML, no HTTP client and no database until something
 * needs them (test/walls/stdio-bundle.test.ts).
 * @returns the exit status
 */
export async function run(args: readonly string[]): Promise<number> {
  let options: RunOptions | null;
  try {
    options = readRunOptions(args, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    printUsageError(error);
    return 2;
  }
  if (options === null) {
    process.stdout.write((await import('../run-help.ts')).RUN_HELP);
    return 0;
  }
  const { dataDir, journalArguments } = options;
  const log = (line: string): void => void process.stderr.write(`policylayer: ${line}\n`);
  const live = new LivePolicies(options.policies, join(dataDir, 'policy-cache'), (text) => void process.stderr.write(`${text}\n`));
  const policies = await live.load();
  if (policies === null) {
    live.close();
    process.stderr.write('policylayer: the server was not started, because the policy has errors\n');
    return 2;
  }
  return runStdio({
    server: options.server,
    label: options.label,
    policies,
    watch: (changed) => live.subscribe(changed, policies),
    upstream: options.upstream,
    bridge: options.bridge,
    trustedAnnotations: options.trustedAnnotations,
    drift: options.drift,
    openState: async () => {
      const { databasePath, openState } = await import('../../state/open.ts');
      return openState({ path: databasePath(dataDir), logArguments: journalArguments, onError: (error) => log(error.message) });
    },
    keepArguments: journalArguments,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    log,
    signal: endOnSignal(log),
  });
}
