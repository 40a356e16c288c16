import { scan } from '../wire/scan.ts';
import { canonicalDocument } from './canonical.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { Reporter } from './diagnostic.ts';
import type { LoadResult } from './load.ts';
import { finishLoading, MAX_DOCUMENT_BYTES, refused } from './load.ts';
import { fromJsonNode } from './source-node.ts';
import { NOWHERE, SourceText } from './source-text.ts';

/** Form of `toJSON`. A cache written by another form is refused and made again. */
const FORMAT = 'policylayer/checked-policy@2';

/** Writing defaults out makes a document larger than its text. */
const LIMITS = { maxBytes: 16 * MAX_DOCUMENT_BYTES, maxDepth: 64, maxKeys: 1_000_000 };

/** A checked policy for a cache; plain JSON. */
export interface SavedPolicy {
  readonly format: string;
  readonly name: string;
  /** The document as JSON text: a parsed one would lose digits of its numbers. */
  readonly document: string;
}

/** The checked document, for a cache: `fromJSON` loads it without the YAML reader. */
export function toJSON(policy: CompiledPolicy): SavedPolicy {
  return { format: FORMAT, name: policy.name, document: canonicalDocument(policy.document) };
}

/**
 * Loads what `toJSON` gave. Everything is checked again, because a cache is a file that somebody may have edited. Diagnostics have
 * no positions, and there are no warnings.
 */
export async function fromJSON(value: unknown): Promise<LoadResult> {
  const source = new SourceText('', '(checked policy)');
  const reporter = new Reporter(source);
  const { format, name, document } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (format !== FORMAT || typeof name !== 'string' || typeof document !== 'string') {
    reporter.error('bad_cache', NOWHERE, '', 'this is not a checked policy of this version', 'load the policy from its text');
    return refused(reporter);
  }
  const read = scan(Buffer.from(document), LIMITS);
  if (!read.ok) {
    reporter.error('bad_cache', NOWHERE, '', `the checked policy is not JSON: ${read.message}`, 'load the policy from its text');
    return refused(reporter);
  }
  const result = await finishLoading(fromJsonNode(read.root), name, reporter, source, null);
  return result.ok ? { ...result, warnings: [] } : result;
}
