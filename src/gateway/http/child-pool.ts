import type { Message } from '../../mcp/message.ts';
import { StdioLink } from '../../upstream/stdio-link.ts';
import type { CommandSpec, LinkObserver, UpstreamLink } from '../../upstream/types.ts';
import type { Principal } from '../principal.ts';
import type { EndpointContext } from './context.ts';
import type { LinkPool } from './link-pool.ts';

export class ChildPool implements LinkPool {
  readonly #context: EndpointContext;
  readonly #spec: CommandSpec;
  #children = 0;

  constructor(context: EndpointContext, spec: CommandSpec) {
    this.#context = context;
    this.#spec = spec;
  }

  session(observer: LinkObserver, _principal: Principal): UpstreamLink {
    this.#children += 1;
    const link = new StdioLink(this.#spec, {
      message: (message, key) => observer.message(message, key),
      garbage: (code, sample) => observer.garbage(code, sample),
      failed: (key, failure) => observer.failed(key, failure),
      closed: (failure) => {
        this.#children -= 1;
        observer.closed(failure);
      },
      drain: () => observer.drain(),
    }, { limits: this.#context.limits.upstream });
    return link;
  }

  stateless(observer: LinkObserver, principal: Principal, _message: Message): UpstreamLink {
    return this.session(observer, principal);
  }

  children(): number {
    return this.#children;
  }

  endPrincipal(): void {}

  async close(): Promise<void> {}
}
