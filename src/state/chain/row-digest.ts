import type { SqlRow } from '../driver.ts';
import { digestOf, type Field } from './encoding.ts';

/** What a call's end does not change, besides `seq` and the commitment to the arguments. The order is part of the format. */
const FIXED = [
  'id', 'clock', 'at', 'server', 'grant_label', 'session', 'transport', 'protocol', 'method', 'name', 'request_id', 'code', 'rule', 'policy', 'retry_after_ms',
  'observed', 'reserved',
] as const;
const TEXTS = new Set<string>(['id', 'server', 'grant_label', 'session', 'transport', 'protocol', 'method', 'name', 'request_id', 'code', 'rule', 'policy', 'observed', 'reserved',
  'outcome', 'reason', 'upstream_status', 'arg_keys', 'arg_hash', 'arg_values']);
const COLUMNS = ['seq', ...FIXED, 'reason', 'outcome', 'upstream_status', 'latency_ms', 'arg_keys', 'arg_hash', 'arg_values'];

/** Columns of a row as it is sealed. */
export const ROW_COLUMNS = COLUMNS.map((name) => `journal.${name}`).join(', ');

/**
 * The same for a check: texts as their bytes. Bytes that are no UTF-8 all read as U+FFFD, so one could be put in the place of another unseen. Whether a row
 * may still change is not asked of the bytes.
 */
export const RAW_COLUMNS = COLUMNS.map((name) => (TEXTS.has(name) ? `CAST(journal.${name} AS BLOB) AS ${name}` : `journal.${name}`)).join(', ')
  + ', journal.code AS told';

/** A commitment of nothing: a row without arguments has nothing that could be erased. */
export const NO_ARGUMENTS = Buffer.alloc(32);

export interface RowDigests {
  /** Over what never changes. */
  readonly core: Buffer;
  /** Over `core` and how the call ended. */
  readonly full: Buffer;
}

export function hasArguments(row: SqlRow): boolean {
  return row['arg_keys'] !== null || row['arg_hash'] !== null || row['arg_values'] !== null;
}

/** What a block says of a row's arguments. Without the salt nobody can try values until one fits. */
export function commitmentOf(row: SqlRow, salt: Uint8Array): Buffer {
  return digestOf('policylayer arguments 1', [Buffer.from(salt).toString('hex'), field(row, 'arg_keys'), field(row, 'arg_hash'), field(row, 'arg_values')], true);
}

/** @param told whether it is the row of a flood, whose text grows while the flood lasts */
export function digestsOf(row: SqlRow, commitment: Uint8Array, told: boolean): RowDigests {
  const core = digestOf('policylayer row 1', [
    field(row, 'seq'), ...FIXED.map((name) => field(row, name)), told ? null : field(row, 'reason'), told ? 1 : 0, Buffer.from(commitment).toString('hex'),
  ], true);
  const full = digestOf('policylayer row end 1', [
    core.toString('hex'), field(row, 'outcome'), field(row, 'upstream_status'), field(row, 'latency_ms'), told ? field(row, 'reason') : null,
  ], true);
  return { core, full };
}

function field(row: SqlRow, name: string): Field {
  return row[name] as Field;
}
