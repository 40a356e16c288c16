import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_DESK, type ApprovalDesk } from '../../src/gateway/approvals/desk.ts';
import { Conversation } from '../../src/gateway/conversation.ts';
import { Principal } from '../../src/gateway/principal.ts';
import { ToolDirectory } from '../../src/gateway/tool-directory.ts';
import { ToolClassifier } from '../../src/gateway/tool-classifier.ts';
import { ToolPins } from '../../src/gateway/pins/tool-pins.ts';
import { parseMessage, type Message } from '../../src/mcp/message.ts';
import { batched } from '../../src/state/batched-admissions.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import { systemClock, type ClockSource } from '../../src/state/store-clock.ts';
import type { JournalRow, State } from '../../src/state/types.ts';
import type { UpstreamFailure } from '../../src/upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { policySet } from './run-harness.ts';

export function parsed(text: string): Message {
  const result = parseMessage(Buffer.from(text), UPSTREAM_LIMITS);
  if (!result.ok) throw new Error(result.message);
  return result.message;
}

/** A conversation without carriers, over the real policy language and a real database: the test is client and upstream. */
export class ConversationHarness {
  readonly directory: string;
  readonly principal: Principal;
  readonly conversation: Conversation;
  readonly state: State;
  /** What the gateway said to the client while a call was being judged. */
  readonly told: Record<string, unknown>[] = [];

  private constructor(principal: Principal, state: State, tools: string, directory: string, desk: ApprovalDesk) {
    this.directory = directory;
    this.principal = principal;
    this.state = state;
    this.conversation = new Conversation({
      gateway: { state, ready: () => null, approvals: desk, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log: () => undefined },
      principal, transport: 'stdio', session: 'x', stateful: true, directory: new ToolDirectory(),
      sendOwn: (message) => {
        const list = parsed(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"tools":${tools}}}`);
        queueMicrotask(() => this.conversation.upstream(list, { on: 'link' }));
      },
      toClient: (_requestKey, bytes) => {
        this.told.push(JSON.parse(bytes.toString()) as Record<string, unknown>);
        return true;
      },
    });
  }

  static async start(policy: string, tools = '[{"name":"pay"},{"name":"wipe"}]', desk: ApprovalDesk = LOCAL_DESK, clock: ClockSource = systemClock): Promise<ConversationHarness> {
    const directory = mkdtempSync(join(tmpdir(), 'policylayer-conversation-'));
    const state = batched(await openState({ path: databasePath(directory), clock }));
    return new ConversationHarness(new Principal('g', 's', await policySet(policy)), state, tools, directory, desk);
  }

  /** What becomes of a message of the client: `forward`, `drop CODE`, or the answer as text. */
  async client(text: string, caller: string | null = null): Promise<string> {
    const verdict = await this.conversation.client(parsed(text), caller);
    return verdict.do === 'answer' ? verdict.bytes.toString() : verdict.do === 'drop' ? `drop ${verdict.code}` : 'forward';
  }

  /** What the client gets of a message of the upstream. */
  upstream(text: string): string {
    const verdict = this.conversation.upstream(parsed(text), { on: 'link' });
    return verdict.do === 'deliver' ? verdict.bytes.toString() : verdict.do === 'drop' ? `drop ${verdict.code}` : verdict.do;
  }

  /** Opens a legacy session of a client with these capabilities. */
  async initialize(capabilities: unknown, version = '2025-11-25'): Promise<void> {
    await this.client(JSON.stringify({ jsonrpc: '2.0', id: 'init', method: 'initialize', params: { protocolVersion: version, capabilities, clientInfo: { name: 'c', version: '1' } } }));
    this.upstream(JSON.stringify({ jsonrpc: '2.0', id: 'init', result: { protocolVersion: version, capabilities: {}, serverInfo: { name: 's', version: '1' } } }));
  }

  /** Resolves when the gateway has told the client something that matches. */
  async said(match: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (let round = 0; round < 400; round += 1) {
      const found = this.told.find(match);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the client was not told; it heard ${JSON.stringify(this.told)}`);
  }

  failed(requestKey: string, reached: boolean): void {
    const failure: UpstreamFailure = { kind: 'unreachable', text: 'gone', status: null, reached };
    this.conversation.failed(requestKey, failure);
  }

  async rows(): Promise<JournalRow[]> {
    await this.state.flush();
    return this.state.query({});
  }

  async close(): Promise<void> {
    this.conversation.end();
    await this.state.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
