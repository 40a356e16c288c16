import type { SqlRow } from './driver.ts';
import { fromColumn } from './text.ts';
import type { PinnedDefinition, PinStanding } from './types.ts';

/** Longest canonical definition that is kept for comparison, bytes of UTF-8. */
export const MAX_TEXT_BYTES = 256 * 1024;
/** What all texts of one server may take, bytes. Beyond it a definition is known by its hash alone, so that a change of it is held. */
export const MAX_SERVER_BYTES = 32 * 1024 * 1024;
/** Tools of one server that are pinned. */
export const MAX_PINS = 10_000;
/** Definitions of one tool that are kept beside the pinned ones. */
export const MAX_OTHERS = 8;
/** Pinned definitions of one tool. */
export const MAX_PINNED = 8;
/** Longest name of a tool that is pinned, UTF-16 units; the specification allows 128. */
export const MAX_NAME = 1024;

export function definitionOf(row: SqlRow): PinnedDefinition {
  return {
    hash: String(row['hash']),
    standing: String(row['standing']) as PinStanding,
    text: fromColumn(row['text'] ?? null),
    why: typeof row['why'] === 'string' ? (JSON.parse(row['why']) as string[]) : [],
    decidedBy: fromColumn(row['decided_by']),
    firstSeen: new Date(Number(row['first_seen'])).toISOString(),
  };
}
