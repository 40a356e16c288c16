import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '../../src/mcp/message.ts';
import { type Lone, SharedChild, type SharedChildOptions } from '../../src/upstream/shared-child.ts';
import type { UpstreamFailure, UpstreamLink } from '../../src/upstream/types.ts';
import { eventually, groupIsGone } from './processes.ts';
import { call, message, rawMessage, Recorder } from './recorder.ts';

const fixture = fileURLToPath(new URL('fixtures/echo-server.mjs', import.meta.url));
const children: SharedChild[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    await child.close();
    if (child.pid !== null) await groupIsGone(child.pid);
  }
});

interface Owner {
  readonly unrouted: { readonly message: Message; readonly lone: Lone | null }[];
  readonly dropped: string[];
  end: { readonly failure: UpstreamFailure | null } | null;
}

function start(options: SharedChildOptions = {}): { child: SharedChild; owner: Owner } {
  const owner: Owner = { unrouted: [], dropped: [], end: null };
  const child = new SharedChild({ command: [process.execPath, fixture], env: {}, cwd: null, inheritEnv: false }, {
    unrouted: (received, lone) => owner.unrouted.push({ message: received, lone }),
    garbage: (code) => owner.dropped.push(code),
    stderr: () => undefined,
    closed: (failure) => { owner.end = { failure }; },
  }, options);
  children.push(child);
  return { child, owner };
}

function join(child: SharedChild): { link: UpstreamLink; heard: Recorder } {
  const heard = new Recorder();
  return { link: child.attach(heard), heard };
}

const textOf = (json: unknown): string => (json as { result: { content: { text: string }[] } }).result.content[0]?.text ?? '';

describe('clients of one child', () => {
  it('use the same ids and tokens at once and get their own answers only', async () => {
    const { child, owner } = start();
    const clients = Array.from({ length: 20 }, () => join(child));
    for (const [index, { link }] of clients.entries()) {
      link.send(call(1, 'echo', { index }));
      link.send(call('1', 'progress', {}, { progressToken: 'same' }));
    }
    for (const [index, { heard }] of clients.entries()) {
      const echoed = await heard.response('n:1');
      expect(echoed).toMatchObject({ requestKey: 'n:1' });
      expect(textOf(echoed.json)).toBe(JSON.stringify({ index }));
      const progressed = await heard.response('s:1');
      expect(textOf(progressed.json)).toMatch(/^token \d+$/);
      expect(heard.messages.map((entry) => entry.text)).toContain('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"same","progress":1}}');
      expect(heard.log).toEqual(['response n:1', 'notification notifications/progress', 'response s:1']);
    }
    await eventually('late progress is dropped', () => owner.dropped.length === 20);
    expect(new Set(owner.dropped)).toEqual(new Set(['late_notification']));
  });

  it('see every byte of a request but its id and token forwarded, and of an answer but its id', async () => {
    const { child } = start();
    const { link, heard } = join(child);
    const text = '{ "params" : {"x":[1.0,1e400,12345678901234567890], "_meta":{"a":1, "progressToken" : "tok" ,"z":"\\u0041"}},\t"method":"raw","id" :"\\u0069d" ,"jsonrpc":"2.0"}';
    link.send(rawMessage(text));
    const { text: answer, json } = await heard.response('s:id');
    const { line } = (json as { result: { line: string } }).result;
    const id = /"id" :(\d+) ,/.exec(line)?.[1] ?? '';
    expect(line).toBe(text.replace('"\\u0069d"', id).replace('"tok"', id));
    expect(answer.startsWith('{"jsonrpc":"2.0","id":"\\u0069d","result":')).toBe(true);
  });

  it('any id and any token come back as they were written', async () => {
    const { child } = start();
    const { link, heard } = join(child);
    const value = fc.oneof(fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)), fc.string({ unit: 'binary', maxLength: 40 }));
    const seen = new Set<string>();
    await fc.assert(fc.asyncProperty(value, value, async (id, token) => {
      const idKey = typeof id === 'string' ? `s:${id}` : `n:${id}`;
      fc.pre(!seen.has(idKey));
      seen.add(idKey);
      const before = heard.messages.length;
      link.send(call(id, 'progress', {}, { progressToken: token }));
      const { json } = await heard.response(idKey);
      expect((json as { id: unknown }).id).toEqual(id);
      const progress = JSON.parse(heard.messages[before]?.text ?? '{}') as { params?: { progressToken?: unknown } };
      expect(progress.params?.progressToken).toEqual(token);
    }), { numRuns: 40 });
  });

  it('cannot be answered by a guess: ids that are not in flight, or of another type, are dropped', async () => {
    const { child, owner } = start();
    const { link, heard } = join(child);
    link.send(call(1, 'foreign'));
    expect(textOf((await heard.response('n:1')).json)).toBe('yours');
    link.send(call(2, 'twice'));
    link.send(call(3, 'echo'));
    await heard.response('n:3');
    expect(owner.dropped).toEqual(['unknown_response', 'unknown_response', 'unknown_response']);
    expect(heard.log).toEqual(['response n:1', 'response n:2', 'response n:3']);
  });

  it('get their own subscription ids back', async () => {
    const { child } = start();
    const first = join(child);
    const second = join(child);
    first.link.send(message({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications: {}, end: true } }));
    second.link.send(message({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications: {} } }));
    const { text } = await first.heard.response('s:sub');
    expect(text).toBe('{"jsonrpc":"2.0","id":"sub","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"sub"}}}');
    await second.heard.notification('notifications/tools/list_changed');
    for (const { heard } of [first, second]) {
      expect(heard.messages.slice(0, 2).map((entry) => [entry.requestKey, (JSON.parse(entry.text) as { params: { _meta: unknown } }).params._meta]))
        .toEqual([1, 2].map(() => ['s:sub', { 'io.modelcontextprotocol/subscriptionId': 'sub' }]));
    }
  });

  it('requests of the server go to the owner, with the only request in flight; so do their answers', async () => {
    const { child, owner } = start();
    const { link, heard } = join(child);
    link.send(call(1, 'ask'));
    await eventually('the owner is asked', () => owner.unrouted.length === 1);
    expect(owner.unrouted[0]).toMatchObject({ message: { method: 'roots/list' }, lone: { observer: heard, idKey: 'n:1' } });
    const reply = message({ jsonrpc: '2.0', id: 's1', result: { roots: [] } });
    if (reply.kind === 'response') child.respond(reply);
    expect(textOf((await heard.response('n:1')).json)).toBe('{"roots":[]}');
    expect(heard.log).toEqual(['response n:1']);
  });

  it('with several requests in flight nobody is named', async () => {
    const { child, owner } = start();
    join(child).link.send(call(1, 'never'));
    join(child).link.send(call(1, 'ask'));
    await eventually('the owner is asked', () => owner.unrouted.length === 1);
    expect(owner.unrouted[0]?.lone).toBeNull();
  });
});

