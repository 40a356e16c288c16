import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { World } from '../world.ts';
import { fixture } from '../world.ts';
import type { Conversation, Exchange, Step } from './conversation.ts';
import type { OddJson } from './odd-json.ts';

/** One line of the client and what the server writes when it has read it. */
interface Turn {
  readonly line: Buffer;
  readonly pieces: readonly Buffer[];
}

/** Lines that the client writes at once, before it waits for everything that the server writes about them. */
export type StdioPlan = readonly (readonly Turn[])[];

export interface StdioTrace {
  /** What the server read, and what the client read, line by line. */
  readonly up: readonly Buffer[];
  readonly down: readonly Buffer[];
}

const line = (text: string, end = '\n'): Buffer => Buffer.from(text + end);

/** Lays a conversation out as lines. Now and then several requests go out at once and are answered in another order. */
export function stdioPlan(odd: OddJson, talk: Conversation): StdioPlan {
  const plan: (readonly Turn[])[] = [];
  // Until the first call has been decided, later messages may overtake it.
  for (const step of [...talk.opening, firstCall(talk)]) plan.push(...turnsOf(odd, step));
  let waiting: Exchange[] = [];
  const burst = (): void => {
    const answers = odd.shuffle(waiting.map(({ answer }) => line(answer ?? '')));
    if (waiting.length > 0) plan.push(waiting.map(({ request }, index) => ({ line: line(request), pieces: index === waiting.length - 1 ? answers : [] })));
    waiting = [];
  };
  for (const step of talk.steps) {
    if (step.kind === 'exchange' && step.exchange.before.length === 0 && step.exchange.cancel === null && odd.once(2)) {
      waiting.push(step.exchange);
      continue;
    }
    burst();
    plan.push(...turnsOf(odd, step));
  }
  burst();
  return plan;
}

function firstCall(talk: Conversation): Step {
  const meta = talk.era === 'modern' ? ', "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}' : '';
  const exchange: Exchange = { request: `{"jsonrpc":"2.0","id":"first","method":"tools/call","params":{"name":"plain"${meta}}}`, method: 'tools/call', name: 'plain', before: [], cancel: null, answer: '{"jsonrpc":"2.0","id":"first","result":{"content":[]}}' };
  return { kind: 'exchange', exchange };
}

/** Every line that the client sends, with what comes back for it. */
function turnsOf(odd: OddJson, step: Step): (readonly Turn[])[] {
  const end = (): string => odd.pick(['\n', '\n', '\r\n']);
  if (step.kind === 'aside') return [[{ line: line(step.notification, end()), pieces: step.unsolicited.map((text) => line(text)) }]];
  const { request, before, cancel, answer } = step.exchange;
  const turns: { line: Buffer; pieces: Buffer[] }[] = [{ line: line(request, end()), pieces: [] }];
  for (const { text, reply } of before) {
    turns.at(-1)?.pieces.push(line(text, end()));
    if (reply !== null) turns.push({ line: line(reply, end()), pieces: [] });
  }
  if (cancel !== null) turns.push({ line: line(cancel, end()), pieces: [] });
  if (answer !== null) turns.at(-1)?.pieces.push(...cut(odd, line(answer, end())));
  return turns.map((turn) => [turn]);
}

/** Writes may break a line anywhere, also within a character. */
function cut(odd: OddJson, bytes: Buffer): Buffer[] {
  const at = odd.int(0, bytes.length);
  return odd.once(2) ? [bytes] : [bytes.subarray(0, at), bytes.subarray(at)];
}

const LOST_MS = 10_000;

/**
 * Plays a plan against the echo server.
 * @param front what stands before the server's command; empty for the direct way
 */
export async function playStdio(world: World, name: string, plan: StdioPlan, front: readonly string[]): Promise<StdioTrace> {
  const script = world.path(`${name}.script.json`);
  const record = world.path(`${name}.record`);
  writeFileSync(script, JSON.stringify({ lines: plan.flat().map(({ pieces }) => pieces.map((piece) => piece.toString('base64'))) }));
  const [command, ...args] = [...front, process.execPath, fixture('byte-echo.mjs'), '--stdio', '--script', script, '--record', record];
  const child = spawn(command, args, { cwd: world.directory, env: world.env, stdio: ['pipe', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  let lines = 0;
  let wake = (): void => undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
    wake();
  });
  child.stdin.on('error', () => undefined);
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  let expected = 0;
  for (const turns of plan) {
    child.stdin.write(Buffer.concat(turns.map((turn) => turn.line)));
    for (const { pieces } of turns) for (const byte of Buffer.concat(pieces)) if (byte === 0x0a) expected += 1;
    const deadline = performance.now() + LOST_MS;
    while (lines < expected && performance.now() < deadline && child.exitCode === null) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, 1_000);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    if (lines < expected) break;
  }
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), LOST_MS);
  await closed;
  clearTimeout(timer);
  return { up: splitLines(readFileSync(record)), down: splitLines(Buffer.concat(chunks)) };
}

/** Messages of a stream; a carriage return before the line break is framing. */
function splitLines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(0x0a, start);
    const stop = at < 0 ? bytes.length : at;
    found.push(bytes.subarray(start, bytes[stop - 1] === 0x0d ? stop - 1 : stop));
    start = stop + 1;
  }
  return found;
}
