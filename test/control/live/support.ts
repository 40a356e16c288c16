import { createHash, randomBytes } from 'node:crypto';
import type { ApprovalRequest, JournalEntry, State } from '../../../src/state/types.ts';

/** A journal row; what is not said is empty. */
export function entry(over: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: randomBytes(12).toString('base64url'), server: 'tickets', grant: 'agent', session: null, transport: 'http', protocol: null, method: 'tools/call', name: 'read_ticket', requestId: '1', outcome: 'forwarded', code: null,
    rule: '/tools/read_ticket', policy: 'p@1', reason: null, retryAfterMs: null, observed: null, argKeys: ['id'], argHash: 'h', argValues: null, upstreamStatus: null, latencyMs: null, ...over,
  };
}

const SCOPE = { server: 'tickets', grant: 'agent', session: null, name: 'read_ticket' };

/** A call that is let through; it ends when it is settled. */
export async function admit(state: State, over: Partial<JournalEntry> = {}): Promise<string> {
  const row = entry(over);
  await state.admit([], { ...SCOPE, server: row.server }, row);
  return row.id;
}

/** Asks for an approval and gives its id. */
export async function ask(state: State, over: Partial<ApprovalRequest> = {}): Promise<string> {
  const answer = await state.requestApproval({
    digest: createHash('sha256').update(randomBytes(8)).digest('hex'), server: 'tickets', grant: 'agent', session: null, kind: 'tool', method: 'tools/call', name: 'close_ticket', argumentsText: '{"id": 7}', alsoSent: '{"meta":{"x":1}}',
    definitionHash: null, policies: 'p@1', policyId: 'p@1', rule: '/tools/close_ticket', reason: 'closing is final', needed: 1, approvers: null, via: ['cli', 'dashboard'], timeoutMs: 600_000, ...over,
  });
  if (!('record' in answer)) throw new Error(`the request was refused: ${answer.status}`);
  return answer.record.id;
}

export interface Received {
  readonly id: string | null;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into events of any form
  readonly data: any;
}

/** The events of one stream as they come. */
export class Listening {
  readonly events: Received[] = [];
  ended = false;
  readonly #abort = new AbortController();

  static async open(client: { raw(path: string, options?: object): Promise<Response> }, headers: Readonly<Record<string, string>> = {}): Promise<Listening> {
    const listening = new Listening();
    const response = await client.raw('/events', { headers, signal: listening.#abort.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`the stream answered ${response.status}: ${await response.text()}`);
    void listening.#read(response.body).catch(() => undefined).finally(() => (listening.ended = true));
    return listening;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  #take(block: string): void {
    const fields = new Map(block.split('\n').filter((line) => !line.startsWith(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]));
    if (fields.has('data')) this.events.push({ id: fields.get('id') ?? null, event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? 'null') });
  }

  of(event: string): Received[] {
    return this.events.filter((one) => one.event === event);
  }

  close(): void {
    this.#abort.abort();
  }
}
