import { randomUUID } from 'node:crypto';
import { metaOf } from '../mcp/meta.ts';
import { idKeyOf, parseMessage, type Request, type Response } from '../mcp/message.ts';
import { METHOD_NOT_FOUND } from '../mcp/error-codes.ts';
import type { UpstreamFailure } from '../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../wire/limits.ts';
import type { ToolDirectory } from './tool-directory.ts';

/** How long the upstream may take for an answer to a request of our own. */
export const OWN_REQUEST_TIMEOUT_MS = 30_000;
/** A server that pages for ever must not hold a call for ever. */
const MAX_PAGES = 200;

type Waiting = (answer: Response | UpstreamFailure) => void;

/** Requests that the gateway itself sends to an upstream. The client never sees them or their answers. */
export class OwnRequests {
  readonly #send: (message: Request, like: Request) => void;
  readonly #waiting = new Map<string, Waiting>();
  /** Calls for unknown tools that arrive together share one reading of the list. */
  #listing: Promise<string> | null = null;

  constructor(send: (message: Request, like: Request) => void) {
    this.#send = send;
  }

  /** Hands an answer to whoever waits for it. @returns false when the id is not one of ours */
  settle(idKey: string, response: Response): boolean {
    const waiting = this.#waiting.get(idKey);
    waiting?.(response);
    return waiting !== undefined;
  }

  /** @returns false when the id is not one of ours */
  fail(idKey: string, failure: UpstreamFailure): boolean {
    const waiting = this.#waiting.get(idKey);
    waiting?.(failure);
    return waiting !== undefined;
  }

  end(): void {
    for (const waiting of this.#waiting.values()) waiting({ kind: 'closed', text: 'the connection was closed', status: null, reached: false });
  }

  /** Reads `tools/list` page by page into the directory. Resolves to `ok` or to why it failed. */
  listTools(like: Request, directory: ToolDirectory, name: string): Promise<string> {
    const running = this.#listing;
    if (running !== null) return running.then((result) => (result === 'ok' && directory.get(name) === null && !directory.isFresh(performance.now()) ? this.listTools(like, directory, name) : result));
    this.#listing = this.#readPages(like, directory, name).finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  async #readPages(like: Request, directory: ToolDirectory, name: string): Promise<string> {
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await this.#ask('tools/list', cursor, like);
      if (!('root' in answer)) return answer.text;
      if (answer.result === null) return answer.error?.get('code')?.integer() === METHOD_NOT_FOUND ? 'ok' : 'the upstream answered tools/list with an error';
      directory.learn(answer.result, cursor, performance.now());
      if (directory.get(name) !== null) return 'ok';
      const next = answer.result.get('nextCursor');
      if (next === null || next.kind !== 'string') return 'ok';
      cursor = next.lexeme();
    }
    return `the tool list has more than ${MAX_PAGES} pages`;
  }

  /**
   * Sends one request. Its `_meta` is that of the request on whose behalf we ask, because a modern upstream judges each request
   * by it; only the progress token is left out, which belongs to the client's own request.
   */
  #ask(method: string, cursor: string | null, like: Request): Promise<Response | UpstreamFailure> {
    const id = `policylayer-${randomUUID()}`;
    const meta = metaOf(like.params)?.members().filter((member) => member.key !== 'progressToken') ?? [];
    const parts: string[] = [];
    if (meta.length > 0) parts.push(`"_meta":{${meta.map((member) => `${JSON.stringify(member.key)}:${member.value.lexeme()}`).join(',')}}`);
    if (cursor !== null) parts.push(`"cursor":${cursor}`);
    const params = parts.length === 0 ? '' : `,"params":{${parts.join(',')}}`;
    const parsed = parseMessage(Buffer.from(`{"jsonrpc":"2.0","id":"${id}","method":"${method}"${params}}`), UPSTREAM_LIMITS);
    if (!parsed.ok || parsed.message.kind !== 'request') return Promise.resolve({ kind: 'bad_response', text: 'the request could not be built', status: null, reached: false });
    const message = parsed.message;
    const key = idKeyOf(id);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#waiting.get(key)?.({ kind: 'timeout', text: 'the upstream did not answer tools/list in time', status: null, reached: true }), OWN_REQUEST_TIMEOUT_MS);
      this.#waiting.set(key, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(answer);
      });
      this.#send(message, like);
    });
  }
}
