import type { Message } from '../mcp/message.ts';

/** What happens to a message from the client. `status` is the HTTP status where the client leg is HTTP. */
export type ClientVerdict =
  | { readonly do: 'forward'; readonly message: Message }
  /** The gateway answers; the upstream sees nothing. */
  | { readonly do: 'answer'; readonly bytes: Buffer; readonly status: number }
  /** Neither forwarded nor answered (a notification, a response, a cancelled request). */
  | { readonly do: 'drop'; readonly code: string; readonly status: number };

/** What happens to a message from the upstream. */
export type UpstreamVerdict =
  /** `requestKey` names the request on whose stream it belongs, or null for the session's own stream. */
  | { readonly do: 'deliver'; readonly bytes: Buffer; readonly edited: boolean; readonly requestKey: string | null; readonly final: boolean }
  | { readonly do: 'drop'; readonly code: string }
  /** The gateway answers the upstream's request itself; the client never sees it. */
  | { readonly do: 'reply'; readonly bytes: Buffer }
  /** The answer to a request of our own. */
  | { readonly do: 'own' };

/** Calls `next` at once when the value is there, so that the synchronous path allocates no promise. */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
