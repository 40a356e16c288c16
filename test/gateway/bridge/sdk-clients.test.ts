import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, test } from 'vitest';
import { runStdio } from '../../../src/gateway/run.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import { LineSplitter } from '../../../src/wire/lines.ts';
import { eventually } from '../../upstream/processes.ts';
import { policySet } from '../run-harness.ts';
import { spec, type Fixture } from './harness.ts';

/** A transport of either SDK whose other end is a real gateway on stdio: policy, journal, bridge and child process. */
class GatewayTransport {
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly lines: string[] = [];
  readonly #input = new PassThrough();
  readonly #output = new PassThrough();
  readonly #fixture: Fixture;
  readonly #policy: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'policylayer-bridge-'));
  #exit: Promise<number> | null = null;

  constructor(fixture: Fixture, policy = 'version: "1"\ndefault: allow\n') {
    this.#fixture = fixture;
    this.#policy = policy;
  }

  async start(): Promise<void> {
    const splitter = new LineSplitter(64 * 1024 * 1024, {
      line: (line) => {
        this.lines.push(line.toString());
        // One message per turn: both SDKs run notification handlers later than they settle answers.
        setImmediate(() => this.onmessage?.(JSON.parse(line.toString()) as never));
      },
      overflow: () => undefined,
    });
    this.#output.on('data', (chunk: Buffer) => splitter.push(chunk));
    const errors = new PassThrough();
    errors.resume();
    this.#exit = runStdio({
      server: 'bridged', label: 'test', policies: await policySet(this.#policy), watch: () => () => undefined, bridge: true, trustedAnnotations: false, drift: 'hold' as const,
      upstream: { kind: 'command', spec: spec(this.#fixture) }, openState: () => openState({ path: databasePath(this.#directory) }),
      keepArguments: false, input: this.#input, output: this.#output, errors, log: () => undefined, signal: new AbortController().signal,
    });
    void this.#exit.then(() => this.onclose?.());
  }

  async send(message: unknown): Promise<void> {
    this.#input.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.#input.end();
    await this.#exit;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

let close: (() => Promise<void>) | null = null;
afterEach(async () => {
  await close?.();
  close = null;
});

const CAPABILITIES = { capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} } };
const SAID = { role: 'assistant' as const, content: { type: 'text' as const, text: 'Paris' }, model: 'm' };
const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

async function legacy(fixture: Fixture, policy?: string): Promise<{ client: LegacyClient; transport: GatewayTransport }> {
  const client = new LegacyClient({ name: 'old', version: '1' }, CAPABILITIES);
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
  client.setRequestHandler(CreateMessageRequestSchema, () => SAID);
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///a' }] }));
  const transport = new GatewayTransport(fixture, policy);
  await client.connect(transport as never);
  close = () => client.close();
  return { client, transport };
}

async function modern(fixture: Fixture, policy?: string): Promise<{ client: ModernClient; transport: GatewayTransport }> {
  const client = new ModernClient({ name: 'new', version: '1' }, { ...CAPABILITIES, versionNegotiation: { mode: { pin: '2026-07-28' } } });
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
  client.setRequestHandler('sampling/createMessage', () => SAID);
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///a' }] }));
  const transport = new GatewayTransport(fixture, policy);
  await client.connect(transport as never);
  close = () => client.close();
  return { client, transport };
}

describe('a client of SDK 1.x and a server of 2026-07-28 only', () => {
  test('list, call, read, complete and fail', async () => {
    const { client } = await legacy('modern-server');
    expect(client.getServerVersion()).toEqual({ name: 'modern-only', version: '2.0.0' });
    expect(client.getInstructions()).toBe('New.');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    expect(textOf(await client.callTool({ name: 'echo', arguments: { a: 1 } }))).toBe('{"a":1}');
    expect((await client.callTool({ name: 'shaped' })).structuredContent).toEqual({ a: 1 });
    expect((await client.callTool({ name: 'fail' })).isError).toBe(true);
    expect(textOf(await client.callTool({ name: 'number' }))).toBe('42');
    expect((await client.readResource({ uri: 'test://watched' })).contents).toMatchObject([{ text: 'content' }]);
    await expect(client.readResource({ uri: 'test://none' })).rejects.toMatchObject({ code: -32002 });
    expect((await client.getPrompt({ name: 'greet' })).messages).toHaveLength(1);
    expect((await client.complete({ ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'x', value: '' } })).completion.values).toEqual(['a', 'b']);
    await client.ping();
    const progress: number[] = [];
    await client.callTool({ name: 'progress' }, undefined, { onprogress: ({ progress: at }) => progress.push(at) });
    expect(progress).toEqual([1, 2]);
  });

  test('answer what calls require, and hear of changes', async () => {
    const { client } = await legacy('modern-server');
    expect(textOf(await client.callTool({ name: 'ask' }))).toContain('Ada');
    expect(JSON.parse(textOf(await client.callTool({ name: 'ask_many' })))).toEqual({ name: 'Ada', model: SAID, where: { roots: [{ uri: 'file:///a' }] } });
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    await client.subscribeResource({ uri: 'test://watched' });
    await client.callTool({ name: 'change' });
    await eventually('the update', () => updated.length > 0);
    expect(updated).toEqual(['test://watched']);
  });

  test('are held to the policy: a denied feature is declined, a denied tool never called', async () => {
    const { client } = await legacy('modern-server', 'version: "1"\ndefault: allow\ntools:\n  echo: deny\nclient:\n  elicitation: deny\n');
    expect(textOf(await client.callTool({ name: 'ask' }))).toContain('decline');
    expect((await client.callTool({ name: 'echo' })).isError).toBe(true);
  });
});

