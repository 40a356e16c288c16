import { createHash, randomBytes } from 'node:crypto';
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { bounded } from '../recorder.ts';
import type { CallSpan, CallTracer, SpanDecision, SpanStart, TraceParent } from './call-tracer.ts';

export interface OtelOptions {
  /** Base URL of an OTLP/HTTP collector, or null: as the variables OTEL_EXPORTER_OTLP_* say. */
  readonly endpoint: string | null;
  /** Sent with every export: credentials for the collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** Part of the traces without a sampled parent that is kept, from 0 to 1. */
  readonly sample: number;
  readonly version: string;
}

export interface OtelTracing extends CallTracer {
  /** Sends what waits, and ends. Takes 5 s at most, whatever the collector does. */
  close(): Promise<void>;
}

const CLOSE_MS = 5_000;
const MAX_NAME = 256;

/** Traces of calls, sent to an OTLP/HTTP collector in batches beside the calls: a collector that is gone costs spans, never a call. */
export function openOtelTracing({ endpoint, headers, sample, version }: OtelOptions): OtelTracing {
  const ratio = new TraceIdRatioBasedSampler(sample);
  const exporter = new OTLPTraceExporter({ headers: { ...headers }, timeoutMillis: CLOSE_MS, ...(endpoint === null ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }) });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': process.env['OTEL_SERVICE_NAME'] ?? 'policylayer', 'service.version': version, 'service.instance.id': randomBytes(8).toString('hex') }),
    // A caller must not be able to hide its calls with a flag, so "not sampled" of a remote parent decides nothing.
    sampler: new ParentBasedSampler({ root: ratio, remoteParentNotSampled: ratio }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, exportTimeoutMillis: CLOSE_MS })],
  });
  const tracer = provider.getTracer('policylayer', version);
  // Session ids open sessions, so they leave only as a hash that nobody can look up.
  const salt = randomBytes(16);
  return {
    begin: (start) => new OtelSpan(tracer, start, start.session === null ? null : createHash('sha256').update(salt).update(start.session).digest('hex').slice(0, 32)),
    close: async () => {
      const late = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

class OtelSpan implements CallSpan {
  readonly traceparent: string;
  readonly #span: Span;
  readonly #method: string;
  #decision: SpanDecision | null = null;
  #ended = false;

  constructor(tracer: Tracer, start: SpanStart, session: string | null) {
    const method = bounded(start.method, 128);
    const attributes: Attributes = {
      'mcp.method.name': method, 'jsonrpc.request.id': bounded(start.requestId, 64), 'network.transport': start.transport === 'stdio' ? 'pipe' : 'tcp',
      'policylayer.server': start.server, 'policylayer.grant': start.grant,
    };
    if (start.protocol !== null) attributes['mcp.protocol.version'] = start.protocol;
    if (session !== null) attributes['mcp.session.id'] = session;
    this.#method = method;
    this.#span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, contextOf(start.parent));
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  decided(decision: SpanDecision): void {
    this.#decision = decision;
    const { outcome, kind, code, rule, policy } = decision;
    const name = bounded(decision.name, MAX_NAME);
    this.#span.setAttributes({
      'policylayer.decision.outcome': outcome, 'policylayer.decision.id': decision.decision,
      ...(code === null ? {} : { 'policylayer.decision.code': code }), ...(rule === null ? {} : { 'policylayer.decision.rule': rule }), ...(policy === null ? {} : { 'policylayer.decision.policy': policy }),
      ...(kind === 'tool' ? { 'gen_ai.tool.name': name, 'gen_ai.operation.name': 'execute_tool' } : kind === 'prompt' ? { 'gen_ai.prompt.name': name } : { 'mcp.resource.uri': withoutQuery(name) }),
    });
    // Names of what was refused may be made up: they are no names of spans, by which collectors group.
    if (outcome === 'forwarded' && kind !== 'resource') this.#span.updateName(`${this.#method} ${name}`);
  }

  end(errorType: string | null, status: string | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    const type = errorType ?? (this.#decision !== null && this.#decision.outcome !== 'forwarded' ? (this.#decision.code ?? this.#decision.outcome) : null);
    if (status !== null) this.#span.setAttribute('rpc.response.status_code', bounded(status, 64));
    if (type !== null) {
      this.#span.setAttribute('error.type', type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** What stands behind the question mark of a URI is an argument in all but name. */
function withoutQuery(uri: string): string {
  return uri.replace(/[?#].*$/s, '');
}

function contextOf(parent: TraceParent | null): Context {
  if (parent === null) return ROOT_CONTEXT;
  const { traceId, spanId, flags, state } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags & 1, isRemote: true, ...(state === null ? {} : { traceState: createTraceState(state) }) });
}
