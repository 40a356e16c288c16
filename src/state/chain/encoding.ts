import { hash } from 'node:crypto';

/** What a row or block is made of, as both drivers read it. A text may come as its bytes: a check must see the ones that are no UTF-8. */
export type Field = string | number | Uint8Array | ArrayBuffer | null | undefined;

const NULL = 0;
const NUMBER = 1;
const TEXT = 2;
const BLOB = 3;

let buffer = Buffer.alloc(16 * 1024);
let used = 0;

function room(bytes: number): void {
  if (used + bytes <= buffer.length) return;
  const larger = Buffer.alloc(Math.max(buffer.length * 2, used + bytes));
  buffer.copy(larger, 0, 0, used);
  buffer = larger;
}

function put(field: Field, bytesAreText: boolean): void {
  if (field === null || field === undefined) {
    room(1);
    buffer[used++] = NULL;
    return;
  }
  if (typeof field === 'number') {
    room(9);
    buffer[used++] = NUMBER;
    // Integers of the database stay below 2^53, so one form is enough for both of its kinds of number.
    used = buffer.writeDoubleBE(field, used);
    return;
  }
  if (typeof field === 'string') {
    room(5 + field.length * 3);
    buffer[used] = TEXT;
    const length = buffer.write(field, used + 5, 'utf8');
    buffer.writeUInt32BE(length, used + 1);
    used += 5 + length;
    return;
  }
  const bytes = ArrayBuffer.isView(field) ? field : new Uint8Array(field);
  room(5 + bytes.length);
  buffer[used] = bytesAreText ? TEXT : BLOB;
  buffer.writeUInt32BE(bytes.length, used + 1);
  buffer.set(bytes, used + 5);
  used += 5 + bytes.length;
}

/**
 * SHA-256 over a domain and fields, each with its type and length in front: two different lists never give the same bytes.
 * @param texts whether bytes stand for text (columns read raw) rather than for a blob
 */
export function digestOf(domain: string, fields: readonly Field[], texts = false): Buffer {
  used = 0;
  put(domain, false);
  for (const field of fields) put(field, texts);
  return hash('sha256', buffer.subarray(0, used), 'buffer');
}

/** The same bytes that `digestOf` hashes, for a signature. */
export function bytesOf(domain: string, fields: readonly Field[]): Buffer {
  used = 0;
  put(domain, false);
  for (const field of fields) put(field, false);
  return Buffer.from(buffer.subarray(0, used));
}
