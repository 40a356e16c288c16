import { errorAnswer } from '../../mcp/answers.ts';
import { METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import { parseMessage, type Notification, type Request } from '../../mcp/message.ts';
import type { SharedChild, SharedChildOwner } from '../../upstream/shared-child.ts';
import { StdioLink } from '../../upstream/stdio-link.ts';
import { Supervisor } from '../../upstream/supervisor.ts';
import type { CommandSpec, LinkObserver, UpstreamLink } from '../../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import type { Isolation } from '../config-types.ts';
import type { Principal } from '../principal.ts';
import { appendLoudly, randomId } from '../recorder.ts';
import type { EndpointContext } from './context.ts';
import type { LinkPool } from './link-pool.ts';
import { isListChanged, SharedInitialize } from './shared-initialize.ts';

/**
 * Child processes of one stdio server. A legacy session has one of its own (`isolation: session`), or shares one with the sessions of its
 * grant (`grant`) or of everybody (`shared`, which only an operator can ask for). Modern requests have no session: they share one child
 * per grant, or one in all. A child speaks one era only, because its opening exchange pins it (V5).
 */
export class ChildPool implements LinkPool {
  readonly #context: EndpointContext;
  readonly #spec: CommandSpec;
  readonly #isolation: Isolation;
  readonly #own = new Set<StdioLink>();
  readonly #supervisor: Supervisor;
  readonly #initialized = new Map<string, SharedInitialize>();

  constructor(context: EndpointContext, spec: CommandSpec) {
    this.#context = context;
    this.#spec = spec;
    this.#isolation = context.server.isolation;
    this.#supervisor = new Supervisor(spec, (key, child) => this.#owner(key, child), { limits: context.limits.upstream });
  }

  session(observer: LinkObserver, principal: Principal): UpstreamLink {
    if (this.#isolation === 'session') return this.#ownChild(observer);
    const key = this.#isolation === 'grant' ? `legacy:${principal.grant}` : 'legacy';
    let shared = this.#initialized.get(key);
    if (shared === undefined) {
      shared = new SharedInitialize((member) => this.#supervisor.attach(key, member), this.#isolation === 'shared');
      this.#initialized.set(key, shared);
    }
    return shared.join(observer);
  }

  stateless(observer: LinkObserver, principal: Principal): UpstreamLink {
    return this.#supervisor.attach(this.#isolation === 'shared' ? 'modern' : `modern:${principal.grant}`, observer);
  }

  children(): number {
    return this.#own.size + this.#supervisor.children;
  }

  endPrincipal(principal: Principal): void {
    for (const era of ['legacy', 'modern']) void this.#supervisor.end(`${era}:${principal.grant}`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#supervisor.close(), ...[...this.#own].map((link) => link.close())]);
  }

  #ownChild(observer: LinkObserver): UpstreamLink {
    const link: StdioLink = new StdioLink(this.#spec, {
      message: (message, requestKey) => observer.message(message, requestKey),
      garbage: (code, sample) => observer.garbage(code, sample),
      failed: (requestKey, failure) => observer.failed(requestKey, failure),
      closed: (failure) => {
        this.#own.delete(link);
        observer.closed(failure);
      },
      drain: () => observer.drain(),
    }, { limits: this.#context.limits.upstream });
    this.#own.add(link);
    return link;
  }

  #owner(key: string, child: () => SharedChild | null): SharedChildOwner {
    const record = (code: string, reason: string): void => appendLoudly(this.#context.services, {
      id: randomId(), server: this.#context.server.name, grant: null, session: null, transport: 'http', protocol: null, method: null, name: null, requestId: null, outcome: 'dropped',
      code, rule: null, policy: null, reason, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
    });
    return {
      unrouted: (message, lone) => {
        const several = this.#isolation === 'shared';
        // Every session's list has changed, not only that of the one which waits for an answer right now.
        if (message.kind === 'notification' && isListChanged(message.method) && this.#initialized.get(key)?.broadcast(message, several) === true) return;
        if (lone !== null && !several) return lone.observer.message(message, lone.idKey);
        if (message.kind === 'request') return refuse(message, child());
        if (this.#initialized.get(key)?.broadcast(message, several) !== true) record('unrouted_notification', message.method);
      },
      garbage: record,
      stderr: () => undefined,
      closed: () => this.#initialized.delete(key),
    };
  }
}

/** A question of the server that we cannot tell the client for is answered at once, so that nothing in it hangs. */
function refuse(message: Request | Notification, child: SharedChild | null): void {
  if (message.kind !== 'request') return;
  const answer = parseMessage(errorAnswer(message.id, METHOD_NOT_FOUND, 'No single client of this shared server can be asked'), UPSTREAM_LIMITS);
  if (answer.ok && answer.message.kind === 'response') child?.respond(answer.message);
}
