import type { Message, Request, Response } from '../mcp/message.ts';
import { parseMessage } from '../mcp/message.ts';
import { progressTokenKey, tokenKey } from '../mcp/meta.ts';
import { UPSTREAM_LIMITS, type WireLimits } from '../wire/limits.ts';
import { BoundedSet } from './bounded-set.ts';
import { cancelledBytes, cancelledKey, idJson, isCancelled } from './cancelled.ts';
import { type ChildOptions, SupervisedChild } from './child-process.ts';
import { type ChildExit, exitFailure, failure } from './failure.ts';
import { sample } from './sample.ts';
import type { CommandSpec, LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

export interface StdioLinkOptions extends ChildOptions {
  readonly limits?: WireLimits;
  /** Gets stderr of the child as it is; dropped when absent. */
  readonly stderr?: (chunk: Buffer) => void;
}

/** How many requests that are over are remembered, so that what still comes for them is told from what was never asked. */
const REMEMBERED = 1_024;

/** One client's own child process (protocol.md 3.7). Carries bytes; edits nothing. */
export class StdioLink implements UpstreamLink {
  readonly transport = 'stdio';
  /** How the child ended; set before `closed` is reported. */
  exit: ChildExit | null = null;
  readonly #spec: CommandSpec;
  readonly #observer: LinkObserver;
  readonly #limits: WireLimits;
  readonly #child: SupervisedChild;
  readonly #open = new Map<string, Request>();
  /** Cancelled by the client itself: a late answer is still the client's (N1). */
  readonly #cancelled = new BoundedSet<string>(REMEMBERED);
  /** Given up by `abort`: nothing more is delivered for them. */
  readonly #aborted = new BoundedSet<string>(REMEMBERED);
  readonly #mutedTokens = new BoundedSet<string>(REMEMBERED);
  #closing = false;
  #failure: UpstreamFailure | null = null;

  constructor(spec: CommandSpec, observer: LinkObserver, options: StdioLinkOptions = {}) {
    this.#spec = spec;
    this.#observer = observer;
    this.#limits = options.limits ?? UPSTREAM_LIMITS;
    this.#child = new SupervisedChild(spec, {
      line: (bytes) => this.#line(bytes),
      overflow: (dropped) => observer.garbage('line_too_long', `${dropped} bytes`),
      stderr: options.stderr ?? ((): void => undefined),
      drain: () => observer.drain(),
      exit: (exit) => this.#exited(exit),
    }, { ...options, maxLineBytes: options.maxLineBytes ?? this.#limits.maxBytes });
  }

  /** Process id of the child, also the id of its process group; null when it could not be started. */
  get pid(): number | null {
    return this.#child.pid;
  }

  send(message: Message): boolean {
    if (message.kind === 'request') {
      if (this.#failure !== null || this.#closing || !this.#child.alive) {
        this.#refuse(message.idKey);
        return true;
      }
      this.#reuse(message);
      this.#open.set(message.idKey, message);
    } else if (isCancelled(message)) {
      const key = cancelledKey(message);
      if (key !== null && this.#open.delete(key)) this.#cancelled.add(key);
    }
    return this.#child.write(message.bytes);
  }

  abort(idKey: string): void {
    const request = this.#open.get(idKey);
    if (request === undefined) return;
    this.#open.delete(idKey);
    this.#aborted.add(idKey);
    const token = progressTokenKey(request.params);
    if (token !== null) this.#mutedTokens.add(token);
    // `initialize` cannot be cancelled (N1).
    if (request.method !== 'initialize') this.#child.write(cancelledBytes(idJson(idKey)));
  }

  pause(): void {
    this.#child.pause();
  }

  resume(): void {
    this.#child.resume();
  }

  close(): Promise<void> {
    this.#closing = true;
    return this.#child.close();
  }

  /** An id or token that is used again means the new request from here on. */
  #reuse(request: Request): void {
    if (this.#aborted.size > 0) this.#aborted.delete(request.idKey);
    if (this.#cancelled.size > 0) this.#cancelled.delete(request.idKey);
    if (this.#mutedTokens.size === 0) return;
    const token = progressTokenKey(request.params);
    if (token !== null) this.#mutedTokens.delete(token);
  }

  /** Reported later, never from within `send`: the caller may still be busy registering the request. */
  #refuse(idKey: string): void {
    queueMicrotask(() => {
      const reason = this.#failure ?? failure('closed', 'the server is being shut down', false);
      this.#observer.failed(idKey, { ...reason, reached: false });
    });
  }

  #line(bytes: Buffer): void {
    const parsed = parseMessage(bytes, this.#limits);
    if (!parsed.ok) {
      this.#observer.garbage(parsed.code, sample(bytes));
      return;
    }
    const { message } = parsed;
    if (message.kind === 'response') this.#response(message);
    else if (!this.#isMuted(message)) this.#observer.message(message, null);
  }

  #response(message: Response): void {
    const key = message.idKey;
    if (key !== null && (this.#open.delete(key) || this.#cancelled.delete(key))) {
      this.#observer.message(message, null);
      return;
    }
    // An error without id says that a line was unreadable; it answers nothing that we could name (J11).
    const late = key !== null && this.#aborted.delete(key);
    this.#observer.garbage(late ? 'late_response' : 'unknown_response', sample(message.bytes));
  }

  #isMuted(message: Message): boolean {
    if (this.#mutedTokens.size === 0 || message.kind !== 'notification' || message.method !== 'notifications/progress') return false;
    const token = tokenKey(message.params?.get('progressToken') ?? null);
    return token !== null && this.#mutedTokens.has(token);
  }

  #exited(exit: ChildExit): void {
    this.exit = exit;
    const reason = exitFailure(this.#spec, exit, this.#child.stderr.lastLine());
    this.#failure = reason;
    const open = [...this.#open.keys()];
    this.#open.clear();
    for (const idKey of open) this.#observer.failed(idKey, reason);
    this.#observer.closed(this.#closing && exit.error === null ? null : reason);
  }
}
