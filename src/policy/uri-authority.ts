import { recodePart } from './uri-characters.ts';

/** Schemes that every web library reads in one special way, with their default ports. */
export const DEFAULT_PORT: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
  ['ws', '80'],
  ['wss', '443'],
  ['ftp', '21'],
]);

interface Authority {
  readonly ok: true;
  readonly user: string;
  readonly host: string;
}

/** Reads what stands between `//` and the path. `host` of the answer includes a port that is not the default one. */
export function readAuthority(authority: string, scheme: string | null, isSelector: boolean): Authority | { readonly ok: false; readonly problem: string } {
  const at = authority.lastIndexOf('@');
  const user = at === -1 ? '' : `${recodePart(authority.slice(0, at), '', isSelector)}@`;
  const hostPort = recodePart(authority.slice(at + 1), '', isSelector);
  const port = /:([0-9]*)$/.exec(hostPort);
  const host = (port === null ? hostPort : hostPort.slice(0, port.index)).toLowerCase();
  if (host.replaceAll('%2a', '').includes('%')) return { ok: false, problem: 'has encoded or non-ASCII characters in its host' };
  // `x://::` has an empty port behind a host that has one already: two readings.
  if (host.includes(':') && !host.startsWith('[')) return { ok: false, problem: 'has more than one `:` in its host and port' };
  if (host.endsWith('.')) return { ok: false, problem: 'has a host that ends with a dot' };
  const special = scheme !== null && DEFAULT_PORT.has(scheme);
  const canonical = special && !(isSelector && host.includes('*')) ? webHost(host) : host;
  if (canonical === null) return { ok: false, problem: 'has a host that cannot be read' };
  // `[::1]` has many spellings that all are clear; `0x7f.1` is 127.0.0.1 to some servers only.
  if (canonical !== host && !host.startsWith('[')) return { ok: false, problem: `has a host that some servers read as \`${canonical}\`` };
  const number = port?.[1]?.replace(/^0+(?=.)/, '') ?? '';
  const isDefault = number === '' || number === DEFAULT_PORT.get(scheme ?? '');
  return { ok: true, user, host: canonical + (isDefault ? '' : `:${number}`) };
}

/** The host as browsers and Node read it, or null when they would refuse it. */
function webHost(host: string): string | null {
  try {
    return host === '' ? null : new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}
