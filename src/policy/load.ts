import { CompiledPolicy } from './compiled-policy.ts';
import { checkDocument } from './check-document.ts';
import type { Environments } from './compile-sources.ts';
import { compileSources } from './compile-sources.ts';
import type { Definitions } from './definitions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { formatDiagnostic, Reporter } from './diagnostic.ts';
import { combine } from './policy-set.ts';
import type { SourceNode } from './source-node.ts';
import { SourceText } from './source-text.ts';
import type { Sources } from './sources.ts';
import type { PolicySet } from './types.ts';

export type LoadResult =
  | { readonly ok: true; readonly policy: CompiledPolicy; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly errors: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] };

export interface LoadOptions {
  /** The policy's name: the part of its id before `@`, and part of the identity of its counters. */
  readonly name: string;
  /** How diagnostics call the text; the name when absent. */
  readonly file?: string;
  /**
   * The tools that the server lists. Expressions are then also checked against their `inputSchema` (policy.md, "Conditions"): what
   * fits none of the tools that a rule is about is an error, what fits only some of them a warning.
   */
  readonly definitions?: Definitions;
}

/** Larger documents are refused before they are parsed. Bytes of UTF-8. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/**
 * Reads, checks and compiles a policy (YAML 1.2 or JSON; policy.md). Every error of the document is in `errors`, in the order of
 * the text; a document with an error is never loaded. Loads the YAML reader on first use, and CEL and JSON Schema when the document
 * uses them.
 */
export async function loadPolicy(text: string, options: LoadOptions): Promise<LoadResult> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const source = new SourceText(body, options.file ?? options.name);
  const reporter = new Reporter(source);
  if (Buffer.byteLength(body) > MAX_DOCUMENT_BYTES) {
    reporter.error('too_large', { start: 0, end: 0 }, '', `the document has more than ${MAX_DOCUMENT_BYTES} bytes`, 'use globs, or divide it into several policies');
    return refused(reporter);
  }
  const { parseYaml } = await import('./parse-yaml.ts');
  const environments = options.definitions === undefined ? null : (await import('./definitions.ts')).environmentsOf(options.definitions);
  const result = await finishLoading(parseYaml(body, reporter), options.name, reporter, source, environments);
  if (!result.ok) return result;
  // Not imported at the top: a policy from the cache is not linted, and starting `run` reads every line that is.
  const { lint } = await import('./lint.ts');
  lint(result.policy, reporter);
  return { ...result, warnings: reporter.list('warning') };
}

/** Checks and compiles a document that has been read; nothing is linted. */
export async function finishLoading(root: SourceNode | null, name: string, reporter: Reporter, source: SourceText, environments: Environments | null): Promise<LoadResult> {
  if (root === null) return refused(reporter);
  const sources: Sources = { expressions: [], schemas: [] };
  const document = checkDocument(root, reporter, sources);
  const compiled = await compileSources(sources, document, reporter, environments);
  if (document === null || reporter.failed) return refused(reporter);
  return { ok: true, policy: new CompiledPolicy(name, document, compiled, source), warnings: reporter.list('warning') };
}

export function refused(reporter: Reporter): LoadResult {
  return { ok: false, errors: reporter.list('error'), warnings: reporter.list('warning') };
}

/** A policy that cannot be loaded. `message` holds every diagnostic, formatted. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** The engine in one step, for use as a library: one document, ready to be asked. @throws PolicyError */
export async function compile(text: string, options: LoadOptions): Promise<PolicySet> {
  const result = await loadPolicy(text, options);
  if (!result.ok) throw new PolicyError(result.errors);
  return combine([result.policy]);
}
