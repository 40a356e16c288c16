import { inRange, type IpBytes, type IpRange, ipRange } from './ip-address.ts';

/** What an address is, where it is none of the public internet. */
export type AddressKind =
  | 'loopback' | 'private' | 'carrier-grade NAT' | 'link-local' | 'cloud metadata' | 'multicast' | 'unspecified' | 'reserved' | 'an IPv4 address within IPv6';

/** Addresses of the IANA special-purpose registries, the more special ones first. */
const KINDS: readonly (readonly [AddressKind, readonly string[]])[] = [
  // The link-local ones of most clouds, and those that look public or private (Azure, Alibaba, Oracle, AWS over IPv6).
  ['cloud metadata', ['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254']],
  ['unspecified', ['0.0.0.0/8', '::']],
  ['loopback', ['127.0.0.0/8', '::1']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['carrier-grade NAT', ['100.64.0.0/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['reserved', ['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4', '2001:db8::/32', '3fff::/20']],
  // IPv4-compatible, -mapped and -translated, NAT64, 6to4, and Teredo with the other protocol assignments.
  ['an IPv4 address within IPv6', ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32']],
  ['reserved', ['2001::/23']],
];
const RANGES: readonly { readonly kind: AddressKind; readonly range: IpRange }[] = KINDS.flatMap(([kind, texts]) => texts.map((text) => ({ kind, range: ipRange(text) })));
/** Outside of it nothing of IPv6 is global unicast yet. */
const GLOBAL_V6 = ipRange('2000::/3');

/** @returns null for an address of the public internet */
export function addressKind(address: IpBytes): AddressKind | null {
  const special = RANGES.find(({ range }) => inRange(address, range));
  if (special !== undefined) return special.kind;
  return address.length === 16 && !inRange(address, GLOBAL_V6) ? 'reserved' : null;
}

const AT_THE_END = ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map((text) => ipRange(text));
const SIX_TO_FOUR = ipRange('2002::/16');

/** The IPv4 address that a packet to this IPv6 address may end at; null where none can be told. */
export function embeddedV4(address: IpBytes): IpBytes | null {
  if (AT_THE_END.some((range) => inRange(address, range))) return address.subarray(12);
  return inRange(address, SIX_TO_FOUR) ? address.subarray(2, 6) : null;
}
