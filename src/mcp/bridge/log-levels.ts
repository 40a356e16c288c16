import type { JsonNode } from '../../wire/json-node.ts';

/** RFC 5424 severities from the most talkative to the most serious, as both eras name them. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** Rank of a level, 0 for `debug`; null when it is not one. */
export function levelRank(node: JsonNode | null): number | null {
  const index = (LEVELS as readonly string[]).indexOf(node?.text() ?? '');
  return index < 0 ? null : index;
}

/** The level of a rank. */
export function levelName(rank: number): string {
  return LEVELS[rank] ?? 'emergency';
}
