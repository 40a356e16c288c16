import { formatDiagnostic } from '../policy/diagnostic.ts';
import { combine } from '../policy/policy-set.ts';
import type { PolicySet } from '../policy/types.ts';
import { loadPolicyFiles, type PoliciesResult, type PolicyFile } from './policy-files.ts';
import { watchFiles } from './watch-files.ts';

type Listener = (policies: PolicySet) => void;

/**
 * The policies of one run, kept up to date with their files. A version with an error is reported and never used: the last valid one
 * stays in force. Watching begins before the first read, so an edit in between is not lost.
 */
export class LivePolicies {
  readonly #files: readonly PolicyFile[];
  readonly #cacheDirectory: string;
  readonly #report: (text: string) => void;
  readonly #unwatch: () => void;
  #current: PolicySet | null = null;
  #listener: Listener | null = null;
  #reloading: Promise<void> = Promise.resolve();

  constructor(files: readonly PolicyFile[], cacheDirectory: string, report: (text: string) => void) {
    this.#files = files;
    this.#cacheDirectory = cacheDirectory;
    this.#report = report;
    this.#unwatch = watchFiles(files.map((file) => file.path), () => {
      this.#reloading = this.#reloading.then(() => this.#reload());
    });
  }

  /** The first load; every warning and error is reported. @returns null when there was an error */
  async load(): Promise<PolicySet | null> {
    const result = await this.#read();
    this.#current = result.ok ? combine(result.policies) : null;
    return this.#current;
  }

  /** @returns ends the watching */
  subscribe(listener: Listener, known: PolicySet): () => void {
    this.#listener = listener;
    // An edit may have been loaded between `load` and now.
    if (this.#current !== null && this.#current !== known) listener(this.#current);
    return () => this.close();
  }

  close(): void {
    this.#listener = null;
    this.#unwatch();
  }

  async #reload(): Promise<void> {
    const result = await this.#read();
    if (!result.ok) {
      this.#report('the policy was not reloaded; the last valid version stays in force');
      return;
    }
    const next = combine(result.policies);
    if (next.digest === this.#current?.digest) return;
    this.#current = next;
    this.#report(`policy reloaded: ${next.id}`);
    this.#listener?.(next);
  }

  async #read(): Promise<PoliciesResult> {
    const result = await loadPolicyFiles(this.#files, this.#cacheDirectory);
    const diagnostics = result.ok ? result.warnings : [...result.errors, ...result.warnings];
    for (const diagnostic of diagnostics) this.#report(formatDiagnostic(diagnostic));
    return result;
  }
}
