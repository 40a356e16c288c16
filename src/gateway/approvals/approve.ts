import type { ApprovalDetail } from '../../mcp/answers.ts';
import { printable } from '../../policy/printable.ts';
import type { ApprovalDemand, Decision, Verdict } from '../../policy/types.ts';
import type { ApprovalAnswer, ApprovalRecord } from '../../state/types.ts';
import { facts } from '../call/facts.ts';
import { refuse, withdrawn } from '../call/refuse.ts';
import { reserve } from '../call/reserve.ts';
import type { Target } from '../call/target.ts';
import { identityOf } from '../client-identity.ts';
import type { Conversation } from '../conversation.ts';
import type { CallApproval, InFlight } from '../in-flight.ts';
import { recordRefusal } from '../recorder.ts';
import type { ClientVerdict } from '../verdict.ts';
import { digestNow } from './bound.ts';
import { alsoSent } from './call-parts.ts';
import { demandDigest, hasInput } from './digest.ts';
import { askUser, isAsking, knowsMode, type OpenQuestion } from './elicitation.ts';
import { canHold, hold, type HoldEnd } from './hold.ts';
import { askByResult, wrapping } from './input-required.ts';
import { fitsQuestion, LONGEST_NAME, readWord, showable, userMayVote, type QuestionMode, type Shown } from './question.ts';

/** Nobody reads more than this, and the store keeps no more of it. Characters of the arguments' text, and of all else that is sent. */
const LONGEST_ARGUMENTS = 256 * 1024;
const NOBODY = 'no approver is configured for this rule';
/** A call that loses its approval to an identical one so often is told to come again. */
const MAX_ROUNDS = 20;

/**
 * The step between deciding and reserving, for a call that needs an approval (policy.md, "Approval"). The approval is for this exact call, is
 * used up in the transaction that admits it, and is looked for anew whenever the call has waited: what the policy says then is what counts.
 * @param again judges the call anew, from its target on
 */
export async function approve(conversation: Conversation, call: InFlight, target: Target, decision: Decision, again: () => ClientVerdict | Promise<ClientVerdict>): Promise<ClientVerdict> {
  const step = new ApprovalStep(conversation, call, target, decision);
  return step.run(again);
}

class ApprovalStep {
  readonly #conversation: Conversation;
  readonly #call: InFlight;
  readonly #target: Target;
  readonly #decision: Decision;
  readonly #part: CallApproval;
  readonly #shown: Shown;

  constructor(conversation: Conversation, call: InFlight, target: Target, decision: Decision) {
    this.#conversation = conversation;
    this.#call = call;
    this.#target = target;
    this.#decision = decision;
    this.#part = call.approval ?? { holdUntil: null, rounds: 0, answer: null, continues: false, wrap: null };
    call.approval = this.#part;
    this.#shown = { name: target.name, argumentsText: target.args?.lexeme() ?? null, alsoSent: alsoSent(call.request, target.kind) };
  }

