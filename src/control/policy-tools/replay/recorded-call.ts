import { classifyRequest } from '../../../mcp/methods.ts';
import type { TargetKind } from '../../../policy/types.ts';
import type { JournalRow, Settlement } from '../../../state/types.ts';
import { JsonNode } from '../../../wire/json-node.ts';
import { jsonOfText } from '../json-text.ts';

/** What a row says became of its call: it went through, it was to be approved first, or it was refused. */
export type Recorded = 'allowed' | 'approval' | 'refused';

/** A call as the journal remembers it. */
export interface RecordedCall {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly server: string;
  readonly grant: string;
  readonly session: string | null;
  readonly kind: TargetKind;
  readonly name: string;
  /** The arguments, null when the call had none, or `unrecorded`. */
  readonly args: JsonNode | null | 'unrecorded';
  readonly recorded: Recorded;
  /** Null when it went through. */
  readonly code: string | null;
  readonly rule: string | null;
  readonly policy: string | null;
  /** Whether it went through because somebody approved it. */
  readonly approved: boolean;
  readonly undo: Settlement['undo'];
}

/** Why a row is not replayed. */
export type Skipped = 'not_a_call' | 'not_judged' | 'suppressed' | 'no_such_target' | 'outage' | 'name_cut';

/** Codes that the gateway gives for reasons that no policy changes. */
const NO_SUCH_TARGET = new Set(['unknown_tool', 'unknown_task', 'unknown_method', 'missing_capability']);
const APPROVAL = new Set(['approval_pending', 'approval_denied', 'approval_expired']);
/** Rows that tell of an observed limit of a call which has a row of its own; so do those that tell that an approver was asked. */
const NOTES = new Set(['would_rate_limit', 'would_exceed_budget']);
/** What the row of a call that used an approval says (gateway/call/reserve.ts). */
const APPROVED = /^approval [A-Za-z0-9_-]+$|^goes on with the approval /;
/** Texts of a client that were too long for a row end like this (gateway/recorder.ts, state/text.ts). */
const CUT = /… \(\d+ characters\)$|…\[\d+ characters, sha256 [0-9a-f]{16}\]$/;

/** Reads a row; for one that is no call which a policy judged, says why not. */
export function recordedCall(row: JournalRow): RecordedCall | Skipped {
  if (row.code === 'suppressed') return 'suppressed';
  if (row.outcome === 'rejected' || row.outcome === 'dropped') return 'not_judged';
  const kind = row.method === null ? null : kindOf(row.method);
  if (kind === null || row.name === null || row.grant === null) return 'not_a_call';
  if ((row.observed !== null && NOTES.has(row.observed)) || row.code === 'approval_requested') return 'not_a_call';
  if (row.code !== null && NO_SUCH_TARGET.has(row.code)) return 'no_such_target';
  if (row.code === 'state_unavailable') return 'outage';
  // Not reached by the policy: the list of tools could not be read, or the client withdrew the call before. Nor did it refuse a tool that drift holds.
  if (row.rule === null || row.rule === '/drift') return 'not_judged';
  if (CUT.test(row.name)) return 'name_cut';
  const refused = row.outcome === 'refused';
  return {
    id: row.id,
    at: Date.parse(row.at),
    server: row.server,
    grant: row.grant,
    session: row.session,
    kind,
    name: row.name,
    args: argumentsOf(row),
    recorded: !refused ? 'allowed' : APPROVAL.has(row.code ?? '') ? 'approval' : 'refused',
    code: refused ? row.code : null,
    rule: row.rule,
    policy: row.policy,
    approved: !refused && APPROVED.test(row.reason ?? ''),
    undo: undoOf(row),
  };
}

/** Completions and the ends of subscriptions are judged too, but do nothing that somebody would ask about. */
function kindOf(method: string): TargetKind | null {
  const type = classifyRequest(method);
  return type?.type === 'governed' && type.counts ? type.kind : null;
}

function argumentsOf(row: JournalRow): RecordedCall['args'] {
  if (row.argKeys === null && row.argHash === null) return null;
  if (row.argValues !== null) {
    // Values that were too long for a row are cut, and no JSON any more.
    const value = jsonOfText(row.argValues);
    return value instanceof JsonNode && value.kind === 'object' ? value : 'unrecorded';
  }
  if (row.argKeys?.length !== 0) return 'unrecorded';
  const empty = jsonOfText('{}');
  return empty instanceof JsonNode ? empty : 'unrecorded';
}

/** What the gateway gave back when the call ended so (gateway/answer.ts, gateway/conversation.ts). */
function undoOf(row: JournalRow): Settlement['undo'] {
  if (row.outcome === 'tool_error' || row.outcome === 'upstream_error') return 'budgets';
  if (row.outcome === 'ok' && row.upstreamStatus === 'input_required') return 'budgets';
  if (row.outcome === 'upstream_failed' && /^(cannot_start|unreachable)/.test(row.upstreamStatus ?? '')) return 'all';
  return 'nothing';
}
