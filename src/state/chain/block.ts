import { hash } from 'node:crypto';
import type { SqlRow } from '../driver.ts';
import { digestOf } from './encoding.ts';

export type BlockKind = 'start' | 'rows' | 'removed' | 'redacted' | 'key' | 'checkpoint';

/** A block as it is stored. Everything in it but the signature is under its hash. */
export interface Block {
  readonly number: number;
  readonly kind: BlockKind;
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly first: number;
  readonly last: number;
  /** Null when the rows it lists are all gone. */
  readonly body: Buffer | null;
  readonly bodyHash: Buffer;
  readonly hash: Buffer;
  readonly signature: Buffer | null;
}

/** One row in a block. `core` only where the row had not ended. */
export interface SealedRow {
  readonly seq: number;
  readonly full: Buffer;
  readonly core: Buffer | null;
}

export interface Redaction {
  readonly who: string;
  readonly why: string;
  readonly rows: readonly { readonly seq: number; readonly commitment: Buffer }[];
}

export interface KeyBody {
  /** SubjectPublicKeyInfo, DER, base64. */
  readonly publicKey: string;
  /** Id of the key that vouches for it, and its signature (base64); null for the first one. */
  readonly by: string | null;
  readonly signature: string | null;
}

export const FIRST_PREVIOUS = Buffer.alloc(32);

export function bodyHashOf(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer');
}

export function blockHash(previous: Buffer, block: Pick<Block, 'number' | 'kind' | 'at' | 'first' | 'last' | 'bodyHash'>): Buffer {
  return digestOf('policylayer block 1', [previous, block.number, block.kind, block.at, block.first, block.last, block.bodyHash]);
}

/** A column that holds bytes: libsql gives a Buffer for one row and an ArrayBuffer for many. */
export function blob(value: unknown): Buffer | null {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return typeof value === 'object' && value !== null ? Buffer.from(value as ArrayBuffer) : null;
}

export function blockOf(row: SqlRow): Block {
  return {
    number: Number(row['number']), kind: String(row['kind']) as BlockKind, at: Number(row['at']), first: Number(row['first']), last: Number(row['last']),
    body: blob(row['body']), bodyHash: blob(row['body_hash']) ?? Buffer.alloc(0), hash: blob(row['hash']) ?? Buffer.alloc(0), signature: blob(row['signature']),
  };
}

const FINAL_BYTES = 8 + 1 + 32;
const OPEN_BYTES = FINAL_BYTES + 32;

export function encodeRows(rows: readonly SealedRow[]): Buffer {
  const body = Buffer.alloc(rows.reduce((sum, { core }) => sum + (core === null ? FINAL_BYTES : OPEN_BYTES), 0));
  let at = 0;
  for (const { seq, full, core } of rows) {
    at = body.writeBigUInt64BE(BigInt(seq), at);
    at = body.writeUInt8(core === null ? 0 : 1, at);
    at += full.copy(body, at);
    if (core !== null) at += core.copy(body, at);
  }
  return body;
}

/** @throws RangeError when it is no list of rows */
export function decodeRows(body: Buffer): SealedRow[] {
  const rows: SealedRow[] = [];
  let at = 0;
  while (at < body.length) {
    const open = body.readUInt8(at + 8) === 1;
    const end = at + (open ? OPEN_BYTES : FINAL_BYTES);
    if (end > body.length) throw new RangeError('a list of rows that is cut');
    rows.push({ seq: Number(body.readBigUInt64BE(at)), full: body.subarray(at + 9, at + 41), core: open ? body.subarray(at + 41, end) : null });
    at = end;
  }
  return rows;
}

export function encodeRedaction({ who, why, rows }: Redaction): Buffer {
  return Buffer.from(JSON.stringify({ who, why, rows: rows.map(({ seq, commitment }) => [seq, commitment.toString('hex')]) }));
}

export function decodeRedaction(body: Buffer): Redaction {
  const { who, why, rows } = JSON.parse(body.toString('utf8')) as { who: string; why: string; rows: [number, string][] };
  return { who, why, rows: rows.map(([seq, commitment]) => ({ seq, commitment: Buffer.from(commitment, 'hex') })) };
}

/** The end of the audit of administrative changes, which has no signature of its own. */
export interface AuditEnd {
  readonly seq: number;
  readonly hash: string;
}

export interface CheckpointBody {
  readonly key: string;
  readonly sealed: number;
  /** Left out by checkpoints of before. */
  readonly audit?: AuditEnd;
}

export function encodeJson(value: KeyBody | { readonly chain: string } | CheckpointBody): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function decodeJson<Value>(body: Buffer): Value {
  return JSON.parse(body.toString('utf8')) as Value;
}
