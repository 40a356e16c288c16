import type { ApprovalRecord } from '../../state/types.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { questionParams, readWord, type QuestionMode } from './question.ts';
import { watchOf } from './watch.ts';

/** From these revisions on legacy clients know forms, and URLs. */
const FORMS_SINCE = '2025-06-18';
const URLS_SINCE = '2025-11-25';

/** A question that a legacy client shows to its user while the call is held. */
export interface OpenQuestion {
  /** Resolves when the user closed the question without a word; never otherwise. */
  readonly dismissed: Promise<void>;
  /** Takes the question back, or tells the client that it is settled. */
  close(): void;
}

/** Approvals that a conversation's user is being asked about: several calls held for one approval are one question. */
const asking = new WeakMap<Conversation, Set<string>>();

/** Whether the session's revision has the mode at all. */
export function knowsMode(conversation: Conversation, mode: QuestionMode): boolean {
  return conversation.era === 'legacy' && (conversation.version ?? '') >= (mode === 'form' ? FORMS_SINCE : URLS_SINCE);
}

/** True while the user is being asked about this approval on behalf of another call. */
export function isAsking(conversation: Conversation, approval: string): boolean {
  return asking.get(conversation)?.has(approval) === true;
}

/**
 * Asks the client's own user by a request of ours (protocol.md section 5). The answer is ours alone: it never goes upstream, and no answer to
 * a question of the upstream is taken for it.
 * @returns null when the client cannot be reached, or is being asked already
 */
export function askUser(conversation: Conversation, call: InFlight, record: ApprovalRecord, mode: QuestionMode, url: string | null): OpenQuestion | null {
  const open = asking.get(conversation) ?? new Set<string>();
  asking.set(conversation, open);
  if (open.has(record.id)) return null;
  const elicitationId = record.id;
  const named = (conversation.version ?? '') >= URLS_SINCE;
  const params = questionParams(record, mode, url, { named, elicitationId });
  const question = conversation.questions.ask('elicitation/create', params, (bytes) => conversation.tell(call.idKey, bytes));
  if (question === null) return null;
  open.add(record.id);
  let answered = false;
  let dismiss: () => void = () => undefined;
  const dismissed = new Promise<void>((resolve) => {
    dismiss = resolve;
  });
  const { state, log } = conversation.gateway;
  void question.answer.then(async (answer) => {
    answered = answer !== null;
    open.delete(record.id);
    const said = readWord(answer?.result ?? null, mode, conversation.principal.grant);
    if (said.word === 'dismissed') return dismiss();
    if (said.word !== 'vote' || call.cancelled) return;
    await state.vote(record.id, said.vote);
    watchOf(state).look(record.id);
  }).catch((error: unknown) => log(`approvals: the answer of a client's user could not be kept: ${error instanceof Error ? error.message : 'unknown error'}`));
  return {
    dismissed,
    close: () => {
      question.withdraw();
      open.delete(record.id);
      const say = (text: string): void => void conversation.tell(call.idKey, Buffer.from(text));
      if (!answered) say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"${question.id}","reason":"decided otherwise, or no longer waited for"}}`);
      else if (mode === 'url') say(`{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"${elicitationId}"}}`);
    },
  };
}
