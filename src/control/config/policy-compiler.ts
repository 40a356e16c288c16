import { createHash } from 'node:crypto';
import { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { PolicyStage } from '../../state/registry/types.ts';

/** Texts that are kept compiled: of each policy the one in force, and those that were tried lately. */
const KEPT = 256;

export type Compiled = { readonly ok: true; readonly policy: CompiledPolicy } | { readonly ok: false; readonly problem: string };

/** Compiles published texts, each once. */
export class PolicyCompiler {
  readonly #kept = new Map<string, Promise<Compiled>>();

  /** @param stage `observe` stands above the `mode` of the text: everything is decided and recorded, nothing is refused */
  compile(name: string, text: string, stage: PolicyStage): Promise<Compiled> {
    const key = createHash('sha256').update(JSON.stringify([name, stage, text])).digest('hex');
    const compiled = this.#kept.get(key) ?? compileOne(name, text, stage);
    this.#kept.delete(key);
    this.#kept.set(key, compiled);
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return compiled;
  }
}

async function compileOne(name: string, text: string, stage: PolicyStage): Promise<Compiled> {
  const result = await loadPolicy(text, { name });
  if (result.ok) return { ok: true, policy: stage === 'observe' ? observing(result.policy) : result.policy };
  const [first] = result.errors;
  return { ok: false, problem: `line ${first?.line ?? 1}: ${first?.message ?? 'it cannot be read'}` };
}

function observing(policy: CompiledPolicy): CompiledPolicy {
  return policy.document.mode === 'observe' ? policy : new CompiledPolicy(policy.name, { ...policy.document, mode: 'observe' }, policy.sources, policy.text);
}
