import { DocumentError } from './fetch-document.ts';

/**
 * Where an issuer's metadata document may be, in the order in which MCP clients look for it: RFC 8414 inserts the well-known name before the
 * issuer's path, OpenID Connect appends its own behind it.
 */
export function metadataAddresses(issuer: string): readonly URL[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  const places = [`/.well-known/oauth-authorization-server${path}`, `/.well-known/openid-configuration${path}`, `${path}/.well-known/openid-configuration`];
  return [...new Set(places)].map((place) => new URL(place, url.origin));
}

/**
 * Finds the key set of an issuer in its metadata document.
 * @param fetch gets one document; rejects when there is none
 * @throws DocumentError when no document is there, or it is another issuer's, or names no key set that may be used
 */
export async function discoverKeySet(issuer: string, fetch: (url: URL) => Promise<unknown>): Promise<URL> {
  let last: unknown = null;
  for (const address of metadataAddresses(issuer)) {
    let document: unknown;
    try {
      document = await fetch(address);
    } catch (error) {
      last = error;
      continue;
    }
    return keySetOf(document, issuer);
  }
  throw new DocumentError(`the issuer has no metadata document: ${last instanceof Error ? last.message : 'unknown error'}`);
}

function keySetOf(document: unknown, issuer: string): URL {
  const { issuer: named, jwks_uri: uri } = (typeof document === 'object' && document !== null ? document : {}) as Record<string, unknown>;
  // A document of somebody else would bring somebody else's keys (RFC 8414 section 3.3).
  if (named !== issuer) throw new DocumentError('the metadata document names another issuer than the configured one');
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new DocumentError('the metadata document names no jwks_uri');
  const url = new URL(uri);
  if (url.protocol !== 'https:' && url.origin !== new URL(issuer).origin) throw new DocumentError('the jwks_uri of the metadata document is not https');
  return url;
}
