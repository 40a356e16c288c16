import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { beat } from './heartbeats.ts';
import { watchOf } from './watch.ts';

/** How the waiting of a call ended. `dismissed`: the client's own user was asked and said neither yes nor no. */
export type HoldEnd = 'decided' | 'waited' | 'withdrawn' | 'dismissed';

/**
 * Whether a call may be held at all: not for a client that will say nothing more, which is told where the approval stands and has nothing
 * executed, not in a process that is ending, and not beyond what its principal may have held.
 */
export function canHold(conversation: Conversation, call: InFlight): boolean {
  return !conversation.isClientDone && !watchOf(conversation.gateway.state).hasEnded && conversation.principal.held.hasRoom(call.request.bytes.length);
}

/**
 * Keeps a call until its approval is decided, `waitMs` are over, or its client takes it back or leaves (N2, #54). Only this call waits (T8), and
 * not at all where too much is held already (#43).
 * @param dismissed resolves when the client's user closed the question
 */
export function hold(conversation: Conversation, call: InFlight, id: string, waitMs: number, dismissed: Promise<void> | null): Promise<HoldEnd> {
  // A client that left a moment ago would learn of nothing: its call is not executed behind its back.
  if (call.left) call.cancelled = true;
  if (call.cancelled) return Promise.resolve('withdrawn');
  const giveBack = canHold(conversation, call) ? conversation.principal.held.take(call.request.bytes.length) : null;
  if (giveBack === null) return Promise.resolve('waited');
  return new Promise((resolve) => {
    let over = false;
    const done = (end: HoldEnd): void => {
      // A question that is closed late must not end the next wait of this call.
      if (over) return;
      over = true;
      clearTimeout(timer);
      unwatch();
      stopBeating();
      giveBack();
      call.release = null;
      resolve(call.cancelled ? 'withdrawn' : end);
    };
    const timer = setTimeout(() => done('waited'), waitMs);
    timer.unref();
    const stopBeating = beat(conversation, call);
    const unwatch = watchOf(conversation.gateway.state).on(id, (event) => done(event === 'decided' ? 'decided' : 'waited'));
    call.release = (end = 'withdrawn') => done(end);
    void dismissed?.then(() => done('dismissed'));
  });
}
