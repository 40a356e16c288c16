import type { JsonNode } from '../../wire/json-node.ts';
import { printable, quoted } from '../../policy/printable.ts';
import type { ApprovalDemand } from '../../policy/types.ts';
import type { ApprovalRecord, ApprovalVote } from '../../state/types.ts';
import { shownJson, shownText } from '../approval-http/shown-json.ts';

/** The form asks for a yes; the URL only leads to the page where the approver proves who they are. */
export type QuestionMode = 'form' | 'url';

/** What the client's user is shown of the arguments, and of what else is sent. UTF-16 units of the text as it is shown. */
const SHOWN = 4_000;
const LONGEST_COMMENT = 500;
/** A longer name could be shown in part only, so it cannot be approved at all. UTF-16 units. */
export const LONGEST_NAME = 1_000;

/** The name under which the user of a client votes. It is never the grant's own label. */
export function clientUser(grant: string): string {
  return `client user of ${grant}`;
}

/** Whether the client's own user may decide this: only if the policy says so, and names nobody else. */
export function userMayVote(demand: ApprovalDemand, grant: string): boolean {
  return demand.via.includes('elicitation') && (demand.approvers === null || demand.approvers.includes(clientUser(grant)));
}

/** Which questions a client can show, by the capabilities it declared; `{}` means forms (S25 elicitation). */
export function showable(capabilities: JsonNode | null): { readonly form: boolean; readonly url: boolean } {
  const elicitation = capabilities?.get('elicitation') ?? null;
  if (elicitation === null || elicitation.kind !== 'object') return { form: false, url: false };
  const url = elicitation.get('url') !== null;
  return { form: elicitation.get('form') !== null || !url, url };
}

/** The part of a request that the question shows. */
export type Shown = Pick<ApprovalRecord, 'name' | 'argumentsText' | 'alsoSent'>;

/** Strings decoded and everything invisible escaped, on one line: an escape cannot hide a letter, and nothing can imitate or hide anything (#44). */
function json(text: string): { readonly text: string; readonly cut: boolean } {
  const { pieces, cut } = shownJson(text, 4 * SHOWN);
  const line = pieces.map((piece) => (piece.kind === 'structure' ? piece.text.replace(/^ +(?![^ ])|^ +(?=[}\]])/, '').replace('\n', ' ') : piece.text)).join('');
  return { text: line.slice(0, SHOWN), cut: cut || line.length > SHOWN };
}

/** Whether the question shows the whole call. A yes to half a call is none, so the form is not offered for others. */
export function fitsQuestion({ name, argumentsText, alsoSent }: Shown): boolean {
  return name.length <= LONGEST_NAME && [argumentsText, alsoSent].every((text) => text === null || !json(text).cut);
}

/** The text that the user reads. */
function message(record: ApprovalRecord): string {
  const part = (text: string): string => {
    const shown = json(text);
    return `${shown.text}${shown.cut ? '… (the rest is not shown)' : ''}`;
  };
  const args = record.argumentsText === null ? 'without arguments' : `with ${part(record.argumentsText)}`;
  const also = record.alsoSent === null ? '' : ` It also sends ${part(record.alsoSent)}.`;
  const why = record.reason === null ? '' : ` Reason: ${printable(record.reason, 500)}`;
  const name = shownText(record.name).map(({ text }) => text).join('').replaceAll('`', '\\u0060');
  return `PolicyLayer asks for approval: may this agent call ${record.kind} \`${name}\` of server ${quoted(record.server, 80)} ${args}?${also}${why} (approval ${record.id})`;
}

/**
 * The params of an `elicitation/create`, as JSON text.
 * @param options.mode names the mode in the text where the revision has modes
 * @param options.elicitationId only where the revision has one
 */
export function questionParams(record: ApprovalRecord, mode: QuestionMode, url: string | null, options: { readonly named: boolean; readonly elicitationId?: string }): string {
  if (mode === 'url') {
    return JSON.stringify({ mode: 'url', message: message(record), url, ...(options.elicitationId === undefined ? {} : { elicitationId: options.elicitationId }) });
  }
  return JSON.stringify({
    ...(options.named ? { mode: 'form' } : {}),
    message: message(record),
    requestedSchema: {
      type: 'object',
      properties: {
        approve: { type: 'boolean', title: 'Approve this call', description: 'Yes lets exactly this call through, once.' },
        comment: { type: 'string', title: 'Comment', maxLength: LONGEST_COMMENT },
      },
      required: ['approve'],
    },
  });
}

/** What the client's user said. `opened`: only that the page was opened, which decides nothing. `dismissed`: neither yes nor no. */
export type UserWord = { readonly word: 'vote'; readonly vote: ApprovalVote } | { readonly word: 'dismissed' | 'opened' | 'nothing' };

/**
 * Reads the answer to a question. Only `accept` with `approve: true` is a yes; a form that was declined, or accepted without it, is a no; one
 * that was closed is neither (protocol.md section 5: `cancel` refuses without locking out).
 * @param result of the `elicitation/create`; null when the client answered with an error or not at all
 */
export function readWord(result: JsonNode | null, mode: QuestionMode, grant: string): UserWord {
  const action = result?.get('action')?.text() ?? null;
  if (result === null || action === null) return { word: 'nothing' };
  if (action === 'cancel') return { word: 'dismissed' };
  if (mode === 'url') return { word: action === 'accept' ? 'opened' : 'dismissed' };
  const yes = action === 'accept' && result.get('content')?.get('approve')?.kind === 'true';
  const comment = result.get('content')?.get('comment')?.text() ?? null;
  return {
    word: 'vote',
    vote: { approver: clientUser(grant), way: 'elicitation', decision: yes ? 'approve' : 'deny', comment: comment === null || comment === '' ? null : printable(comment, LONGEST_COMMENT) },
  };
}
