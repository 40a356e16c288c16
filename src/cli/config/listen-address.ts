import { isIPv4, isIPv6 } from 'node:net';
import type { ListenAddress } from '../../gateway/config-types.ts';

/**
 * Reads `host:port`, `[v6]:port`, `:port` or `port`; without a host it is 127.0.0.1.
 * @returns null when the text is none of these
 */
export function parseListen(text: string): ListenAddress | null {
  const match = /^(?:(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]*)):)?(?<port>\d{1,5})$/.exec(text.trim());
  if (match?.groups === undefined) return null;
  const port = Number(match.groups['port']);
  if (port > 65_535) return null;
  const v6 = match.groups['v6'];
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : null;
  const host = match.groups['host'] ?? '';
  if (host === '') return { host: '127.0.0.1', port };
  const looksNumeric = /^[\d.]+$/.test(host);
  if (looksNumeric ? !isIPv4(host) : !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return null;
  return { host: host.toLowerCase(), port };
}

/** `host:port` as it stands in a URL. */
export function formatAddress(address: ListenAddress): string {
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
