import { compareDefinitions, type DriftReport } from '../../catalogue/drift.ts';
import type { PinnedDefinition, PinRecord } from '../../state/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';

/** What is pinned of a tool, what came since, and how the two compare. */
export interface Drift {
  readonly pinned: readonly PinnedDefinition[];
  /** The newest that is held, else the newest that was noted; null when nothing else was seen. */
  readonly latest: PinnedDefinition | null;
  /** Against the newest pinned definition; null where a text was too long to keep. */
  readonly report: DriftReport | null;
  readonly before: JsonNode | null;
  readonly after: JsonNode | null;
}

/** @param hash looks at this definition instead of the latest */
export function driftOf(record: PinRecord, hash: string | null = null): Drift {
  const pinned = record.definitions.filter(({ standing }) => standing === 'pinned');
  const held = record.definitions.findLast(({ standing }) => standing === 'held');
  const noted = record.definitions.findLast(({ standing }) => standing === 'noted');
  const latest = (hash === null ? (held ?? noted) : record.definitions.find((one) => one.hash === hash)) ?? null;
  const before = nodeOf(pinned.at(-1)?.text ?? null);
  const after = nodeOf(latest?.text ?? null);
  const report = before === null || after === null ? null : compareDefinitions(before, after, { server: record.server });
  return { pinned, latest, report, before, after };
}

function nodeOf(text: string | null): JsonNode | null {
  const scanned = text === null ? null : scan(Buffer.from(text), UPSTREAM_LIMITS);
  return scanned?.ok === true ? scanned.root : null;
}

/** The value at a JSON Pointer; null when there is none. */
export function valueAt(root: JsonNode, pointer: string): JsonNode | null {
  let node: JsonNode | null = root;
  for (const part of pointer.split('/').slice(1)) node = node?.get(part.replaceAll('~1', '/').replaceAll('~0', '~')) ?? null;
  return node;
}
