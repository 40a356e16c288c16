import { formatDiagnostic, type CompiledPolicy, type Diagnostic } from '../../policy/index.ts';
import { loadPolicyFiles, policyName } from '../policy-files.ts';

export interface CheckArguments {
  /** Paths of policy files; every one is checked, whatever the others hold. */
  readonly files: readonly string[];
  readonly json: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

interface Checked {
  readonly file: string;
  readonly policy: CompiledPolicy | null;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * `policylayer check FILE...`: reports everything that is wrong, or probably not meant, in policy files (policy.md, "Tools for the
 * author"). Loads nothing and starts nothing.
 * @returns the exit status: 0 when every file can be loaded (warnings are allowed), 2 when one cannot or none was named
 */
export async function check(args: CheckArguments): Promise<number> {
  if (args.files.length === 0) {
    args.stderr.write('check: no policy file was named; expected `policylayer check FILE...`\n');
    return 2;
  }
  const results: Checked[] = [];
  for (const file of args.files) results.push(await checkFile(file));
  args.stdout.write(args.json ? `${JSON.stringify({ files: results.map(toJson) }, null, 2)}\n` : describe(results));
  return results.some((result) => result.errors.length > 0) ? 2 : 0;
}

async function checkFile(file: string): Promise<Checked> {
  const loaded = await loadPolicyFiles([{ name: policyName(file), path: file }], null);
  if (!loaded.ok) return { file, policy: null, errors: loaded.errors, warnings: loaded.warnings };
  return { file, policy: loaded.policies[0] ?? null, errors: [], warnings: loaded.warnings };
}

function toJson(result: Checked): unknown {
  const plain = ({ excerpt: _excerpt, ...rest }: Diagnostic): Omit<Diagnostic, 'excerpt'> => rest;
  return {
    file: result.file,
    ok: result.errors.length === 0,
    policy: result.policy?.id ?? null,
    errors: result.errors.map(plain),
    warnings: result.warnings.map(plain),
  };
}

function describe(results: readonly Checked[]): string {
  const blocks = results.map((result) => {
    const lines = [...result.errors, ...result.warnings].toSorted((a, b) => a.line - b.line || a.column - b.column).map(formatDiagnostic);
    if (result.policy !== null) lines.push(`${result.file}: ok, ${result.policy.id}, ${count(ruleCount(result.policy), 'rule')}`);
    return `${lines.join('\n\n')}\n`;
  });
  const bad = results.filter((result) => result.errors.length > 0).length;
  const errors = results.reduce((sum, result) => sum + result.errors.length, 0);
  const warnings = results.reduce((sum, result) => sum + result.warnings.length, 0);
  const verdict = bad === 0 ? 'all can be loaded' : `${bad} cannot be loaded`;
  return `${blocks.join('\n')}\n${count(results.length, 'file')} checked, ${verdict}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
}

function ruleCount(policy: CompiledPolicy): number {
  return Object.values(policy.document.rules).reduce((sum, rules) => sum + rules.length, 0);
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
