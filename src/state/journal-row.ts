import type { SqlRow, SqlValue } from './driver.ts';
import { clip, fromColumn, toColumn } from './text.ts';
import type { JournalEntry, JournalRow, Outcome } from './types.ts';

/** Bounds of client-chosen text in a row (protocol.md, attack 55). A policy's own words are bounded by its file. */
export const NAME_BOUND = 1024;
const REASON_BOUND = 4096;
const KEYS_BOUND = 4096;
const VALUES_BOUND = 64 * 1024;

/** Order of `parametersOf`. */
export const COLUMNS = [
  'id', 'at', 'clock', 'server', 'grant_label', 'session', 'transport', 'protocol', 'method', 'name', 'request_id', 'outcome',
  'code', 'rule', 'policy', 'reason', 'retry_after_ms', 'observed', 'arg_keys', 'arg_hash', 'arg_values', 'upstream_status', 'latency_ms',
  'reserved',
] as const;

/** Client-chosen text as it is stored; a filter compares with the same form. */
export function boundedColumn(text: string | null, bound: number = NAME_BOUND): string | null {
  return toColumn(text === null ? null : clip(text, bound));
}

/** Argument names as JSON, as many as fit; the last element then says how many were left out. */
function keysColumn(keys: readonly string[] | null): string | null {
  if (keys === null) return null;
  const kept: string[] = [];
  let size = 0;
  for (const key of keys) {
    const name = clip(key, 256);
    size += name.length + 3;
    if (size > KEYS_BOUND) {
      kept.push(`… ${keys.length - kept.length} more`);
      break;
    }
    kept.push(name);
  }
  return JSON.stringify(kept);
}

/**
 * @param at wall-clock milliseconds.
 * @param clock store clock, microseconds.
 * @param withValues whether argument values may be stored.
 * @param reserved what the call took (`reservation.ts`), or null.
 */
export function parametersOf(entry: JournalEntry, at: number, clock: number, withValues: boolean, reserved: string | null): SqlValue[] {
  return [
    boundedColumn(entry.id, 128),
    at,
    clock,
    boundedColumn(entry.server),
    boundedColumn(entry.grant),
    boundedColumn(entry.session),
    boundedColumn(entry.transport),
    boundedColumn(entry.protocol),
    boundedColumn(entry.method),
    boundedColumn(entry.name),
    boundedColumn(entry.requestId),
    entry.outcome,
    boundedColumn(entry.code),
    boundedColumn(entry.rule),
    boundedColumn(entry.policy),
    boundedColumn(entry.reason, REASON_BOUND),
    entry.retryAfterMs === null ? null : Math.round(entry.retryAfterMs),
    boundedColumn(entry.observed),
    keysColumn(entry.argKeys),
    boundedColumn(entry.argHash),
    withValues ? boundedColumn(entry.argValues, VALUES_BOUND) : null,
    boundedColumn(entry.upstreamStatus),
    entry.latencyMs,
    reserved,
  ];
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function names(value: unknown): string[] | null {
  if (typeof value !== 'string') return null;
  const parsed: unknown = JSON.parse(value);
  return Array.isArray(parsed) ? parsed.map(String) : null;
}

export function rowOf(row: SqlRow): JournalRow {
  return {
    seq: Number(row['seq']),
    at: new Date(Number(row['at'])).toISOString(),
    id: fromColumn(row['id']) ?? '',
    server: fromColumn(row['server']) ?? '',
    grant: fromColumn(row['grant_label']),
    session: fromColumn(row['session']),
    transport: fromColumn(row['transport']) ?? '',
    protocol: fromColumn(row['protocol']),
    method: fromColumn(row['method']),
    name: fromColumn(row['name']),
    requestId: fromColumn(row['request_id']),
    outcome: String(row['outcome']) as Outcome,
    code: fromColumn(row['code']),
    rule: fromColumn(row['rule']),
    policy: fromColumn(row['policy']),
    reason: fromColumn(row['reason']),
    retryAfterMs: number(row['retry_after_ms']),
    observed: fromColumn(row['observed']),
    argKeys: names(row['arg_keys']),
    argHash: fromColumn(row['arg_hash']),
    argValues: fromColumn(row['arg_values']),
    upstreamStatus: fromColumn(row['upstream_status']),
    latencyMs: number(row['latency_ms']),
  };
}