describe('a client of SDK 2.x and a server of older revisions only', () => {
  test('list, call, read, complete and fail', async () => {
    const { client } = await modern('legacy-server');
    expect(client.getServerVersion()).toMatchObject({ name: 'legacy-only', version: '1.2.3' });
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    expect(textOf(await client.callTool({ name: 'echo', arguments: { a: 1 } }))).toBe('{"a":1}');
    expect((await client.callTool({ name: 'fail', arguments: {} })).isError).toBe(true);
    expect((await client.readResource({ uri: 'test://watched' })).contents).toMatchObject([{ text: 'content' }]);
    await expect(client.readResource({ uri: 'test://none' })).rejects.toMatchObject({ code: -32602 });
    expect((await client.getPrompt({ name: 'greet' })).messages).toHaveLength(1);
    expect((await client.complete({ ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'x', value: '' } })).completion.values).toEqual(['a', 'b']);
    const progress: number[] = [];
    await client.callTool({ name: 'progress', arguments: {} }, { onprogress: ({ progress: at }) => void progress.push(at) });
    expect(progress).toEqual([1, 2]);
  });

  test('answer what servers ask in the middle of calls', async () => {
    const { client } = await modern('legacy-server');
    expect(textOf(await client.callTool({ name: 'ask', arguments: {} }))).toContain('Ada');
    expect(textOf(await client.callTool({ name: 'ask_twice', arguments: {} }))).toContain('Ada');
    expect(textOf(await client.callTool({ name: 'ask_both', arguments: {} }))).toContain('Ada');
    expect(textOf(await client.callTool({ name: 'sample', arguments: {} }))).toContain('Paris');
    expect(textOf(await client.callTool({ name: 'roots', arguments: {} }))).toContain('file:///a');
  });

  test('are held to the policy: a denied feature is not offered, a denied tool never called', async () => {
    const { client } = await modern('legacy-server', 'version: "1"\ndefault: allow\ntools:\n  echo: deny\nclient:\n  elicitation: deny\n');
    expect(textOf(await client.callTool({ name: 'ask_anyway', arguments: {} }))).toContain('refused');
    expect((await client.callTool({ name: 'echo', arguments: {} })).isError).toBe(true);
  });
});
