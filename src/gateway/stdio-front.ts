import type { Readable, Writable } from 'node:stream';
import { errorAnswer } from '../mcp/answers.ts';
import { INVALID_REQUEST } from '../mcp/error-codes.ts';
import { parseMessage, type Malformed, type Message } from '../mcp/message.ts';
import { splitBatch } from '../mcp/batch.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../upstream/types.ts';
import type { WireLimits } from '../wire/limits.ts';
import { LineSplitter } from '../wire/lines.ts';
import { oneLine } from '../upstream/one-line.ts';
import type { Conversation } from './conversation.ts';
import { appendLoudly, journalRow, recordRefusal } from './recorder.ts';
import { SendingOrder } from './sending-order.ts';
import type { ClientVerdict } from './verdict.ts';

const LF = Buffer.from('\n');
/** How long decisions may still take after the client closed its end. */
const LAST_WORDS_MS = 10_000;
/** How long a server that ended before it was asked anything stays on to be the answer to the client's first request. */
const FIRST_REQUEST_MS = 2_000;

/**
 * A client on stdio in front of one upstream link. Lines are judged one by one and forwarded as they came; a decision that has to
 * wait delays its own request only (T8). Either side is paused while the other cannot take more (T9).
 */
export class StdioFront implements LinkObserver {
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #conversation: Conversation;
  readonly #limits: WireLimits;
  readonly #lines: LineSplitter;
  #link: UpstreamLink | null = null;
  readonly #done: { promise: Promise<UpstreamFailure | null>; resolve: (failure: UpstreamFailure | null) => void };
  #ended = false;
  readonly #order = new SendingOrder();
  /** Messages that are being judged, or wait for their turn behind such a one. */
  #judging = 0;
  #leaving = false;
  #asked = false;
  /** Ends the wait for the first request to a server that is gone already. */
  #stopWaiting: (() => void) | null = null;

