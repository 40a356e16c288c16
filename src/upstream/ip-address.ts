import { isIP } from 'node:net';

/** An address as its 4 or 16 bytes. */
export type IpBytes = Uint8Array;

/** A range of addresses: the first `bits` bits are those of `bytes`. */
export interface IpRange {
  readonly bytes: IpBytes;
  readonly bits: number;
}

/**
 * Reads an address in the spelling that the system uses (dotted decimal, or IPv6 with or without a zone and a dotted tail).
 * @returns null for everything else, numbers in octal or hexadecimal included
 */
export function parseIp(text: string): IpBytes | null {
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  const family = isIP(bare);
  if (family === 4) return zone < 0 ? parseV4(bare) : null;
  return family === 6 ? parseV6(bare) : null;
}

function parseV4(text: string): IpBytes {
  return Uint8Array.from(text.split('.'), Number);
}

/** @param text a valid IPv6 address without a zone */
function parseV6(text: string): IpBytes {
  const bytes = new Uint8Array(16);
  const dotted = text.lastIndexOf('.') < 0 ? null : parseV4(text.slice(text.lastIndexOf(':') + 1));
  const plain = dotted === null ? text : `${text.slice(0, text.lastIndexOf(':') + 1)}${group(dotted, 0)}:${group(dotted, 2)}`;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string | undefined): number[] => (part === undefined || part === '' ? [] : part.split(':').map((digits) => Number.parseInt(digits, 16)));
  const [first, last] = [groups(head), groups(tail)];
  const write = (values: readonly number[], from: number): void => values.forEach((value, index) => {
    bytes[(from + index) * 2] = value >> 8;
    bytes[(from + index) * 2 + 1] = value & 0xff;
  });
  write(first, 0);
  write(last, 8 - last.length);
  return bytes;
}

function group(bytes: IpBytes, at: number): string {
  return (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16);
}

/**
 * Reads `address/bits`, or one address.
 * @returns null when it is neither, also when bits after the prefix are set: such a range says something else than its author meant
 */
export function parseRange(text: string): IpRange | null {
  const [address = '', length, ...rest] = text.split('/');
  if (rest.length > 0 || address.includes('%')) return null;
  const bytes = parseIp(address);
  if (bytes === null) return null;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bytes.length * 8) return null;
  const range = { bytes, bits: Number(length) };
  const hostBits = bytes.some((byte, index) => (byte & ~maskOf(range.bits, index) & 0xff) !== 0);
  return hostBits ? null : range;
}

/** @throws RangeError for a range of our own that is misspelled */
export function ipRange(text: string): IpRange {
  const range = parseRange(text);
  if (range === null) throw new RangeError(`${text} is no range of addresses`);
  return range;
}

export function inRange(address: IpBytes, range: IpRange): boolean {
  if (address.length !== range.bytes.length) return false;
  return address.every((byte, index) => ((byte ^ (range.bytes[index] ?? 0)) & maskOf(range.bits, index)) === 0);
}

function maskOf(bits: number, index: number): number {
  const left = Math.max(0, Math.min(8, bits - index * 8));
  return (0xff << (8 - left)) & 0xff;
}
