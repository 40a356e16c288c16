import { META_PREFIX } from '../../mcp/keys.ts';
import type { Request } from '../../mcp/message.ts';
import { metaOf } from '../../mcp/meta.ts';
import type { TargetKind } from '../../policy/types.ts';
import type { JsonNode, JsonMember } from '../../wire/json-node.ts';

/**
 * Members of `_meta` that a repeated call may change without becoming another call: transport, tracing, and what each modern request says of
 * its sender. Everything else is the call's own, whatever its prefix: `related-task` decides what an upstream does.
 */
const PASSING_META: ReadonlySet<string> = new Set([
  'progressToken', 'traceparent', 'tracestate', 'baggage',
  ...['protocolVersion', 'clientInfo', 'clientCapabilities', 'logLevel'].map((name) => META_PREFIX + name),
]);
const INPUT: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);
/** Members of `params` that have a place of their own. */
const PLACED: ReadonlySet<string> = new Set(['arguments', 'task', ...INPUT]);

/** What a call sends besides its name and its arguments, as an approval binds it and an approver sees it. */
export interface CallParts {
  readonly task: JsonNode | null;
  readonly meta: readonly JsonMember[];
  /** Answers to an `InputRequiredResult`. */
  readonly input: readonly JsonMember[];
  readonly other: readonly JsonMember[];
}

/** Takes a request apart. One place for both, so that nothing is bound that is not shown. */
export function callParts(request: Request, kind: TargetKind): CallParts {
  const { params } = request;
  const named = kind === 'resource' ? 'uri' : 'name';
  const members = params?.members() ?? [];
  const meta = metaOf(params);
  return {
    task: params?.get('task') ?? null,
    meta: (meta?.members() ?? []).filter(({ key }) => !PASSING_META.has(key)),
    input: members.filter(({ key }) => INPUT.has(key)),
    // A `_meta` that is no object is sent on like anything else.
    other: members.filter(({ key }) => key !== named && !PLACED.has(key) && (key !== '_meta' || meta === null)),
  };
}

/** `ApprovalRequest.alsoSent`: the parts as they were sent, as the text of one JSON object; null when there is none. */
export function alsoSent(request: Request, kind: TargetKind): string | null {
  const { task, meta, input, other } = callParts(request, kind);
  const parts: string[] = [];
  if (task !== null) parts.push(`"task":${task.lexeme()}`);
  for (const [name, members] of [['meta', meta], ['input', input], ['other', other]] as const) {
    if (members.length > 0) parts.push(`"${name}":{${members.map(({ key, value }) => `${JSON.stringify(key)}:${value.lexeme()}`).join(',')}}`);
  }
  return parts.length === 0 ? null : `{${parts.join(',')}}`;
}
