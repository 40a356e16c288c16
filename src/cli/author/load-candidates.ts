import { formatDiagnostic, type CompiledPolicy } from '../../policy/index.ts';
import { loadPolicyFiles, policyName } from '../policy-files.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Loads the policies that a command line names; several stand for one grant that has all of them.
 * @returns null when one cannot be loaded: every error was written to `stderr`
 * @throws UsageError for two policies with one name, which would share their counters
 */
export async function loadCandidates(paths: readonly string[], stderr: NodeJS.WritableStream): Promise<readonly CompiledPolicy[] | null> {
  const files = paths.map((path) => ({ name: policyName(path), path }));
  const twin = files.find((file, index) => files.findIndex(({ name }) => name === file.name) < index);
  if (twin !== undefined) throw new UsageError(`two policies have the name \`${twin.name}\``, 'rename one of the files');
  const loaded = await loadPolicyFiles(files, null);
  if (loaded.ok) return loaded.policies;
  stderr.write(`${loaded.errors.map(formatDiagnostic).join('\n\n')}\n`);
  return null;
}
