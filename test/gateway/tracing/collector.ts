import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly status: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

interface OtlpValue { readonly stringValue?: string; readonly intValue?: string | number; readonly boolValue?: boolean; readonly doubleValue?: number }
interface OtlpSpan {
  readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly kind: number; readonly status?: { readonly code?: number };
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[];
}

/** A collector of OTLP over HTTP with JSON (OTLP specification 1.x, "OTLP/HTTP"): a real server that keeps what it is sent. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  readonly bodies: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #server: Server;

  private constructor(answer: number) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (request.url === '/v1/traces' && answer === 200) this.#take(text);
        this.headers.push(request.headers);
        response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  /** @param answer the status of every export */
  static async start(answer = 200): Promise<Collector> {
    const collector = new Collector(answer);
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take(text: string): void {
    this.bodies.push(text);
    const document = JSON.parse(text) as { readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[] };
    for (const { scopeSpans } of document.resourceSpans) for (const { spans } of scopeSpans) for (const span of spans) {
      const attributes = Object.fromEntries((span.attributes ?? []).map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue)]));
      this.spans.push({ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId ?? '', name: span.name, kind: span.kind, status: span.status?.code ?? 0, attributes });
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
