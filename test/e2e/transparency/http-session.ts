import { request as httpRequest } from 'node:http';
import { SseReader } from '../../../src/wire/sse.ts';
import type { Conversation, Exchange, Step } from './conversation.ts';
import type { OddJson } from './odd-json.ts';

/** What byte-echo answers; see there. */
export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
  /** Null waits for the next POST. */
  readonly pieces: readonly (Buffer | null)[];
  readonly hold?: boolean;
}

export interface HttpAction {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Raw pairs; `Host` and the way's own `Authorization` are added. */
  readonly headers: readonly string[];
  readonly body: string | null;
  readonly answer: HttpAnswer;
  /** Sent while this request is still open: each when everything has come that stands before its `null` in the answer. */
  readonly during: readonly HttpAction[];
  /** The client leaves when this many bytes have come. */
  readonly leaveAfter: number | null;
}

export interface HttpExchangeTrace {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface HttpTrace {
  /** Answers in the order of the plan, those of nested actions after their parent. */
  readonly answers: readonly HttpExchangeTrace[];
  readonly received: readonly { readonly method: string; readonly url: string; readonly headers: readonly string[]; readonly body: Buffer; readonly cut: boolean }[];
}

const LOST_MS = 8_000;
const NEVER_ENDED = ', never ended';

/** Lays a conversation out as HTTP requests and the answers to them. */
export function httpPlan(odd: OddJson, talk: Conversation): HttpAction[] {
  return new HttpWriter(odd, talk).plan();
}

class HttpWriter {
  readonly #odd: OddJson;
  readonly #talk: Conversation;
  readonly #session: string | null;
  #opened = false;
  #events = 0;

  constructor(odd: OddJson, talk: Conversation) {
    this.#odd = odd;
    this.#talk = talk;
    this.#session = talk.era === 'legacy' && !talk.sessionless ? `s-${odd.int(1, 1_000_000_000)}-${odd.pick(['~', '!x', 'a/b+c=='])}` : null;
  }

