import { type AddressKind, addressKind, embeddedV4 } from './address-kinds.ts';
import { inRange, type IpBytes, type IpRange, parseIp, parseRange } from './ip-address.ts';

/** Says which targets the gateway may call on behalf of somebody who is not its operator (protocol.md O6, attack 51). */
export interface AddressGuard {
  /**
   * Judges a host name, or an address as a host, before anything is resolved.
   * @param host as in `URL.hostname`
   * @returns why it may not be called, for people and without the address; null when it may, as far as the name tells
   */
  refusesHost(host: string): string | null;
  /**
   * Judges the very address that is about to be connected to.
   * @param host the name that it came from
   */
  refusesAddress(host: string, address: string): string | null;
}

/** The error of a connection that was not opened. */
export class TargetNotAllowed extends Error {
  readonly code = 'ERR_TARGET_NOT_ALLOWED';
}

const HINT = 'an administrator can allow it in the list of private targets';
/** Names by which clouds serve credentials; some resolve only there, and not always to the address that everybody knows. */
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal', 'metadata.azure.internal', 'metadata.platformequinix.com', 'metadata.tencentyun.com']);
/** A host name in the list opens a machine of the operator's network, never these, which are other things than machines. */
const BY_RANGE_ONLY: ReadonlySet<AddressKind> = new Set(['link-local', 'cloud metadata', 'multicast', 'unspecified', 'an IPv4 address within IPv6']);

interface AllowList {
  readonly names: ReadonlySet<string>;
  /** With the dot: `.example.internal`. */
  readonly suffixes: readonly string[];
  readonly ranges: readonly IpRange[];
}

/**
 * @param allow what may be called although it is private: addresses, ranges (`10.0.0.0/8`), host names (`db.internal`), or all names below one
 *   (`*.corp.internal`). A name lets its machines through, but never link-local or metadata addresses: those need a range.
 * @throws Error for an entry that `allowEntryProblem` complains about
 */
export function createAddressGuard(allow: readonly string[]): AddressGuard {
  const list = readAllowList(allow);
  return {
    refusesHost: (host) => refusesHost(list, host),
    refusesAddress: (host, address) => refusesAddress(list, normalHost(host), address),
  };
}

/** @returns what is wrong with an entry of the allow list; null when nothing is */
export function allowEntryProblem(entry: string): string | null {
  if (parseRange(entry) !== null) return null;
  if (/^[\d./]+$/.test(entry) || entry.includes(':') || entry.includes('/')) return 'expected an address or a range such as 10.0.0.0/8 or fd00::/8, without bits after the prefix';
  const name = entry.startsWith('*.') ? entry.slice(2) : entry;
  return name.length <= 253 && /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(name)
    ? null
    : 'expected a host name in lower case without a port, `*.` and a name, an address, or a range such as 10.0.0.0/8';
}

function readAllowList(allow: readonly string[]): AllowList {
  const names = new Set<string>();
  const suffixes: string[] = [];
  const ranges: IpRange[] = [];
  for (const entry of allow) {
    const problem = allowEntryProblem(entry);
    if (problem !== null) throw new Error(`an allowed private target is not readable: ${problem}`);
    const range = parseRange(entry);
    if (range !== null) ranges.push(range);
    else if (entry.startsWith('*.')) suffixes.push(entry.slice(1));
    else names.add(entry);
  }
  return { names, suffixes, ranges };
}

/** Lower case, without the brackets of IPv6 and without the dot that makes a name absolute. */
function normalHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare.toLowerCase().replace(/\.+$/, '');
}

function namesHost(list: AllowList, host: string): boolean {
  return list.names.has(host) || list.suffixes.some((suffix) => host.endsWith(suffix) && host.length > suffix.length);
}

function refusesHost(list: AllowList, host: string): string | null {
  const name = normalHost(host);
  if (name === '') return 'it has no host';
  if (parseIp(name) !== null) return refusesAddress(list, name, name);
  // What the system's resolver would read as a number in some other notation; URL has turned all that it knows of into addresses already.
  if (/(?:^|\.)(?:0x[\da-f]*|\d+)$/.test(name)) return 'its host is a number that is no plain address';
  if (METADATA_NAMES.has(name) && !namesHost(list, name)) return `it names a cloud metadata service; ${HINT}`;
  if ((name === 'localhost' || name.endsWith('.localhost')) && !namesHost(list, name) && !mayReachLoopback(list)) return `it is a loopback name; ${HINT}`;
  return null;
}

function mayReachLoopback(list: AllowList): boolean {
  return ['127.0.0.1', '::1'].some((address) => {
    const bytes = parseIp(address);
    return bytes !== null && list.ranges.some((range) => inRange(bytes, range));
  });
}

function refusesAddress(list: AllowList, host: string, address: string): string | null {
  const bytes = parseIp(address);
  if (bytes === null) return 'its name resolves to something that is no address';
  const kind = addressKind(bytes);
  if (kind === null || isAllowed(list, host, bytes, kind)) return null;
  return `its address is not on the public internet (${kind}); ${HINT}`;
}

function isAllowed(list: AllowList, host: string, bytes: IpBytes, kind: AddressKind): boolean {
  const byRange = list.ranges.some((range) => inRange(bytes, range));
  const within = embeddedV4(bytes);
  // A range such as that of NAT64 says how packets travel, not where they may arrive.
  if (kind === 'an IPv4 address within IPv6' && within !== null) {
    const inner = addressKind(within);
    return byRange && (inner === null || list.ranges.some((range) => inRange(within, range)));
  }
  return byRange || (!BY_RANGE_ONLY.has(kind) && namesHost(list, host));
}
