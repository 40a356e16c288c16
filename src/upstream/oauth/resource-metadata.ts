import { guardedRequest } from '../guarded-request.ts';
import { type BearerChallenge, bearerChallenge, scopesOf } from './challenge.ts';
import { type DocumentOptions, fetchJson } from './json-document.ts';

/** What an MCP server says about its authorization. */
export interface ResourceFacts {
  /** The value of `resource` in requests for tokens (RFC 8707). */
  readonly resource: string;
  /** Issuers, in the server's order; empty when it publishes no metadata (servers of 2025-03-26). */
  readonly issuers: readonly string[];
  /** What it asks for: in its challenge, else in its metadata. */
  readonly scopes: readonly string[];
}

export type Discovered<Facts> = { readonly ok: true; readonly facts: Facts } | { readonly ok: false; readonly problem: string };

/** Has no side effect on any server, and tells no server anything: enough to be asked for a token. */
const PROBE = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}');
const MAX_PROBE_BYTES = 64 * 1024;

/**
 * Finds out which authorization servers an MCP server trusts (S26 authorization-server-discovery, RFC 9728): its challenge names the metadata, else
 * it lies at the well-known address below its path, else at the one of its host.
 * @param challenge one that the server has sent before; null to ask it
 */
export async function discoverResource(server: URL, options: DocumentOptions, challenge: BearerChallenge | null = null): Promise<Discovered<ResourceFacts>> {
  const asked = challenge ?? (await probe(server, options));
  if ('problem' in asked) return { ok: false, problem: `the server cannot be asked what it needs: ${asked.problem}` };
  const named = asked.resourceMetadata;
  if (named !== null && !URL.canParse(named)) return { ok: false, problem: 'the server names resource metadata with an address that is none' };
  for (const address of named === null ? wellKnown(server) : [new URL(named)]) {
    const found = await fetchJson(address, options);
    if ('problem' in found) return { ok: false, problem: `the resource metadata of the server cannot be used: ${found.problem}` };
    if ('document' in found) return readMetadata(found.document, server, asked);
  }
  if (named !== null) return { ok: false, problem: 'the resource metadata that the server names is not there' };
  return { ok: true, facts: { resource: canonical(server), issuers: [], scopes: asked.scopes } };
}

async function probe(server: URL, options: DocumentOptions): Promise<BearerChallenge | { readonly problem: string }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'user-agent': 'policylayer' };
  const answer = await guardedRequest(server, { ...options, method: 'POST', headers, body: PROBE, maxBytes: MAX_PROBE_BYTES, allowHttp: true });
  // A server that starts an endless stream has at least answered: then the well-known addresses tell.
  if ('kind' in answer) return answer.reached ? bearerChallenge(null) : { problem: answer.text };
  const values = answer.headers.filter((_value, index) => index % 2 === 1 && answer.headers[index - 1]?.toLowerCase() === 'www-authenticate');
  return answer.status === 401 ? bearerChallenge(values.join(', ')) : bearerChallenge(null);
}

/** RFC 9728 section 3.1: the well-known part goes between host and path. */
function wellKnown(server: URL): URL[] {
  const path = server.pathname.replace(/\/+$/, '');
  const base = `${server.origin}/.well-known/oauth-protected-resource`;
  return path === '' ? [new URL(base)] : [new URL(base + path + server.search), new URL(base)];
}

function readMetadata(document: Readonly<Record<string, unknown>>, server: URL, challenge: BearerChallenge): Discovered<ResourceFacts> {
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = document;
  if (typeof resource !== 'string' || !URL.canParse(resource) || !covers(new URL(resource), server)) {
    // RFC 9728 section 3.3: a token for another resource would be a token for somebody else to use.
    return { ok: false, problem: 'the resource metadata is about another resource than this server' };
  }
  if (!Array.isArray(issuers) || issuers.length === 0 || !issuers.every((issuer) => typeof issuer === 'string' && URL.canParse(issuer))) {
    return { ok: false, problem: 'the resource metadata names no authorization server' };
  }
  const wanted = challenge.scopes.length > 0 ? challenge.scopes : scopesOf(Array.isArray(scopes) ? scopes.join(' ') : '');
  return { ok: true, facts: { resource, issuers: (issuers as string[]).slice(0, 8), scopes: wanted } };
}

/** The same address, or one above it on the same origin, whole path segments. */
function covers(resource: URL, server: URL): boolean {
  if (resource.origin !== server.origin || resource.hash !== '' || resource.username !== '') return false;
  if (resource.search !== '' && resource.search !== server.search) return false;
  const [outer, inner] = [resource.pathname.replace(/\/+$/, ''), server.pathname.replace(/\/+$/, '')];
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** Canonical URI of a server (S26 authorization#canonical-server-uri): no fragment, no slash at the end. */
function canonical(server: URL): string {
  return server.origin + server.pathname.replace(/\/+$/, '') + server.search;
}
