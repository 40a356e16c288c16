import type { ServerResponse } from 'node:http';
import { sendJson } from '../http/reply.ts';

/** Where RFC 9728 puts the metadata of a protected resource: in front of the resource's own path. */
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The canonical URI of a server behind this gateway, which is what a token's audience has to be. @param base without a trailing slash */
export function canonicalUri(base: string, server: string): string {
  return `${base}/mcp/${server}`;
}

/** Where the metadata of a server is, for the challenge of a 401 (O3). */
export function metadataUri(base: string, server: string): string {
  const { origin, pathname } = new URL(base);
  return `${origin}${WELL_KNOWN}${pathname.replace(/\/$/, '')}/mcp/${server}`;
}

/**
 * Which server's metadata a path asks for.
 * @param base as for `canonicalUri`; a proxy in front may or may not take its path off
 * @returns the server's name, `''` for the document of the root, null for any other path
 */
export function metadataPath(path: string, base: string): string | null {
  if (!path.startsWith(WELL_KNOWN)) return null;
  const rest = path.slice(WELL_KNOWN.length);
  if (rest === '' || rest === '/') return '';
  const prefix = new URL(base).pathname.replace(/\/$/, '');
  const match = /^\/mcp\/([a-z0-9][a-z0-9._-]{0,127})$/.exec(prefix !== '' && rest.startsWith(`${prefix}/`) ? rest.slice(prefix.length) : rest);
  return match?.[1] ?? null;
}

/** The metadata of one server (RFC 9728 section 2). `offline_access` is the client's business with the issuer, never a scope of ours. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly scopes_supported?: readonly string[];
}

/** Builds the document. @param scopes those that some issuer's tokens must have */
export function resourceMetadata(resource: string, issuers: readonly string[], scopes: readonly string[]): ResourceMetadata {
  return { resource, authorization_servers: issuers, bearer_methods_supported: ['header'], ...(scopes.length === 0 ? {} : { scopes_supported: scopes }) };
}

export function sendMetadata(response: ServerResponse, metadata: ResourceMetadata): void {
  sendJson(response, 200, Buffer.from(JSON.stringify(metadata)), { 'cache-control': 'no-store' });
}