describe('giving up', () => {
  it('a client\'s cancellation reaches only its own request; the late answer is dropped', async () => {
    const { child, owner } = start();
    const first = join(child);
    const second = join(child);
    first.link.send(call(1, 'late'));
    second.link.send(call(1, 'late'));
    second.link.send(call(2, 'late'));
    second.link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'x' } }));
    second.link.abort('n:2');
    second.link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 3 } }));
    first.link.send(message({ jsonrpc: '2.0', id: 9, method: 'count' }));
    const { json } = await first.heard.response('n:9');
    expect(json).toMatchObject({ result: { cancelled: 2 } });
    expect((json as { result: { pending: number[] } }).result.pending.length).toBe(1);
    expect(owner.dropped).toEqual(['late_response', 'late_response']);
    expect(second.heard.log).toEqual([]);
  });

  it('closing a share cancels what runs for it and leaves the others alone', async () => {
    const { child } = start();
    const first = join(child);
    const second = join(child);
    first.link.send(call(1, 'never'));
    await first.link.close();
    expect(first.heard.log).toEqual(['failed n:1', 'closed']);
    expect(child.clients).toBe(1);
    second.link.send(message({ jsonrpc: '2.0', id: 1, method: 'count' }));
    expect((await second.heard.response('n:1')).json).toMatchObject({ result: { cancelled: 1 } });
    first.link.send(call(2, 'echo'));
    expect(await first.heard.failure('n:2')).toMatchObject({ reached: false });
  });

  it('a crash fails what is in flight for everybody, says why, and ends every share once', async () => {
    const { child, owner } = start();
    const clients = [join(child), join(child), join(child)];
    clients[0]?.link.send(call(1, 'never'));
    clients[1]?.link.send(call(1, 'crash'));
    await eventually('the end', () => owner.end !== null);
    expect(owner.end?.failure).toMatchObject({ kind: 'exited', text: 'server exited with code 3 (stderr: fatal: disk on fire)' });
    expect(clients.map(({ heard }) => heard.log)).toEqual([['failed n:1', 'closed'], ['failed n:1', 'closed'], ['closed']]);
    expect(child.usable).toBe(false);
  });
});

describe('flow', () => {
  it('a client that does not read does not stop the others; its messages wait', async () => {
    const { child } = start();
    const slow = join(child);
    const fast = join(child);
    slow.link.pause();
    for (let id = 0; id < 5; id += 1) slow.link.send(call(id, 'huge', { bytes: 100_000 }));
    fast.link.send(call(1, 'echo'));
    await fast.heard.response('n:1');
    expect(slow.heard.log).toEqual([]);
    slow.link.abort('n:3');
    slow.heard.onMessage = (): void => slow.link.pause();
    slow.link.resume();
    expect(slow.heard.log).toEqual(['response n:0']);
    slow.heard.onMessage = (): void => undefined;
    slow.link.resume();
    expect(slow.heard.log).toEqual(['response n:0', 'response n:1', 'response n:2', 'response n:4']);
  });

  it('but not without bound: it is given up then, and its requests are cancelled', async () => {
    const { child } = start({ maxHeldBytes: 250_000 });
    const slow = join(child);
    slow.link.pause();
    slow.link.send(call(0, 'never'));
    for (let id = 1; id < 5; id += 1) slow.link.send(call(id, 'huge', { bytes: 100_000 }));
    expect((await slow.heard.ended())?.text).toMatch(/reads too slowly/);
    expect(slow.heard.log.at(-1)).toBe('closed');
    expect(slow.heard.failures.map((entry) => entry.requestKey)).toContain('n:0');
    const other = join(child);
    other.link.send(message({ jsonrpc: '2.0', id: 1, method: 'count' }));
    await other.heard.response('n:1');
  });

  it('a single large answer always fits', async () => {
    const { child } = start({ maxHeldBytes: 1_000 });
    const slow = join(child);
    const other = join(child);
    slow.link.pause();
    slow.link.send(call(1, 'huge', { bytes: 100_000 }));
    other.link.send(call(1, 'echo'));
    await other.heard.response('n:1');
    slow.link.resume();
    expect(slow.heard.log).toEqual(['response n:1']);
  });
});
