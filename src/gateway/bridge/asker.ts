import { idKeyOf, type Request, type Response } from '../../mcp/message.ts';
import { failure } from '../../upstream/failure.ts';
import type { UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';

/** The end of a request: an answer of whatever kind, or why there will be none. */
export type Reply = Response | UpstreamFailure;

/** Tells an answer from a failure. */
export function isResponse(reply: Reply): reply is Response {
  return 'root' in reply;
}

/** Requests of the bridge itself that wait for their answers on one link. */
export class Asker {
  readonly #waiting = new Map<string, (reply: Reply) => void>();

  /** Sends a request. Resolves with its answer, with why there is none, or with a `timeout` failure after `timeoutMs`. */
  ask(link: UpstreamLink, request: Request, timeoutMs: number): Promise<Reply> {
    const key = idKeyOf(request.id);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        resolve(failure('timeout', `the server did not answer ${request.method} within ${Math.ceil(timeoutMs / 1_000)} s`, true));
      }, timeoutMs);
      timer.unref();
      this.#waiting.set(key, (reply) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(reply);
      });
      link.send(request);
    });
  }

  /** @returns false when nobody here waits for this answer */
  settle(key: string | null, reply: Reply): boolean {
    const waiting = key === null ? undefined : this.#waiting.get(key);
    waiting?.(reply);
    return waiting !== undefined;
  }

  /** The link is gone: nobody is left waiting. */
  end(reason: UpstreamFailure): void {
    for (const waiting of this.#waiting.values()) waiting(reason);
  }
}
