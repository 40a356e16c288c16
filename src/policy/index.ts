import { CompiledPolicy } from './compiled-policy.ts';
import { canonicalDocument } from './canonical.ts';
import type { PlainJson } from './canonical.ts';
import { checkDocument } from './check-document.ts';
import type { Diagnostic } from './diagnostic.ts';
import { formatDiagnostic, Reporter } from './diagnostic.ts';
import { lint } from './lint.ts';
import { combine } from './policy-set.ts';
import { fromPlainJson } from './source-node.ts';
import type { SourceNode } from './source-node.ts';
import { SourceText } from './source-text.ts';
import type { PolicySet } from './types.ts';

export type * from './types.ts';
export type { Diagnostic } from './diagnostic.ts';
export type { PlainJson } from './canonical.ts';
export { CompiledPolicy } from './compiled-policy.ts';
export { combine } from './policy-set.ts';
export { formatDiagnostic } from './diagnostic.ts';
export { refusalText } from './refusal-text.ts';
export type { Refusal } from './refusal-text.ts';
export { printable, quoted } from './printable.ts';

export type LoadResult =
  | { readonly ok: true; readonly policy: CompiledPolicy; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly errors: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] };

export interface LoadOptions {
  /** The policy's name: the part of its id before `@`, and part of the identity of its counters. */
  readonly name: string;
  /** How diagnostics call the text; the name when absent. */
  readonly file?: string;
}

/** Larger documents are refused before they are parsed. Bytes of UTF-8. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Form of `toJSON`. A cache written by another form is refused and made again. */
const FORMAT = 'policylayer/checked-policy@1';

/**
 * Reads, checks and compiles a policy (YAML 1.2 or JSON; policy.md). Every error of the document is in `errors`, in the order of
 * the text; a document with an error is never loaded. Loads the YAML reader on first use.
 */
export async function loadPolicy(text: string, options: LoadOptions): Promise<LoadResult> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const reporter = new Reporter(new SourceText(body, options.file ?? options.name));
  if (Buffer.byteLength(body) > MAX_DOCUMENT_BYTES) {
    reporter.error('too_large', { start: 0, end: 0 }, '', `the document has more than ${MAX_DOCUMENT_BYTES} bytes`, 'use globs, or divide it into several policies');
    return refused(reporter);
  }
  const { parseYaml } = await import('./parse-yaml.ts');
  return finish(parseYaml(body, reporter), options.name, reporter);
}

/** The checked document as plain JSON, for a cache: `fromJSON` loads it without the YAML reader. */
export function toJSON(policy: CompiledPolicy): PlainJson {
  return { format: FORMAT, name: policy.name, document: canonicalDocument(policy.document) };
}

/**
 * Loads what `toJSON` gave. Everything is checked again, because a cache is a file that somebody may have edited. Diagnostics have
 * no positions, and there are no warnings.
 */
export function fromJSON(value: unknown): LoadResult {
  const reporter = new Reporter(new SourceText('', '(checked policy)'));
  const saved = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (saved['format'] !== FORMAT || typeof saved['name'] !== 'string') {
    reporter.error('bad_cache', { start: -1, end: -1 }, '', 'this is not a checked policy of this version', 'load the policy from its text');
    return refused(reporter);
  }
  let root: SourceNode;
  try {
    root = fromPlainJson(saved['document']);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    reporter.error('bad_cache', { start: -1, end: -1 }, '', `the checked policy is not JSON: ${error.message}`, 'load the policy from its text');
    return refused(reporter);
  }
  const result = finish(root, saved['name'], reporter);
  return result.ok ? { ...result, warnings: [] } : result;
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

function finish(root: SourceNode | null, name: string, reporter: Reporter): LoadResult {
  const document = root === null ? null : checkDocument(root, reporter);
  if (document === null || reporter.failed) return refused(reporter);
  lint(document, reporter);
  return { ok: true, policy: new CompiledPolicy(name, document), warnings: reporter.list('warning') };
}

function refused(reporter: Reporter): LoadResult {
  return { ok: false, errors: reporter.list('error'), warnings: reporter.list('warning') };
}