  async run(again: () => ClientVerdict | Promise<ClientVerdict>): Promise<ClientVerdict> {
    const conversation = this.#conversation;
    const call = this.#call;
    const demand = this.#decision.approval;
    if (demand === null || !this.#usable(demand)) return this.#refuse('policy_error', NOBODY);
    const exact = digestNow(conversation, call, this.#target, 'with-input');
    if (exact === null) return this.#refuse('invalid_arguments', 'the call cannot be shown exactly to an approver: it holds a number that cannot be represented exactly, or broken text');
    if (this.#shown.name.length > LONGEST_NAME) return this.#refuse('invalid_arguments', `the ${this.#target.kind === 'resource' ? 'URI' : 'name'} is longer than ${LONGEST_NAME} characters, and could not be shown whole to an approver`);
    if ((this.#shown.argumentsText?.length ?? 0) > LONGEST_ARGUMENTS) return this.#refuse('invalid_arguments', 'the arguments are too long for anybody to approve');
    if ((this.#shown.alsoSent?.length ?? 0) > LONGEST_ARGUMENTS) return this.#refuse('invalid_arguments', 'what is sent besides the arguments is too long for anybody to approve');
    const digest = demandDigest(exact, this.#decision);
    let answer: ApprovalAnswer;
    try {
      const dismissed = await this.#vote();
      if (call.cancelled) return withdrawn(conversation, call, this.#target);
      answer = await conversation.gateway.state.requestApproval(this.#request(digest, demand));
      if (dismissed && answer.status === 'pending') return this.#refuse('approval_denied', 'the user closed the question without an answer', answer.record);
    } catch (error) {
      conversation.gateway.log(`state: ${error instanceof Error ? error.message : 'unavailable'}`);
      return this.#refuse('state_unavailable', 'the approvals cannot be reached');
    }
    if (call.cancelled) return withdrawn(conversation, call, this.#target);
    switch (answer.status) {
      case 'too_many':
        return refuse(conversation, call, this.#target, 'rate_limited', this.#verdict(`${answer.waiting} calls wait for approval already`), { retryAfterMs: answer.retryAfterMs });
      case 'denied': return this.#refuse('approval_denied', denial(answer.record), answer.record);
      case 'expired': return this.#refuse('approval_expired', null, answer.record);
      case 'approved': return this.#use(answer.record, digest, again);
      case 'pending': return this.#wait(answer.record, answer.created, demand, again);
    }
  }

  /** Whether anybody could approve this at all: a way of the policy that this process, or this client, has. */
  #usable(demand: ApprovalDemand): boolean {
    const { approvals } = this.#conversation.gateway;
    return demand.via.some((way) => (way === 'elicitation' ? this.#mode(demand, 'form') !== null : approvals.ways.has(way)));
  }

  /** How the client's own user can be asked: by a form if they may decide, else, where a page is served, by its address. */
  #mode(demand: ApprovalDemand, only: QuestionMode | null = null): QuestionMode | null {
    const conversation = this.#conversation;
    const call = this.#call;
    if (!demand.via.includes('elicitation')) return null;
    const shows = showable(identityOf(call.request, call.era, conversation.identity).capabilities);
    const possible = (mode: QuestionMode): boolean => shows[mode] && (call.era === 'modern' ? !hasInput(call.request) : demand.waitMs > 0 && knowsMode(conversation, mode));
    if (possible('form') && userMayVote(demand, conversation.principal.grant) && fitsQuestion(this.#shown)) return 'form';
    return only !== 'form' && possible('url') ? 'url' : null;
  }

  /** Counts what the user said to the question that this retry answers. @returns true when the question was closed without a word */
  async #vote(): Promise<boolean> {
    const { answer } = this.#part;
    if (answer === null) return false;
    this.#part.answer = { ...answer, result: null };
    const said = readWord(answer.result, answer.mode, this.#conversation.principal.grant);
    if (said.word === 'vote') await this.#conversation.gateway.state.vote(answer.approval, said.vote);
    return said.word === 'dismissed';
  }

  #request(digest: string, demand: ApprovalDemand) {
    const { principal, session } = this.#conversation;
    const { policies, method } = this.#call;
    const { kind, name } = this.#target;
    return {
      digest, server: principal.server, grant: principal.grant, session, kind, method, ...this.#shown,
      definitionHash: kind === 'tool' ? (this.#conversation.directory.get(name)?.definitionHash ?? null) : null,
      policies: policies.id, policyId: this.#decision.policyId, rule: this.#decision.rule, reason: this.#decision.reason,
      needed: demand.needed, approvers: demand.approvers, via: demand.via, timeoutMs: demand.timeoutMs,
    };
  }

  #use(record: ApprovalRecord, digest: string, again: () => ClientVerdict | Promise<ClientVerdict>): ClientVerdict | Promise<ClientVerdict> {
    // An identical call may have used it in between; this one then needs one of its own.
    const lost = (): ClientVerdict | Promise<ClientVerdict> => {
      this.#part.rounds += 1;
      return this.#part.rounds < MAX_ROUNDS ? again() : this.#pending(record);
    };
    if (this.#call.era === 'modern') this.#part.wrap = wrapping(this.#conversation, this.#call, this.#target, record.id);
    return reserve(this.#conversation, this.#call, this.#target, this.#decision, this.#decision.limits, { id: record.id, digest, lost });
  }

  async #wait(record: ApprovalRecord, created: boolean, demand: ApprovalDemand, again: () => ClientVerdict | Promise<ClientVerdict>): Promise<ClientVerdict> {
    const conversation = this.#conversation;
    const call = this.#call;
    const { approvals } = conversation.gateway;
    if (created) {
      this.#note('approval_requested', `approval ${record.id}`);
      approvals.created(record);
    }
    // Asked about this very request already: what the user said is counted, and the rest is up to others.
    const preferred = this.#part.answer?.approval === record.id ? null : this.#mode(demand);
    const url = approvals.urlOf(record.id);
    const mode = preferred === 'url' && url === null ? null : preferred;
    if (mode !== null && call.era === 'modern') {
      const asked = askByResult(conversation, call, this.#target, record, mode, url);
      if (asked !== null) {
        this.#note('approval_pending', `approval ${record.id}: the client's user is asked`);
        return { do: 'answer', bytes: asked, status: 200 };
      }
    }
    this.#part.holdUntil ??= performance.now() + demand.waitMs;
    const left = this.#part.holdUntil - performance.now();
    if (left <= 0) return this.#pending(record);
    if (call.left) call.cancelled = true;
    if (call.cancelled) return withdrawn(conversation, call, this.#target);
    // Before the user is asked a question that would be taken back at once.
    if (!canHold(conversation, call)) return this.#pending(record);
    const asked = isAsking(conversation, record.id);
    const question = mode === null ? null : askUser(conversation, call, record, mode, url);
    // The policy leaves it to the client's user alone, who cannot be asked on this connection.
    if (mode !== null && question === null && !asked && !demand.via.some((way) => approvals.ways.has(way))) return this.#refuse('policy_error', NOBODY, record);
    const end = await this.#held(record, left, question);
    switch (end) {
      case 'withdrawn': return withdrawn(conversation, call, this.#target);
      case 'waited': return this.#pending(record);
      case 'dismissed': return this.#refuse('approval_denied', 'the user closed the question without an answer', record);
      case 'decided':
        if (conversation.principal.revoked) return withdrawn(conversation, call, this.#target);
        // Policies may have been edited meanwhile: the call runs under those of now, or not at all.
        call.policies = conversation.principal.policies;
        return again();
    }
  }

  async #held(record: ApprovalRecord, waitMs: number, question: OpenQuestion | null): Promise<HoldEnd> {
    try {
      return await hold(this.#conversation, this.#call, record.id, waitMs, question?.dismissed ?? null);
    } finally {
      question?.close();
    }
  }

  #pending(record: ApprovalRecord): ClientVerdict {
    return this.#refuse('approval_pending', this.#decision.reason, record);
  }

  /** @param reason for the agent; the journal names the approval instead */
  #refuse(code: 'approval_pending' | 'approval_denied' | 'approval_expired' | 'policy_error' | 'invalid_arguments' | 'state_unavailable', reason: string | null, record: ApprovalRecord | null = null): ClientVerdict {
    const extra = record === null ? {} : { approval: this.#detail(record), note: `approval ${record.id}` };
    return refuse(this.#conversation, this.#call, this.#target, code, this.#verdict(reason), extra);
  }

  #verdict(reason: string | null): Verdict {
    return { effect: 'deny', code: null, rule: this.#decision.rule, policyId: this.#decision.policyId, reason };
  }

  #detail(record: ApprovalRecord): ApprovalDetail {
    return { id: record.id, url: this.#conversation.gateway.approvals.urlOf(record.id), expiresAt: record.expiresAt };
  }

  /** A row for a step that is not the end of the call. */
  #note(code: string, reason: string): void {
    recordRefusal(this.#conversation, { ...facts(this.#call, this.#target), observed: null, outcome: 'refused', code, rule: this.#decision.rule, policy: this.#decision.policyId, reason });
  }
}

/** What the agent is told of a no: the approver's comment, if there is one, but not who it was. */
function denial(record: ApprovalRecord): string | null {
  const comment = record.votes.find(({ decision }) => decision === 'deny')?.comment ?? null;
  return comment === null ? null : printable(comment, 500);
}
