import type { PolicySet } from '../policy/types.ts';
import type { Conversation } from './conversation.ts';
import { HeldCalls } from './approvals/held-calls.ts';
import { TaskRegistry } from './task-registry.ts';
import { ToolDirectory } from './tool-directory.ts';

/** Told after the policies of a principal were swapped; the old set is still valid for calls that began under it. */
export type PolicyListener = (next: PolicySet, previous: PolicySet) => void;

/**
 * One authenticated caller: a grant for one server, or the local process that `run` serves. Everything that is counted, hidden or
 * owned is keyed by it, never by a value that the client chooses (protocol.md B3).
 */
export class Principal {
  /** Stable id for counters: survives restarts and policy edits. */
  readonly grant: string;
  readonly server: string;
  /** Tools seen by traffic that has no session of its own (modern requests). */
  readonly directory: ToolDirectory = new ToolDirectory();
  readonly tasks: TaskRegistry = new TaskRegistry();
  /** Conversations of the exchanges that are running without a session. */
  readonly sessionless: Set<Conversation> = new Set();
  /** Calls that are held for approvals: they must end before memory does. */
  readonly held: HeldCalls = new HeldCalls();
  #policies: PolicySet;
  #tags: readonly string[];
  readonly #listeners = new Set<PolicyListener>();
  #revoked = false;
  #expiresAtMs: number | null = null;

  constructor(grant: string, server: string, policies: PolicySet, tags: readonly string[] = []) {
    this.grant = grant;
    this.server = server;
    this.#policies = policies;
    this.#tags = tags;
  }

  /** The snapshot that a call takes once and keeps to its end (B8). */
  get policies(): PolicySet {
    return this.#policies;
  }

  /** The operator's words for this grant, which conditions can ask for. */
  get tags(): readonly string[] {
    return this.#tags;
  }

  /** True when the grant is gone: what was authenticated before, and is still arriving, is not judged any more. */
  get revoked(): boolean {
    return this.#revoked || (this.#expiresAtMs !== null && Date.now() >= this.#expiresAtMs);
  }

  /** Asked on every call, so that a session which was open before ends its calls on time. @param at milliseconds since 1970; null: never */
  expireAt(at: number | null): void {
    this.#expiresAtMs = at;
  }

  revoke(): void {
    this.#revoked = true;
  }

  /** Swaps policies and tags whole. Listeners run only when the documents or the tags really differ. */
  swap(next: PolicySet, tags: readonly string[] = this.#tags): void {
    const previous = this.#policies;
    const retagged = tags.length !== this.#tags.length || tags.some((tag, index) => tag !== this.#tags[index]);
    this.#policies = next;
    this.#tags = tags;
    if (previous.digest !== next.digest || retagged) for (const listener of this.#listeners) listener(next, previous);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: PolicyListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
