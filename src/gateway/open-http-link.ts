import { parseMessage, type Message, type Request } from '../mcp/message.ts';
import { declaredVersion } from '../mcp/meta.ts';
import { paramHeadersOf, writeParamHeaders, type ParamHeaders } from '../mcp/param-headers.ts';
import { HttpLink } from '../upstream/http-link.ts';
import type { HttpSpec, LinkObserver, UpstreamFailure, UpstreamLink } from '../upstream/types.ts';
import type { WireLimits } from '../wire/limits.ts';
import { outgoingTraceparent } from './tracing/call-tracer.ts';
import { removeElements, splice } from '../wire/splice.ts';

export interface HttpLinkSetup {
  readonly limits: WireLimits;
  /** The header annotations of a tool that has been listed, or null. */
  readonly headersOf: (tool: string) => ParamHeaders | null;
}

/**
 * A link to an HTTP upstream for a client whose own leg is not HTTP. Here we are the HTTP client, so the client's duties are ours:
 * `Mcp-Param-*` headers are written from the tool's schema, and tools whose annotations are invalid are left out of lists (L8).
 */
export function openHttpLink(spec: HttpSpec, observer: LinkObserver, setup: HttpLinkSetup): UpstreamLink {
  const filter = new InvalidToolFilter(observer, setup.limits);
  const link = new HttpLink(spec, filter, { limits: setup.limits, paramHeaders: (message) => paramHeaders(message, setup), traceparent: outgoingTraceparent });
  return {
    transport: 'http',
    send: (message) => {
      filter.sent(message);
      return link.send(message);
    },
    abort: (idKey) => link.abort(idKey),
    pause: () => link.pause(),
    resume: () => link.resume(),
    close: () => link.close(),
  };
}

function paramHeaders(message: Request, setup: HttpLinkSetup): Record<string, string> {
  if (message.method !== 'tools/call') return {};
  const declared = setup.headersOf(message.params?.get('name')?.text() ?? '')?.headers ?? [];
  return Object.fromEntries(writeParamHeaders(declared, message.params?.get('arguments') ?? null));
}

/** Passes everything on, but for tools with invalid annotations in modern lists. */
class InvalidToolFilter implements LinkObserver {
  readonly #observer: LinkObserver;
  readonly #limits: WireLimits;
  /** Open modern `tools/list` requests. */
  readonly #lists = new Set<string>();

  constructor(observer: LinkObserver, limits: WireLimits) {
    this.#observer = observer;
    this.#limits = limits;
  }

  sent(message: Message): void {
    if (message.kind === 'request' && message.method === 'tools/list' && declaredVersion(message.params) !== null) this.#lists.add(message.idKey);
  }

  message(message: Message, requestKey: string | null): void {
    const filtered = message.kind === 'response' && message.idKey !== null && this.#lists.delete(message.idKey) ? this.#withoutInvalid(message) : message;
    this.#observer.message(filtered, requestKey);
  }

  #withoutInvalid(message: Message): Message {
    const tools = message.kind === 'response' ? (message.result?.get('tools') ?? null) : null;
    if (tools === null) return message;
    const items = tools.elements();
    const edits = removeElements(tools, (index) => !paramHeadersOf(items[index]?.get('inputSchema') ?? null).valid);
    if (edits.length === 0) return message;
    const parsed = parseMessage(splice(message.bytes, edits), this.#limits);
    return parsed.ok ? parsed.message : message;
  }

  garbage(code: string, sample: string): void {
    this.#observer.garbage(code, sample);
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    this.#lists.delete(requestKey);
    this.#observer.failed(requestKey, failure);
  }

  closed(failure: UpstreamFailure | null): void {
    this.#observer.closed(failure);
  }

  drain(): void {
    this.#observer.drain();
  }
}
