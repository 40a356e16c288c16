import type { ApprovalWay, TargetKind } from '../policy/types.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import { boundedColumn } from './journal-row.ts';
import { fromColumn, toColumn } from './text.ts';
import { StateUnavailable, type ApprovalRecord, type ApprovalRequest, type ApprovalStatus, type ApprovalVote } from './types.ts';

/** Longest text of arguments that is kept for an approver. Nobody reads more, and requests must not fill the disk. Characters. */
export const ARGUMENTS_BOUND = 256 * 1024;
const REASON_BOUND = 4096;
/** Longest name or URI of a call. An approver has to see all of it, so a longer one is refused and never cut. UTF-16 units. */
export const CALL_NAME_BOUND = 4096;
const DIGEST = /^[0-9a-f]{64}$/;
/** A year, in milliseconds: far above what a policy can ask for. */
const LONGEST_TIMEOUT_MS = 366 * 24 * 3600 * 1000;

/** Order of `requestColumns`. */
export const REQUEST_COLUMNS = [
  'digest', 'server', 'grant_label', 'session', 'kind', 'method', 'name', 'arguments', 'also_sent', 'definition_hash', 'policies', 'policy', 'rule',
  'reason', 'needed', 'approvers', 'via', 'timeout_ms',
] as const;

/** @throws StateUnavailable for a request that could not be kept or decided */
export function checkRequest({ digest, name, argumentsText, alsoSent, needed, timeoutMs }: ApprovalRequest): void {
  if (!DIGEST.test(digest)) throw new StateUnavailable('an approval needs the SHA-256 of its call, 64 hexadecimal digits');
  if (!Number.isSafeInteger(needed) || needed < 1) throw new StateUnavailable(`an approval needs ${needed} approvers; expected a whole number above 0`);
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) throw new StateUnavailable(`an approval cannot wait ${timeoutMs} ms; expected more than 0 and at most a year`);
  if (name.length > CALL_NAME_BOUND) throw new StateUnavailable(`the name has ${name.length} characters; nobody can approve more than ${CALL_NAME_BOUND}`);
  for (const [what, text] of [['the arguments have', argumentsText], ['what else is sent has', alsoSent]] as const) {
    if (text !== null && text.length > ARGUMENTS_BOUND) throw new StateUnavailable(`${what} ${text.length} characters; nobody can approve more than ${ARGUMENTS_BOUND}`);
  }
}

export function requestColumns(request: ApprovalRequest): SqlValue[] {
  return [
    request.digest,
    boundedColumn(request.server),
    boundedColumn(request.grant),
    boundedColumn(request.session),
    request.kind,
    boundedColumn(request.method),
    toColumn(request.name),
    toColumn(request.argumentsText),
    toColumn(request.alsoSent),
    boundedColumn(request.definitionHash),
    boundedColumn(request.policies, REASON_BOUND),
    boundedColumn(request.policyId),
    boundedColumn(request.rule),
    boundedColumn(request.reason, REASON_BOUND),
    request.needed,
    request.approvers === null ? null : JSON.stringify(request.approvers),
    JSON.stringify(request.via),
    Math.ceil(request.timeoutMs),
  ];
}

/** What is stored of an approval, with what the outside does not see. */
export interface StoredApproval {
  readonly seq: number;
  /** As last written; what has run out since is still `pending` or `approved` here. */
  readonly status: ApprovalStatus;
  readonly expiresUs: number;
  /** Whether a call has been told that it expired. */
  readonly told: boolean;
  readonly record: ApprovalRecord;
}

function names(value: unknown): string[] {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : [];
  return Array.isArray(parsed) ? parsed.map(String) : [];
}

/** True when a request was not decided, or an approval not used, in its time. */
export function hasRunOut(status: ApprovalStatus, expiresUs: number, now: number): boolean {
  return (status === 'pending' || status === 'approved') && now >= expiresUs;
}

/** The status as it is now: what has run out is `expired`, written down or not. */
export function currentStatus(status: ApprovalStatus, expiresUs: number, now: number): ApprovalStatus {
  return hasRunOut(status, expiresUs, now) ? 'expired' : status;
}

/** @param now store clock, microseconds: what has run out by then is shown as `expired` */
export function approvalOf(row: SqlRow, votes: readonly SqlRow[], now: number): StoredApproval {
  const status = String(row['status']) as ApprovalStatus;
  const expiresUs = Number(row['expires_us']);
  const record: ApprovalRecord = {
    id: String(row['id']),
    status: currentStatus(status, expiresUs, now),
    createdAt: new Date(Number(row['created_at'])).toISOString(),
    expiresAt: new Date(Number(row['expires_at'])).toISOString(),
    votes: votes.map(voteOf),
    usedBy: fromColumn(row['used_by']),
    digest: String(row['digest']),
    server: fromColumn(row['server']) ?? '',
    grant: fromColumn(row['grant_label']) ?? '',
    session: fromColumn(row['session']),
    kind: String(row['kind']) as TargetKind,
    method: fromColumn(row['method']) ?? '',
    name: fromColumn(row['name']) ?? '',
    argumentsText: fromColumn(row['arguments']),
    alsoSent: fromColumn(row['also_sent']),
    definitionHash: fromColumn(row['definition_hash']),
    policies: fromColumn(row['policies']) ?? '',
    policyId: fromColumn(row['policy']) ?? '',
    rule: fromColumn(row['rule']) ?? '',
    reason: fromColumn(row['reason']),
    needed: Number(row['needed']),
    approvers: row['approvers'] === null ? null : names(row['approvers']),
    via: names(row['via']) as ApprovalWay[],
    timeoutMs: Number(row['timeout_ms']),
  };
  return { seq: Number(row['seq']), status, expiresUs, told: row['told'] === 1, record };
}

function voteOf(row: SqlRow): ApprovalVote & { readonly at: string } {
  return {
    approver: fromColumn(row['approver']) ?? '',
    way: String(row['way']) as ApprovalWay,
    decision: row['decision'] === 'approve' ? 'approve' : 'deny',
    comment: fromColumn(row['comment']),
    at: new Date(Number(row['at'])).toISOString(),
  };
}