  plan(): HttpAction[] {
    const plan = [...this.#talk.opening, ...this.#talk.steps].flatMap((step) => this.#actions(step));
    if (this.#session === null) return plan;
    return [...plan, this.#bare('DELETE', this.#odd.pick([{ status: 200, reason: 'OK' }, { status: 204, reason: 'Gone Now' }, { status: 405, reason: 'Method Not Allowed' }]), '')];
  }

  #actions(step: Step): HttpAction[] {
    if (step.kind === 'exchange') return this.#exchange(step.exchange);
    const posted = this.#post(step.notification, null, this.#accepted());
    if (this.#talk.era === 'modern' || this.#session === null || step.unsolicited.length === 0) return [posted];
    const stream = this.#bare('GET', { status: 200, reason: 'OK' }, step.unsolicited.map((text) => this.#event(text, '\n')).join(''), ['Accept', 'text/event-stream']);
    return this.#odd.once(3) ? [posted, this.#bare('GET', { status: 405, reason: 'Nope' }, 'no stream here')] : [posted, stream];
  }

  #exchange(exchange: Exchange): HttpAction[] {
    const { request, before, cancel, answer } = exchange;
    const modernCancel = cancel !== null && this.#talk.era === 'modern';
    if (before.length === 0 && cancel === null && !this.#odd.once(3)) return [this.#post(request, exchange, this.#json(answer ?? ''))];
    const end = this.#odd.pick(['\n', '\n', '\r\n', '\r']);
    const pieces: (Buffer | null)[] = [];
    const during: HttpAction[] = [];
    const write = (text: string): void => void pieces.push(...this.#cut(Buffer.from(text)));
    if (this.#odd.once(2)) write(this.#odd.once(2) ? `: hello${end}${end}` : this.#prime(end));
    for (const { text, reply } of before) {
      write(this.#event(text, end));
      if (reply === null) continue;
      pieces.push(null);
      during.push(this.#post(reply, null, this.#accepted()));
    }
    if (modernCancel) {
      const bytes = pieces.reduce((sum, piece) => sum + (piece?.length ?? 0), 0);
      return [{ ...this.#post(request, exchange, { ...this.#stream(pieces), hold: true }), leaveAfter: bytes }];
    }
    if (cancel !== null) {
      pieces.push(null);
      during.push(this.#post(cancel, null, this.#accepted()));
    }
    const resumed = answer !== null && cancel === null && this.#talk.era === 'legacy' && this.#session !== null && this.#odd.once(4);
    if (resumed) write(this.#prime(end));
    else if (answer !== null) write(this.#event(answer, end));
    const posted = { ...this.#post(request, exchange, this.#stream(pieces)), during };
    if (!resumed) return [posted];
    const id = `e${this.#events}`;
    return [posted, this.#bare('GET', { status: 200, reason: 'OK' }, `: again\n\n${this.#event(answer, '\n')}`, ['Accept', 'text/event-stream', 'Last-Event-ID', id])];
  }

  #prime(end: string): string {
    this.#events += 1;
    return `id: e${this.#events}${end}retry: ${this.#odd.int(1, 5000)}${end}data:${this.#odd.pick(['', ' '])}${end}${end}`;
  }

  /** One event with this message, in any of the spellings that event streams have. */
  #event(text: string, end: string): string {
    this.#events += 1;
    const space = this.#odd.pick([' ', '']);
    // A space after the colon would be taken for the optional one.
    const data = text.split(/\r\n|\r|\n/).map((line) => `data:${space === '' && line.startsWith(' ') ? ' ' : space}${line}`);
    const others = [
      ...(this.#odd.once(2) ? [`id:${space}e${this.#events}`] : []),
      ...(this.#odd.once(2) ? [`event:${space}message`] : []),
      ...(this.#odd.once(4) ? ['retry: 1500'] : []),
      ...(this.#odd.once(4) ? [': a comment'] : []),
      ...(this.#odd.once(4) ? ['x-unknown: field', 'y'] : []),
    ];
    const split = this.#odd.int(0, others.length);
    return [...others.slice(0, split), ...data, ...others.slice(split), '', ''].join(end);
  }

  #cut(bytes: Buffer): Buffer[] {
    if (!this.#odd.once(3)) return [bytes];
    const at = this.#odd.int(0, bytes.length);
    return [bytes.subarray(0, at), bytes.subarray(at)].filter((piece) => piece.length > 0);
  }

  #post(body: string, exchange: Exchange | null, answer: HttpAnswer): HttpAction {
    const headers = [
      'Content-Type', this.#odd.pick(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']),
      'Accept', this.#odd.pick(['application/json, text/event-stream', 'text/event-stream;q=0.9,application/json', '*/*']),
      ...this.#protocolHeaders(exchange), ...this.#strangeHeaders(),
      ...(this.#odd.once(4) ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(Buffer.byteLength(body))]),
    ];
    const opening = exchange?.method === 'initialize' && this.#session !== null ? ['mcp-session-ID', this.#session] : [];
    if (exchange?.method === 'initialize') this.#opened = true;
    return { method: 'POST', headers, body, answer: { ...answer, headers: [...answer.headers, ...opening] }, during: [], leaveAfter: null };
  }

  #bare(method: 'GET' | 'DELETE', line: { readonly status: number; readonly reason: string }, text: string, headers: readonly string[] = []): HttpAction {
    const stream = text.includes('data:');
    const type = stream ? ['Content-Type', 'text/event-stream'] : text === '' ? [] : ['Content-Type', 'text/plain', 'Allow', 'POST'];
    return {
      method, headers: [...(method === 'GET' && headers.length === 0 ? ['Accept', 'text/event-stream'] : headers), ...this.#protocolHeaders(null), ...this.#strangeHeaders()], body: null,
      answer: { ...line, headers: [...type, ...this.#strangeHeaders()], pieces: text === '' ? [] : stream ? this.#cut(Buffer.from(text)) : [Buffer.from(text)] }, during: [], leaveAfter: null,
    };
  }

  #protocolHeaders(exchange: Exchange | null): string[] {
    const { era, version } = this.#talk;
    if (era === 'modern') {
      const mirrored = exchange === null ? [] : ['Mcp-Method', exchange.method, ...(exchange.name === null ? [] : ['Mcp-Name', headerText(exchange.name)])];
      return ['MCP-Protocol-Version', version, ...mirrored, ...(this.#odd.once(4) && exchange?.method === 'tools/call' ? ['Mcp-Param-Unknown', 'x'] : [])];
    }
    if (!this.#opened) return [];
    return [...(this.#session === null ? [] : ['Mcp-Session-Id', this.#session]), ...(version >= '2025-06-18' || this.#odd.once(2) ? ['mcp-protocol-version', version] : [])];
  }

  #strangeHeaders(): string[] {
    const pool = [['X-Request-Id', 'r-1'], ['x-ODD-Case', '  spaced  '.trim()], ['X-Latin', 'caf\u00e9'], ['X-Twice', 'one'], ['X-Twice', 'two'], ['Cache-Control', 'no-cache, no-transform'], ['Traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'], ['X-Empty', '']] as const;
    return pool.flatMap(([name, value]) => (this.#odd.once(4) ? [name, value] : []));
  }

  #accepted(): HttpAnswer {
    const [status, reason] = this.#odd.pick([[202, 'Accepted'], [202, 'Taken'], [204, 'No Content'], [200, 'OK']] as const);
    return { status, reason, headers: this.#strangeHeaders(), pieces: [] };
  }

  #json(text: string): HttpAnswer {
    const bytes = Buffer.from(text);
    const length = this.#odd.once(2) ? ['Content-Length', String(bytes.length)] : [];
    const isError = text.includes('"error"');
    const [status, reason] = isError ? this.#odd.pick([[200, 'OK'], [400, 'Bad'], [500, 'Oh No']] as const) : this.#odd.pick([[200, 'OK'], [200, 'Fine']] as const);
    return { status, reason, headers: ['Content-Type', this.#odd.pick(['application/json', 'application/json; charset=utf-8', 'application/JSON']), ...length, ...this.#strangeHeaders()], pieces: [bytes] };
  }

  #stream(pieces: readonly (Buffer | null)[]): HttpAnswer {
    return { status: 200, reason: 'OK', headers: ['Content-Type', this.#odd.pick(['text/event-stream', 'text/event-stream; charset=utf-8']), 'X-Accel-Buffering', 'no', ...this.#strangeHeaders()], pieces };
  }
}

/** A header value as S26 wants it: what is not plain ASCII goes as base64. */
function headerText(plain: string): string {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(plain) && !plain.startsWith('=?') ? plain : `=?base64?${Buffer.from(plain).toString('base64')}?=`;
}

/**
 * Plays a plan against byte-echo.
 * @param echo URL of the echo server, for its script and record
 * @param target where the client connects: the same URL, or the gateway
 */
export async function playHttp(echo: URL, target: URL, authorization: string | null, plan: readonly HttpAction[]): Promise<HttpTrace> {
  const control = new URL('/control', echo);
  const inOrder = plan.flatMap((action) => [action, ...action.during]);
  const script = Object.fromEntries((['POST', 'GET', 'DELETE'] as const).map((method) => [method, inOrder.filter((action) => action.method === method).map(({ answer }) => ({ ...answer, pieces: answer.pieces.map((piece) => piece?.toString('base64') ?? null) }))]));
  await fetch(control, { method: 'POST', body: JSON.stringify(script) });
  const answers: HttpExchangeTrace[] = [];
  for (const action of plan) {
    const nested: HttpExchangeTrace[] = [];
    const own = await perform(target, authorization, action, async (inner) => void nested.push(await perform(target, authorization, inner, async () => undefined)));
    answers.push(own, ...nested);
    // What follows would only be late as well.
    if (own.status.endsWith(NEVER_ENDED)) break;
  }
  const record = (await (await fetch(control)).json()) as { method: string; url: string; headers: string[]; body: string; cut: boolean }[];
  return { answers, received: record.map((entry) => ({ ...entry, body: Buffer.from(entry.body, 'base64') })) };
}

/** How many bytes come before the server waits for the n-th time. */
function bytesBefore(action: HttpAction, n: number): number {
  let bytes = 0;
  let waits = 0;
  for (const piece of action.answer.pieces) {
    if (piece === null && waits++ === n) break;
    bytes += piece?.length ?? 0;
  }
  return bytes;
}

function perform(target: URL, authorization: string | null, action: HttpAction, meanwhile: (inner: HttpAction) => Promise<void>): Promise<HttpExchangeTrace> {
  return new Promise((resolve) => {
    const headers = ['Host', target.host, ...(authorization === null ? [] : ['Authorization', authorization]), ...action.headers];
    const outgoing = httpRequest({ host: target.hostname, port: target.port, method: action.method, path: target.pathname, headers });
    const chunks: Buffer[] = [];
    let size = 0;
    let started = 0;
    let inner: Promise<void> = Promise.resolve();
    let status = 'no answer';
    let received: readonly string[] = [];
    const finish = (): void => {
      clearTimeout(timer);
      void inner.then(() => resolve({ status, headers: received, body: Buffer.concat(chunks) }));
    };
    const timer = setTimeout(() => {
      status += NEVER_ENDED;
      outgoing.destroy();
      finish();
    }, LOST_MS);
    const look = (): void => {
      for (let next = action.during[started]; next !== undefined && size >= bytesBefore(action, started); next = action.during[started]) {
        const sent = next;
        started += 1;
        inner = inner.then(() => meanwhile(sent));
      }
      if (action.leaveAfter !== null && size >= action.leaveAfter) {
        outgoing.destroy();
        finish();
      }
    };
    outgoing.on('response', (response) => {
      status = `${response.statusCode} ${response.statusMessage}`;
      received = response.rawHeaders;
      look();
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        look();
      });
      response.on('end', finish);
      response.on('error', finish);
    });
    outgoing.on('error', () => finish());
    outgoing.end(action.body ?? undefined);
  });
}

/** Hop-by-hop headers and framing, and what protocol.md wants changed: `Host`, our credential, the coding, and the time of day. */
const OWN_OF_EACH_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'host', 'authorization', 'accept-encoding']);

/** End-to-end headers of one message, one per line, in a fixed order of names. */
export function endToEnd(raw: readonly string[]): Buffer {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!OWN_OF_EACH_HOP.has(name.toLowerCase())) kept.push(`${name}: ${raw[index + 1]}`);
  }
  return Buffer.from(kept.join('\n'), 'latin1');
}

/** The bodies of an answer as messages: the events of a stream with all their bytes, or the whole body. */
export function messagesOf(answer: HttpExchangeTrace): Buffer[] {
  const index = answer.headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type');
  if (!(answer.headers[index + 1] ?? '').startsWith('text/event-stream')) return answer.body.length === 0 ? [] : [answer.body];
  const events: Buffer[] = [];
  const reader = new SseReader(2 ** 26, { event: ({ raw }) => void events.push(Buffer.from(raw)), overflow: () => undefined });
  reader.push(answer.body);
  const rest = reader.end();
  return rest.length === 0 ? events : [...events, rest];
}
