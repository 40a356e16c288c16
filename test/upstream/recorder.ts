import { parseMessage, type Message } from '../../src/mcp/message.ts';
import { CLIENT_LIMITS } from '../../src/wire/limits.ts';
import type { LinkObserver, UpstreamFailure } from '../../src/upstream/types.ts';
import { eventually } from './processes.ts';

export function message(value: unknown): Message {
  return rawMessage(JSON.stringify(value));
}

export function rawMessage(text: string): Message {
  const parsed = parseMessage(Buffer.from(text), CLIENT_LIMITS);
  if (!parsed.ok) throw new Error(`test sent a malformed message: ${parsed.code}`);
  return parsed.message;
}

export function call(id: number | string, name: string, args: unknown = {}, meta?: unknown): Message {
  return message({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) } });
}

/** Keeps everything that a link reports, in order. */
export class Recorder implements LinkObserver {
  readonly messages: { readonly text: string; readonly message: Message; readonly requestKey: string | null }[] = [];
  readonly dropped: { readonly code: string; readonly sample: string }[] = [];
  readonly failures: { readonly requestKey: string; readonly failure: UpstreamFailure }[] = [];
  readonly log: string[] = [];
  end: { readonly failure: UpstreamFailure | null } | null = null;
  ends = 0;
  drains = 0;
  onMessage: (message: Message) => void = () => undefined;

  message(received: Message, requestKey: string | null): void {
    this.messages.push({ text: received.bytes.toString(), message: received, requestKey });
    this.log.push(received.kind === 'response' ? `response ${received.idKey}` : `${received.kind} ${received.method}`);
    this.onMessage(received);
  }

  garbage(code: string, text: string): void {
    this.dropped.push({ code, sample: text });
    this.log.push(`garbage ${code}`);
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    this.failures.push({ requestKey, failure });
    this.log.push(`failed ${requestKey}`);
  }

  closed(failure: UpstreamFailure | null): void {
    this.end = { failure };
    this.ends += 1;
    this.log.push('closed');
  }

  drain(): void {
    this.drains += 1;
  }

  /** The response to this id, once it has come. */
  async response(idKey: string): Promise<{ readonly text: string; readonly requestKey: string | null; readonly json: unknown }> {
    const find = (): (typeof this.messages)[number] | undefined =>
      this.messages.find((entry) => entry.message.kind === 'response' && entry.message.idKey === idKey);
    await eventually(`response to ${idKey}; so far: ${this.log.slice(-10).join(', ')}`, () => find() !== undefined);
    const entry = find();
    if (entry === undefined) throw new Error('unreachable');
    return { text: entry.text, requestKey: entry.requestKey, json: JSON.parse(entry.text) as unknown };
  }

  async failure(idKey: string): Promise<UpstreamFailure> {
    const find = (): UpstreamFailure | undefined => this.failures.find((entry) => entry.requestKey === idKey)?.failure;
    await eventually(`failure of ${idKey}; so far: ${this.log.slice(-10).join(', ')}`, () => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  async notification(method: string): Promise<void> {
    await eventually(method, () => this.messages.some((entry) => entry.message.kind === 'notification' && entry.message.method === method));
  }

  async ended(): Promise<UpstreamFailure | null> {
    await eventually('the link is closed', () => this.end !== null);
    return this.end?.failure ?? null;
  }
}
