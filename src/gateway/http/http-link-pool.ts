import type { HttpSpec, LinkObserver, UpstreamLink } from '../../upstream/types.ts';
import type { WireLimits } from '../../wire/limits.ts';
import { openHttpLink } from '../open-http-link.ts';
import type { Principal } from '../principal.ts';
import type { LinkPool } from './link-pool.ts';

/** HTTP upstreams for a front that is not a byte relay: one upstream session per client session. */
export class HttpLinkPool implements LinkPool {
  readonly #spec: HttpSpec;
  readonly #limits: WireLimits;

  constructor(spec: HttpSpec, limits: WireLimits) {
    this.#spec = spec;
    this.#limits = limits;
  }

  session(observer: LinkObserver, principal: Principal): UpstreamLink {
    return openHttpLink(this.#spec, observer, { limits: this.#limits, headersOf: (tool) => principal.directory.get(tool)?.headers ?? null });
  }

  stateless(observer: LinkObserver, principal: Principal): UpstreamLink {
    return this.session(observer, principal);
  }

  children(): number {
    return 0;
  }

  endPrincipal(): void {
    // Links belong to the sessions that use them.
  }

  async close(): Promise<void> {
    // Every link is closed by its session.
  }
}
