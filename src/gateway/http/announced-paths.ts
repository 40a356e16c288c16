/** Paths beyond this are not remembered: a hostile document must not fill the memory. */
const MAX_PATHS = 256;

/** A path as a lax router would compare it: decoded, without case, repeated or closing slashes. */
function folded(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // An undecodable path is compared as it is.
  }
  return decoded.toLowerCase().replace(/[\\/]+/g, '/').replace(/\/$/, '');
}

/**
 * The paths of an upstream's own origin that its discovery has named: the metadata document of a 401 challenge, and the endpoints that
 * such documents list. Only these pass beside the MCP endpoint in edge mode, and never one that a lax router could take for the MCP
 * endpoint itself.
 */
export class AnnouncedPaths {
  readonly #origin: URL;
  readonly #mcp: string;
  readonly #paths = new Set<string>();

  /** @param upstream the URL of the MCP endpoint */
  constructor(upstream: URL) {
    this.#origin = upstream;
    this.#mcp = folded(upstream.pathname);
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Reads a `WWW-Authenticate` value (RFC 9728 section 5.1). */
  challenge(value: string): void {
    const match = /resource_metadata="([^"]{1,2048})"/.exec(value);
    if (match?.[1] !== undefined) this.#announce(match[1]);
  }

  /** Reads a discovery document: every URL in it that is of this origin. */
  document(text: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return;
    }
    if (parsed === null || typeof parsed !== 'object') return;
    for (const value of Object.values(parsed).flat()) if (typeof value === 'string' && value.startsWith('http')) this.#announce(value);
  }

  #announce(text: string): void {
    if (!URL.canParse(text) || this.#paths.size >= MAX_PATHS) return;
    const url = new URL(text);
    const path = folded(url.pathname);
    if (url.host !== this.#origin.host || path === this.#mcp || path.startsWith(`${this.#mcp}/`) || path === '') return;
    this.#paths.add(url.pathname);
    // An issuer with a path has its own metadata at well-known places before and behind that path (RFC 8414 section 3).
    for (const name of ['oauth-authorization-server', 'openid-configuration']) this.#paths.add(`${url.pathname.replace(/\/$/, '')}/.well-known/${name}`);
  }
}