  constructor(options: { readonly input: Readable; readonly output: Writable; readonly conversation: Conversation; readonly limits: WireLimits }) {
    this.#input = options.input;
    this.#output = options.output;
    this.#conversation = options.conversation;
    this.#limits = options.limits;
    let resolve: (failure: UpstreamFailure | null) => void = () => undefined;
    const promise = new Promise<UpstreamFailure | null>((settle) => {
      resolve = settle;
    });
    this.#done = { promise, resolve };
    this.#lines = new LineSplitter(options.limits.maxBytes, {
      line: (bytes) => this.#line(bytes),
      overflow: (dropped) => this.#malformed({ ok: false, code: 'too_large', rpcCode: INVALID_REQUEST, message: `a line of ${dropped} bytes exceeds the limit of ${options.limits.maxBytes}`, id: null }, null),
    });
  }

  /** Starts carrying. Resolves when the upstream is gone, with the reason, or with null after an orderly end. */
  run(link: UpstreamLink): Promise<UpstreamFailure | null> {
    this.#link = link;
    this.#output.on('drain', () => link.resume());
    // A client that closed its end of the pipe has gone away, like one that closed our stdin.
    this.#output.on('error', () => this.#clientGone());
    this.#input.on('data', (chunk: Buffer) => this.#lines.push(chunk));
    this.#input.on('end', () => {
      this.#lines.end();
      this.#leave();
    });
    this.#input.on('error', () => this.#clientGone());
    return this.#done.promise;
  }

  /**
   * Writes a message of the gateway's own, such as `list_changed` after a policy edit.
   * @returns false when nobody reads any more
   */
  notify(bytes: Buffer): boolean {
    this.#write(bytes);
    return this.#output.writable && !this.#ended;
  }

  /** The client has said its last word: what it said is still judged and sent, then the upstream's stdin is closed. */
  #leave(): void {
    this.#leaving = true;
    this.#conversation.clientDone();
    if (this.#judging === 0) return this.#clientGone();
    setTimeout(() => this.#clientGone(), LAST_WORDS_MS).unref();
  }

  #judged(): void {
    this.#judging -= 1;
    if (this.#leaving && this.#judging === 0) this.#clientGone();
  }

  #clientGone(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#link?.close();
    this.#stopWaiting?.();
  }

  #write(bytes: Buffer): void {
    if (!this.#output.writable) return;
    this.#output.write(oneLine(bytes));
    if (!this.#output.write(LF)) this.#link?.pause();
  }

  #line(bytes: Buffer): void {
    const parsed = parseMessage(bytes, this.#limits);
    if (parsed.ok) return this.#judge(parsed.message);
    if (parsed.code === 'batch') return this.#batch(bytes, parsed);
    this.#malformed(parsed, null);
  }

  /** Only revision 2025-03-26 has batches (J9): every element is judged as if it had come alone. */
  #batch(bytes: Buffer, refusal: Malformed): void {
    const batch = this.#conversation.version === '2025-03-26' ? splitBatch(bytes, this.#limits) : refusal;
    if ('ok' in batch) return this.#malformed(batch, null);
    for (const element of batch) {
      if (element.ok) this.#judge(element.message);
      else this.#malformed(element, null);
    }
  }

  #malformed(problem: Malformed, method: string | null): void {
    recordRefusal(this.#conversation, { method, name: null, requestId: problem.id, outcome: 'rejected', code: problem.code, reason: problem.message });
    this.#write(errorAnswer(problem.id, problem.rpcCode, problem.message));
  }

  #judge(message: Message): void {
    if (message.kind === 'request') this.#asked = true;
    const verdict = this.#conversation.client(message);
    if (!(verdict instanceof Promise) && this.#order.isIdle) return this.#carryOut(verdict);
    this.#judging += 1;
    const inTurn = (act: () => void) => (): void => {
      act();
      this.#judged();
    };
    if (!(verdict instanceof Promise)) return this.#order.add(inTurn(() => this.#carryOut(verdict)));
    const decided = this.#order.hold();
    void verdict.then((settled) => decided(inTurn(() => this.#carryOut(settled))));
  }

  #carryOut(verdict: ClientVerdict): void {
    if (verdict.do === 'answer') this.#write(verdict.bytes);
    else if (verdict.do === 'forward' && this.#link !== null && !this.#link.send(verdict.message)) this.#input.pause();
  }

  message(message: Message, requestKey: string | null): void {
    const verdict = this.#conversation.upstream(message, requestKey === null ? { on: 'link' } : { on: 'request', requestKey });
    if (verdict.do === 'deliver') this.#write(verdict.bytes);
    else if (verdict.do === 'reply') this.#sendRaw(verdict.bytes);
    if (this.#conversation.refused) this.#clientGone();
  }

  /** Sends an answer of our own to the upstream. */
  #sendRaw(bytes: Buffer): void {
    const parsed = parseMessage(bytes, this.#limits);
    if (parsed.ok) this.#link?.send(parsed.message);
  }

  garbage(code: string, sample: string): void {
    appendLoudly(this.#conversation.gateway, journalRow(this.#conversation, { method: null, name: null, requestId: null, outcome: 'dropped', code, reason: sample }));
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    const answer = this.#conversation.failed(requestKey, failure);
    if (answer !== null) this.#write(answer);
    this.#stopWaiting?.();
  }

  /** A server that could not even start is usually gone before the client has spoken; the client still gets an answer, and a row. */
  closed(failure: UpstreamFailure | null): void {
    if (failure === null || this.#asked || this.#ended) return this.#finish(failure);
    const timer = setTimeout(() => this.#finish(failure), FIRST_REQUEST_MS);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      this.#finish(failure);
    };
  }

  #finish(failure: UpstreamFailure | null): void {
    this.#stopWaiting = null;
    this.#ended = true;
    this.#conversation.end();
    this.#input.pause();
    this.#done.resolve(failure);
  }

  drain(): void {
    if (!this.#ended) this.#input.resume();
  }
}
