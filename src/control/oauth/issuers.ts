import { discoverIssuer, fallbackIssuer, type IssuerDocument } from '../../upstream/oauth/authorization-server.ts';
import type { DocumentOptions } from '../../upstream/oauth/json-document.ts';
import { discoverResource, type ResourceFacts } from '../../upstream/oauth/resource-metadata.ts';
import { AuthorizationRequests } from './grants.ts';
import type { KeptClient } from './kept.ts';
import { OAuthProblem } from './problem.ts';

/** Metadata of an issuer is asked for again after this: endpoints move rarely, and a wrong answer must not stay for long. */
const METADATA_MS = 600_000;
const MAX_CACHED = 200;

/** The authorization servers that MCP servers name, with what they published not long ago. */
export class Issuers {
  readonly #options: () => DocumentOptions;
  readonly #now: () => number;
  readonly #metadata = new Map<string, { readonly document: IssuerDocument; readonly until: number }>();

  /** @param options how documents are fetched now: the guard's list may change */
  constructor(options: () => DocumentOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Finds out whom an MCP server trusts: the issuer that a client is known to already, else the first one.
   * @throws OAuthProblem
   */
  async discover(url: URL, kept: KeptClient | null): Promise<{ readonly resource: ResourceFacts; readonly requests: AuthorizationRequests }> {
    const resource = await discoverResource(url, this.#options());
    if (!resource.ok) throw new OAuthProblem(resource.problem, false);
    const { issuers } = resource.facts;
    const issuer = issuers.find((candidate) => candidate === kept?.issuer) ?? issuers[0] ?? null;
    return { resource: resource.facts, requests: issuer === null ? await this.#fallback(url) : await this.requests(issuer) };
  }

  /** @param server address of the MCP server, which may be its own authorization server without any metadata @throws OAuthProblem */
  async requests(issuer: string, server?: URL): Promise<AuthorizationRequests> {
    const known = this.#metadata.get(issuer);
    if (known !== undefined && known.until > this.#now()) return new AuthorizationRequests(known.document, this.#options(), this.#now);
    if (server !== undefined && server.origin === issuer) return this.#fallback(server);
    const found = await discoverIssuer(issuer, this.#options());
    if (!found.ok) throw new OAuthProblem(found.problem, false);
    return this.#remember(found.facts);
  }

  async #fallback(server: URL): Promise<AuthorizationRequests> {
    const found = await fallbackIssuer(server, this.#options());
    if (!found.ok) throw new OAuthProblem(found.problem, false);
    return this.#remember(found.facts);
  }

  #remember(document: IssuerDocument): AuthorizationRequests {
    this.#metadata.delete(document.issuer);
    this.#metadata.set(document.issuer, { document, until: this.#now() + METADATA_MS });
    for (const oldest of this.#metadata.keys()) if (this.#metadata.size > MAX_CACHED) this.#metadata.delete(oldest);
    return new AuthorizationRequests(document, this.#options(), this.#now);
  }
}
