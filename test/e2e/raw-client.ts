import type { ChildProcess } from 'node:child_process';
import { LineSplitter } from '../../src/wire/lines.ts';

export interface RawMessage {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };

/** A client on the stdio of a process that writes whatever a test wants, and keeps every line that comes back. */
export class RawClient {
  readonly child: ChildProcess;
  readonly messages: RawMessage[] = [];
  readonly #waiting: { readonly match: (message: RawMessage) => boolean; readonly settle: (message: RawMessage | null) => void }[] = [];
  #stderr = '';
  #ids = 1000;
  #ended = false;

  constructor(child: ChildProcess) {
    this.child = child;
    const lines = new LineSplitter(64 * 1024 * 1024, { line: (line) => this.#message(JSON.parse(line.toString()) as RawMessage), overflow: () => undefined });
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    child.stdin?.on('error', () => undefined);
    child.once('close', () => {
      this.#ended = true;
      for (const { settle } of this.#waiting.splice(0)) settle(null);
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  #message(message: RawMessage): void {
    this.messages.push(message);
    const index = this.#waiting.findIndex(({ match }) => match(message));
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.settle(message);
  }

  write(bytes: string | Buffer): void {
    this.child.stdin?.write(bytes);
  }

  /** The next message that matches; null when the process ends before it comes. */
  next(match: (message: RawMessage) => boolean, timeoutMs = 15_000): Promise<RawMessage | null> {
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such message came; the last ones: ${JSON.stringify(this.messages.slice(-3))}; stderr: ${this.#stderr.slice(-500)}`)), timeoutMs);
      this.#waiting.push({
        match,
        settle: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
      });
    });
  }

  /** Sends a request. @returns its answer, or null when the process ended first */
  request(method: string, params: object = {}, id: number = this.#ids++): Promise<RawMessage | null> {
    const answer = this.next((message) => message.id === id && message.method === undefined);
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return answer;
  }

  call(name: string, args: object = {}): Promise<RawMessage | null> {
    return this.request('tools/call', { name, arguments: args });
  }

  async initialize(): Promise<RawMessage | null> {
    const answer = await this.request('initialize', INITIALIZE);
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }

  /** Closes stdin and waits for the end. */
  async end(): Promise<number | null> {
    this.child.stdin?.end();
    if (!this.#ended) await new Promise<void>((done) => this.child.once('close', () => done()));
    return this.child.exitCode;
  }
}

/** The refusal code of a tool result, or null. */
export function codeOf(answer: RawMessage | null): string | null {
  const meta = answer?.result?.['_meta'] as Record<string, { code: string }> | undefined;
  return meta?.['policylayer/decision']?.code ?? null;
}

/** The text of a tool result. */
export function textOf(answer: RawMessage | null): string {
  return ((answer?.result?.['content'] ?? []) as { text?: string }[]).map(({ text }) => text ?? '').join('');
}
