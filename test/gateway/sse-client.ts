import { request, type ClientRequest } from 'node:http';
import { SseReader } from '../../src/wire/sse.ts';
import type { HttpHarness, Leg } from './http-harness.ts';

/** A client of the deprecated HTTP+SSE transport. */
export class SseClient {
  readonly #harness: HttpHarness;
  readonly #leg: Leg;
  #address = '';
  #stream: ClientRequest | null = null;
  readonly #answers = new Map<unknown, (message: Record<string, unknown>) => void>();
  readonly #early = new Map<unknown, Record<string, unknown>>();

  private constructor(harness: HttpHarness, leg: Leg) {
    this.#harness = harness;
    this.#leg = leg;
  }

  static open(harness: HttpHarness, leg: Leg): Promise<SseClient> {
    const client = new SseClient(harness, leg);
    return new Promise((resolve, reject) => {
      const stream = request({ host: '127.0.0.1', port: harness.gateway.address.port, path: `/mcp/${leg}/sse`, headers: { authorization: `Bearer ${harness.token(leg)}`, accept: 'text/event-stream' } }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`));
        const reader = new SseReader(1e8, {
          event: (event) => {
            if (event.event === 'endpoint') {
              client.#address = event.data?.toString() ?? '';
              resolve(client);
            } else if (event.data !== null) {
              client.#take(JSON.parse(event.data.toString()) as Record<string, unknown>);
            }
          },
          overflow: () => undefined,
        });
        response.on('data', (chunk: Buffer) => reader.push(chunk));
        response.on('error', () => undefined);
      });
      stream.on('error', () => undefined);
      stream.end();
      client.#stream = stream;
    });
  }

  #take(message: Record<string, unknown>): void {
    const waiting = this.#answers.get(message['id']);
    if (waiting === undefined) this.#early.set(message['id'], message);
    else waiting(message);
  }

  post(body: unknown): void {
    void this.#harness.send({ path: this.#address, headers: { authorization: `Bearer ${this.#harness.token(this.#leg)}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  answer(id: unknown): Promise<Record<string, unknown>> {
    const early = this.#early.get(id);
    return early === undefined ? new Promise((resolve) => this.#answers.set(id, resolve)) : Promise.resolve(early);
  }

  close(): void {
    this.#stream?.destroy();
  }
}
