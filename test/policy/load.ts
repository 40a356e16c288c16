import { combine, formatDiagnostic, loadPolicy, type CompiledPolicy, type PolicySet } from '../../src/policy/index.ts';

/** Loads a policy that must be sound. */
export async function load(text: string, name = 'p'): Promise<CompiledPolicy> {
  const result = await loadPolicy(text, { name });
  if (!result.ok) throw new Error(result.errors.map(formatDiagnostic).join('\n'));
  return result.policy;
}

/** Loads documents into one set; they are called `a`, `b`, `c`, ... */
export async function setOf(...texts: readonly string[]): Promise<PolicySet> {
  return combine(await Promise.all(texts.map((text, index) => load(text, String.fromCharCode(97 + index)))));
}
