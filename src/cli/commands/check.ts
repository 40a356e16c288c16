import { formatDiagnostic, type CompiledPolicy, type Diagnostic } from '../../policy/index.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { count } from '../author/words.ts';
import { parseDuration } from '../duration.ts';
import { loadPolicyFiles, policyName } from '../policy-files.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { chooseSource, readSource, type SourceOptions } from '../scan/source.ts';

export interface CheckOptions extends SourceOptions {
  readonly timeout?: string;
  /** Status 1 when there is a warning. */
  readonly strict?: boolean;
  readonly json?: boolean;
  /** Annotations of the server may lower a class. */
  readonly trustAnnotations?: boolean;
}

export interface CheckArguments extends CheckOptions {
  /** Paths of policy files; every one is checked, whatever the others hold. */
  readonly files: readonly string[];
  /** Command of a server whose tools the policies are held against; empty: none. */
  readonly command?: readonly string[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

interface Checked {
  readonly file: string;
  readonly policy: CompiledPolicy | null;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/** What the policies were held against. */
interface Against {
  readonly origin: string;
  readonly tools: readonly JsonNode[];
}

/**
 * `policylayer check POLICY...`: reports everything that is wrong, or probably not meant, in policy files (policy.md, "Tools for the
 * author"). Starts nothing, unless a server is named to be asked for its tools.
 * @returns the exit status: 0 when every file can be loaded, 1 when one has a warning under `strict`, 2 when one cannot be loaded, none
 * was named, or the definitions cannot be had
 * @throws UsageError
 */
export async function check(args: CheckArguments): Promise<number> {
  if (args.files.length === 0) {
    args.stderr.write('check: no policy file was named; expected `policylayer check FILE...`\n');
    return 2;
  }
  const against = await readAgainst(args);
  if (typeof against === 'string') {
    args.stderr.write(`policylayer: the definitions cannot be had: ${against}\n`);
    return 2;
  }
  const results: Checked[] = [];
  for (const file of args.files) results.push(await checkFile(file, against, args.trustAnnotations === true));
  args.stdout.write(args.json === true ? `${JSON.stringify(toJson(results, against), null, 2)}\n` : describe(results, against));
  if (results.some((result) => result.errors.length > 0)) return 2;
  return args.strict === true && results.some((result) => result.warnings.length > 0) ? 1 : 0;
}

/** @returns null when no source is named; a text when it failed */
async function readAgainst(args: CheckArguments): Promise<Against | null | string> {
  const source = chooseSource('check', args.command ?? [], args);
  if (source === null) return null;
  try {
    return await readSource(source, parseDuration(args.timeout ?? '30s', '--timeout'), args);
  } catch (error) {
    if (error instanceof ScanFailure) return `${error.message} (${error.status})`;
    throw error;
  }
}

async function checkFile(file: string, against: Against | null, trusted: boolean): Promise<Checked> {
  const loaded = await loadPolicyFiles([{ name: policyName(file), path: file }], null);
  if (!loaded.ok) return { file, policy: null, errors: loaded.errors, warnings: loaded.warnings };
  const [policy = null] = loaded.policies;
  if (policy === null || against === null) return { file, policy, errors: [], warnings: loaded.warnings };
  const [{ lintAgainst }, { classify }] = await Promise.all([import('../../policy/lint-against.ts'), import('../../catalogue/index.ts')]);
  return { file, policy, errors: [], warnings: [...loaded.warnings, ...lintAgainst(policy, against.tools, (definition) => classify(definition, { trusted }))] };
}

function toJson(results: readonly Checked[], against: Against | null): unknown {
  const plain = ({ excerpt: _excerpt, ...rest }: Diagnostic): Omit<Diagnostic, 'excerpt'> => rest;
  return {
    ...(against === null ? {} : { against: { origin: against.origin, tools: against.tools.length } }),
    files: results.map((result) => ({
      file: result.file,
      ok: result.errors.length === 0,
      policy: result.policy?.id ?? null,
      errors: result.errors.map(plain),
      warnings: result.warnings.map(plain),
    })),
  };
}

function describe(results: readonly Checked[], against: Against | null): string {
  const blocks = results.map((result) => {
    const lines = [...result.errors, ...result.warnings].toSorted((a, b) => a.line - b.line || a.column - b.column).map(formatDiagnostic);
    if (result.policy !== null) lines.push(`${result.file}: ok, ${result.policy.id}, ${count(ruleCount(result.policy), 'rule')}`);
    return `${lines.join('\n\n')}\n`;
  });
  const bad = results.filter((result) => result.errors.length > 0).length;
  const errors = results.reduce((sum, result) => sum + result.errors.length, 0);
  const warnings = results.reduce((sum, result) => sum + result.warnings.length, 0);
  const verdict = bad === 0 ? 'all can be loaded' : `${bad} cannot be loaded`;
  const held = against === null ? '' : `Held against ${count(against.tools.length, 'tool')} of ${against.origin}\n`;
  return `${blocks.join('\n')}\n${held}${count(results.length, 'file')} checked, ${verdict}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
}

function ruleCount(policy: CompiledPolicy): number {
  return Object.values(policy.document.rules).reduce((sum, selectors) => sum + selectors.reduce((rules, selector) => rules + selector.rules.length, 0), 0);
}
