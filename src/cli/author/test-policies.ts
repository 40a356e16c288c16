import { combine, loadPolicy, type CompiledPolicy, type Diagnostic, type PolicySet } from '../../policy/index.ts';
import { loadPolicyFiles, policyName } from '../policy-files.ts';
import type { PolicySource } from './test-file.ts';

export type TestPolicies = { readonly ok: true; readonly set: PolicySet; readonly policies: readonly CompiledPolicy[] } | { readonly ok: false; readonly errors: readonly Diagnostic[] };

/** Loads the policies of a test file, inline ones too. Every error of all of them is reported. @param file the test file, for messages */
export async function loadTestPolicies(sources: readonly PolicySource[], file: string): Promise<TestPolicies> {
  const policies: CompiledPolicy[] = [];
  const errors: Diagnostic[] = [];
  for (const source of sources) {
    if (source.kind === 'file') {
      const loaded = await loadPolicyFiles([{ name: policyName(source.path), path: source.path }], null);
      if (loaded.ok) policies.push(...loaded.policies);
      else errors.push(...loaded.errors);
    } else {
      const loaded = await loadPolicy(source.text, { name: source.name, file: `${file} (${source.name})` });
      if (loaded.ok) policies.push(loaded.policy);
      else errors.push(...loaded.errors);
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, set: combine(policies), policies };
}
