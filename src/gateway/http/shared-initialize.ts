import { errorAnswer, resultAnswer } from '../../mcp/answers.ts';
import { INTERNAL_ERROR } from '../../mcp/error-codes.ts';
import { parseMessage, type Message, type Notification, type Request, type Response } from '../../mcp/message.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { setMember, splice } from '../../wire/splice.ts';

interface Waiting {
  readonly observer: LinkObserver;
  readonly request: Request;
}

/**
 * One opening exchange for all sessions that share a legacy child: the server sees one `initialize` and one `initialized`, every further
 * session gets the first one's result under its own id.
 */
export class SharedInitialize {
  readonly #attach: (observer: LinkObserver) => UpstreamLink;
  /** Sessions of several principals: nothing may be asked of a client, so none is said to be able to answer. */
  readonly #several: boolean;
  readonly #members = new Set<LinkObserver>();
  #state: 'new' | 'opening' | 'open' = 'new';
  #result: string | null = null;
  #announced = false;
  #waiting: Waiting[] = [];

  constructor(attach: (observer: LinkObserver) => UpstreamLink, several: boolean) {
    this.#attach = attach;
    this.#several = several;
  }

  /** The link of one session. */
  join(observer: LinkObserver): UpstreamLink {
    this.#members.add(observer);
    /** Key of this session's own `initialize` while it is the one that opens the child. */
    let opening: string | null = null;
    const link = this.#attach({
      message: (message, requestKey) => {
        if (message.kind === 'response' && opening !== null && message.idKey === opening) {
          opening = null;
          this.#opened(message);
        }
        observer.message(message, requestKey);
      },
      garbage: (code, sample) => observer.garbage(code, sample),
      failed: (requestKey, failure) => {
        if (opening === requestKey) {
          opening = null;
          this.#failed(failure);
        }
        observer.failed(requestKey, failure);
      },
      closed: (failure) => {
        this.#members.delete(observer);
        observer.closed(failure);
      },
      drain: () => observer.drain(),
    });
    return {
      transport: 'stdio',
      send: (message) => {
        if (message.kind === 'request' && message.method === 'initialize') {
          if (this.#state === 'open') answer(observer, message, this.#result ?? '{}');
          else if (this.#state === 'opening') this.#waiting.push({ observer, request: message });
          else {
            this.#state = 'opening';
            opening = message.idKey;
            return link.send(this.#opener(message));
          }
          return true;
        }
        if (message.kind === 'notification' && message.method === 'notifications/initialized') {
          if (this.#announced) return true;
          this.#announced = true;
        }
        return link.send(message);
      },
      abort: (idKey) => link.abort(idKey),
      pause: () => link.pause(),
      resume: () => link.resume(),
      close: () => {
        this.#members.delete(observer);
        if (opening !== null) this.#failed({ kind: 'closed', text: 'the session that opened the server has ended', status: null, reached: true });
        return link.close();
      },
    };
  }

  /** Tells every session what concerns all of them. @returns false when nobody was told */
  broadcast(message: Notification, several: boolean): boolean {
    if (several && !isListChanged(message.method)) return false;
    for (const member of this.#members) member.message(message, null);
    return this.#members.size > 0;
  }

  #opener(message: Request): Message {
    const { params } = message;
    if (!this.#several || params === null) return message;
    const parsed = parseMessage(splice(message.bytes, [setMember(params, 'capabilities', '{}')]), UPSTREAM_LIMITS);
    return parsed.ok ? parsed.message : message;
  }

  #opened(response: Response): void {
    if (response.result === null) return this.#failed({ kind: 'bad_response', text: 'the server refused to initialize', status: null, reached: true });
    this.#state = 'open';
    this.#result = response.result.lexeme();
    for (const { observer, request } of this.#waiting.splice(0)) answer(observer, request, this.#result);
  }

  /** The next session tries anew; those that waited hear why. */
  #failed(failure: UpstreamFailure): void {
    this.#state = 'new';
    for (const { observer, request } of this.#waiting.splice(0)) {
      const parsed = parseMessage(errorAnswer(request.id, INTERNAL_ERROR, `Upstream failed: ${failure.text}`), UPSTREAM_LIMITS);
      if (parsed.ok) observer.message(parsed.message, request.idKey);
    }
  }
}

/** True for the notifications that concern every session of a server. */
export function isListChanged(method: string): boolean {
  return /^notifications\/(?:tools|prompts|resources)\/list_changed$/.test(method);
}

/** Later, like every answer of a link: the session is still busy registering its request. */
function answer(observer: LinkObserver, request: Request, result: string): void {
  const parsed = parseMessage(resultAnswer(request.id, result), UPSTREAM_LIMITS);
  if (parsed.ok) queueMicrotask(() => observer.message(parsed.message, request.idKey));
}
