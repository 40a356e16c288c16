import type { JsonNode } from '../../wire/json-node.ts';
import { metaOf } from '../../mcp/meta.ts';
import type { Request } from '../../mcp/message.ts';

/** Where a span begins: what is known when a request arrives. */
export interface SpanStart {
  readonly method: string;
  readonly server: string;
  readonly grant: string;
  /** Id of a session of ours; never sent as it is. */
  readonly session: string | null;
  readonly transport: 'stdio' | 'http' | 'sse';
  readonly protocol: string | null;
  /** The JSON-RPC id as text. */
  readonly requestId: string;
  readonly parent: TraceParent | null;
}

/** What was decided about a call, as its journal row says it. Never an argument. */
export interface SpanDecision {
  readonly outcome: 'forwarded' | 'refused' | 'rejected' | 'cancelled';
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: string;
  readonly code: string | null;
  readonly rule: string | null;
  readonly policy: string | null;
  /** Id of the journal row. */
  readonly decision: string;
}

/** One call, from its arrival to its answer. */
export interface CallSpan {
  /** For the header `traceparent` of what is sent on because of this call (W3C trace context). */
  readonly traceparent: string;
  decided(decision: SpanDecision): void;
  /** Ends the span; a second end is ignored. @param errorType stable slug; null: it went well @param status JSON-RPC error code or HTTP status of the upstream */
  end(errorType: string | null, status?: string | null): void;
}

/** Makes spans. The gateway knows no more of tracing than this. */
export interface CallTracer {
  begin(start: SpanStart): CallSpan;
}

/** A W3C `traceparent` that was read, with the `tracestate` beside it. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly state: string | null;
}

const MAX_STATE = 512;

/** Reads a `traceparent` (W3C Trace Context section 3.2). @returns null when it is not valid: then there is no parent */
export function readTraceParent(text: string | null, state: string | null): TraceParent | null {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text ?? '');
  if (match === null) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined) || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state: state !== null && state.length <= MAX_STATE ? state : null };
}

/**
 * The parent of a request: its own `_meta` (SEP-414), which names the operation of the client, before the header of the HTTP request that carried it.
 * @param header `traceparent` and `tracestate` of the HTTP request; null where there is none
 */
export function parentOf(params: JsonNode | null, header: { readonly parent: string | null; readonly state: string | null } | null): TraceParent | null {
  const meta = metaOf(params);
  const text = (key: string): string | null => meta?.get(key)?.text() ?? null;
  return readTraceParent(text('traceparent'), text('tracestate')) ?? (header === null ? null : readTraceParent(header.parent, header.state));
}

/** `traceparent` by the request that is sent on. Links know messages, and nothing of calls. */
const outgoing = new WeakMap<Request, string>();

/** Notes the span under which a request goes on to its upstream. */
export function noteOutgoing(request: Request, span: CallSpan): void {
  outgoing.set(request, span.traceparent);
}

/** A request that was translated goes on under the span of the one that it was made from. @returns `made` */
export function continueTrace(request: Request, made: Request): Request {
  const traceparent = outgoing.get(request);
  if (traceparent !== undefined) outgoing.set(made, traceparent);
  return made;
}

/** The header for a request that is sent on; null where nothing traces it: then what the client sent passes. */
export function outgoingTraceparent(request: Request): string | null {
  return outgoing.get(request) ?? null;
}
