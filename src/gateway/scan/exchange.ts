import { parseMessage, type Message, type Request, type Response } from '../../mcp/message.ts';
import { printable } from '../../policy/printable.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { CLIENT_LIMITS } from '../../wire/limits.ts';
import { failureOf } from './exchange-failure.ts';
import { ScanFailure } from './scan-failure.ts';

interface Waiting {
  readonly method: string;
  readonly settle: (answer: Response | ScanFailure) => void;
}

/** One client's conversation with one upstream: requests one after the other, each with a time limit. */
export class Exchange implements LinkObserver {
  /** How long each answer may take. */
  readonly timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #link: UpstreamLink | null = null;
  #nextId = 1;
  #gone: ScanFailure | null = null;
  /** What the server wrote that is no message; named when it never answers. */
  #garbage: string | null = null;
  /** It has written at least one message, so it speaks the protocol. */
  #speaks = false;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  attach(link: UpstreamLink): void {
    this.#link = link;
  }

  /** @throws ScanFailure when no answer can come, or none came in time. A JSON-RPC error is an answer. */
  async request(method: string, params: object): Promise<Response> {
    if (this.#gone !== null) throw this.#gone;
    const message = own({ jsonrpc: '2.0', id: this.#nextId++, method, params });
    if (message.kind !== 'request') throw new TypeError('not a request');
    const answer = await new Promise<Response | ScanFailure>((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(message.idKey);
        this.#link?.abort(message.idKey);
        resolve(this.#late(method));
      }, this.timeoutMs);
      this.#waiting.set(message.idKey, {
        method,
        settle: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
      });
      this.#link?.send(message);
    });
    if (answer instanceof ScanFailure) throw answer;
    return answer;
  }

  notify(method: string): void {
    this.#link?.send(own({ jsonrpc: '2.0', method }));
  }

  message(message: Message): void {
    this.#speaks = true;
    if (message.kind === 'response') {
      const waiting = message.idKey === null ? undefined : this.#waiting.get(message.idKey);
      if (message.idKey !== null) this.#waiting.delete(message.idKey);
      waiting?.settle(message);
    } else if (message.kind === 'request') {
      this.#answer(message);
    }
  }

  garbage(_code: string, sample: string): void {
    this.#garbage ??= sample;
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    const waiting = this.#waiting.get(requestKey);
    this.#waiting.delete(requestKey);
    waiting?.settle(failureOf(failure));
  }

  closed(failure: UpstreamFailure | null): void {
    this.#gone = failure === null ? new ScanFailure('exited', 'the server ended the connection') : failureOf(failure);
    for (const waiting of this.#waiting.values()) waiting.settle(this.#gone);
    this.#waiting.clear();
  }

  drain(): void {
    // One small request at a time: there is nothing to hold back.
  }

  /** We declared no capability, so a server may ask for nothing but a sign of life. */
  #answer(request: Request): void {
    const body = request.method === 'ping' ? { result: {} } : { error: { code: -32601, message: 'the scanner offers no client features' } };
    this.#link?.send(own({ jsonrpc: '2.0', id: request.id, ...body }));
  }

  #late(method: string): ScanFailure {
    const garbage = this.#garbage === null ? '' : `; it wrote something that is no message: ${printable(this.#garbage, 100)}`;
    return new ScanFailure(this.#garbage !== null && !this.#speaks ? 'garbage' : 'timeout', `the server did not answer ${method} within ${this.timeoutMs / 1_000} s${garbage}`);
  }
}

function own(message: object): Message {
  const parsed = parseMessage(Buffer.from(JSON.stringify(message)), CLIENT_LIMITS);
  if (!parsed.ok) throw new TypeError(`our own message is malformed: ${parsed.message}`);
  return parsed.message;
}
