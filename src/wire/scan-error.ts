import { byteAt, END, SPACE } from './ascii.ts';

export type ScanErrorCode =
  | 'empty'
  | 'too_large'
  | 'invalid_utf8'
  | 'byte_order_mark'
  | 'syntax'
  | 'trailing_bytes'
  | 'duplicate_key'
  | 'too_deep'
  | 'too_many_keys';

export interface ScanError {
  readonly ok: false;
  readonly code: ScanErrorCode;
  /** Byte offset of what was refused. */
  readonly offset: number;
  /** One line for people: bounded, printable ASCII, quotes no more than one byte or a short name of the input. */
  readonly message: string;
}

/** Builds the refusal; `message` must not hold unescaped input. */
export function scanError(code: ScanErrorCode, offset: number, message: string): ScanError {
  return { ok: false, code, offset, message };
}

/** A byte of the input as people can read it, with nothing that a terminal or a log would act on. */
export function showByte(bytes: Buffer, offset: number): string {
  const c = byteAt(bytes, offset);
  if (c === END) return 'the end of the text';
  if (c > SPACE && c < 0x7f) return `'${String.fromCharCode(c)}'`;
  return `byte 0x${c.toString(16).padStart(2, '0')}`;
}

/** The refusal of a string, from the offset at which `stringEnd` gave up. */
export function stringError(bytes: Buffer, offset: number): ScanError {
  const c = byteAt(bytes, offset);
  if (c === END) return scanError('syntax', offset, `the text ends inside a string at offset ${offset}`);
  if (c < SPACE) {
    return scanError('syntax', offset, `${showByte(bytes, offset)} inside a string at offset ${offset}; control characters must be escaped`);
  }
  return scanError('syntax', offset, `a bad escape sequence in a string at offset ${offset}`);
}

/** The refusal of a byte that the grammar does not allow here. */
export function syntaxError(bytes: Buffer, offset: number, expected: string): ScanError {
  return scanError('syntax', offset, `found ${showByte(bytes, offset)} at offset ${offset}, expected ${expected}`);
}
