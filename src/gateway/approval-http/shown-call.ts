import type { ApprovalRecord } from '../../state/types.ts';
import { shownJson } from './shown-json.ts';

const VERBS: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'call'],
  ['resources/read', 'read'],
  ['resources/subscribe', 'subscribe to'],
  ['prompts/get', 'use the prompt'],
]);

/** What the caller wants to do, as words before the name. It is the method that runs, so it is the method that is told. */
export function doing({ method }: ApprovalRecord): string {
  return VERBS.get(method) ?? `send ${method} for`;
}

/** What `alsoSent` is, for people. */
export const ALSO_SENT = { title: 'Also sent', text: 'Sent along with the arguments and approved with them: task, other members of _meta, answers to a question of the server (input), anything else.' } as const;

/** False when an approver cannot be shown all that would be approved, because it was built to be unreadable. */
export function isShownWhole({ argumentsText, alsoSent }: ApprovalRecord): boolean {
  return [argumentsText, alsoSent].every((text) => text === null || !shownJson(text).cut);
}
