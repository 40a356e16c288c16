import { afterEach, describe, expect, test } from 'vitest';
import { decisionOf, policySet, StdioHarness } from './run-harness.ts';

let harness: StdioHarness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

const RULES = `version: "1"
default: allow
tools: { danger: deny, secret: hide, pay: { rate_limit: 5/minute } }
resources: { "file:///secret*": hide, "file:///etc/*": deny }
prompts: { hidden-prompt: hide, greet: { rate_limit: 1/minute } }
`;
const ALLOW_LIST = 'version: "1"\ndefault: deny\ntools: { safe: allow, echo: allow }\n';

async function start(...policies: string[]): Promise<StdioHarness> {
  harness = new StdioHarness(await policySet(...policies));
  await harness.initialize();
  await harness.request('tools/list');
  return harness;
}

/** Sends raw lines and returns what came back until a ping after them was answered. */
async function raw(client: StdioHarness, ...lines: (string | Buffer)[]): Promise<string[]> {
  const before = client.received.length;
  for (const line of lines) {
    client.raw(line);
    client.raw('\n');
  }
  const ping = await client.request('ping', undefined, `ping-${before}`);
  return client.received.slice(before).filter((line) => JSON.parse(line).id !== ping['id']);
}

const call = (id: unknown, params: string): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":${params}}`;

describe('names', () => {
  test('[L6, #4] a look-alike of a name is another name: unlisted, and so refused', async () => {
    const client = await start(ALLOW_LIST);
    for (const name of ['Safe', 'safe ', 'safe\u200b', 'ｓafe', 'sаfe', 'safe\u0000', 'SAFE', 'sa\u0301fe', 'danger\u200b']) {
      expect(await client.call(name)).toMatchObject({ error: { code: -32602 } });
    }
    expect(client.callsReached()).toEqual([]);
  });

  test('[#5] escapes in a name or a method are decoded before they are judged', async () => {
    const client = await start(RULES);
    const [danger] = await raw(client, call(1, '{"name":"d\\u0061nger"}'));
    expect(decisionOf(JSON.parse(danger ?? '{}'))).toMatchObject({ code: 'denied' });
    const [slash] = await raw(client, '{"jsonrpc":"2.0","id":2,"method":"tools\\u002fcall","params":{"name":"danger"}}');
    expect(decisionOf(JSON.parse(slash ?? '{}'))).toMatchObject({ code: 'denied' });
    expect(client.callsReached()).toEqual([]);
  });

  test('[A5, #6] a name or arguments of another type match nothing and are invalid params', async () => {
    const client = await start('version: "1"\ndefault: allow\n');
    const wrong = ['{"name":["danger"]}', '{"name":{"toString":"danger"}}', '{"name":1}', '{"name":null}', '{}', '{"name":"safe","arguments":"x"}', '{"name":"safe","arguments":null}', '{"name":"safe","arguments":[1]}'];
    for (const params of wrong) expect(JSON.parse((await raw(client, call(3, params)))[0] ?? '{}')).toMatchObject({ id: 3, error: { code: -32602 } });
    expect(client.callsReached()).toEqual([]);
  });

  test('[J12, #7, #8] members of Object.prototype are ordinary names and keys', async () => {
    const client = await start('version: "1"\ndefault: allow\n');
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) expect(await client.call(name)).toMatchObject({ error: { message: `Unknown tool: ${name}` } });
    const polluted = call('p', '{"name":"echo","arguments":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"text":"t"},"_meta":{"__proto__":{"polluted":1}}}');
    expect(await raw(client, polluted)).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(client.reached()).toContain(polluted);
    expect((await client.rows()).find((row) => row.name === 'echo')?.argKeys).toEqual(['__proto__', 'constructor', 'text']);
  });

  test('[#43] an argument that differs from a declared one only by case or invisible characters is refused', async () => {
    const client = await start(RULES);
    for (const key of ['Amount', 'AMOUNT', 'amount\u0000', 'am\u200bount']) {
      expect(decisionOf(await client.call('pay', { amount: 1, [key]: 9999 }))).toMatchObject({ code: 'invalid_arguments' });
    }
    expect(client.callsReached()).toEqual([]);
  });
});

describe('lines', () => {
  test('[D1, D2, #10, #52] only a line feed ends a message, and what is no message is answered and not forwarded', async () => {
    const client = await start(RULES);
    const reached = client.reached().length;
    const bad = ['not json', '{"jsonrpc":"2.0","id":1,"method":"ping"} {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"safe"}}', '{"jsonrpc":"2.0","id":1,"method":"ping"}\r{"jsonrpc":"2.0","id":2,"method":"ping"}', '{"a":1,}', '{"jsonrpc":"2.0","id":NaN,"method":"ping"}', '// comment', '"text"', '5'];
    const answers = await raw(client, ...bad);
    expect(answers.map((line) => (JSON.parse(line) as { error: { code: number } }).error.code).every((code) => code === -32700 || code === -32600)).toBe(true);
    expect(answers).toHaveLength(bad.length);
    expect(client.reached().length).toBe(reached + 1);
    expect(client.received.every((line) => JSON.parse(line).jsonrpc === '2.0')).toBe(true);
  });

  test('[J8, #39] bombs of size and shape are refused early, and the connection goes on', async () => {
    const client = await start(RULES);
    const reached = client.reached().length;
    const bombs = ['['.repeat(200_000), call(1, `{"name":"safe","arguments":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`), call(1, `{"name":"safe","arguments":{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}}`), Buffer.alloc(20 * 1024 * 1024, 0x61)];
    expect(await raw(client, ...bombs)).toHaveLength(bombs.length);
    expect(client.reached().length).toBe(reached + 1);
  });

  test('[J9, #9] a batch on stdio is refused outside 2025-03-26, and judged element by element on it', async () => {
    const batch = `[${call(1, '{"name":"danger"}')},${call(2, '{"name":"safe"}')}]`;
    const client = await start(RULES);
    expect(await raw(client, batch)).toHaveLength(1);
    expect(client.callsReached()).toEqual([]);
    await client.close();
    harness = new StdioHarness(await policySet(RULES));
    await harness.initialize('2025-03-26');
    await harness.request('tools/list');
    const ran = harness.next((message) => message['id'] === 2);
    const answers = await raw(harness, batch);
    await ran;
    expect(answers.map((line) => decisionOf(JSON.parse(line))?.['code'])).toContain('denied');
    expect(harness.callsReached()).toEqual(['safe']);
  });

  test('[T8] a waiting decision delays only its own request', async () => {
    harness = new StdioHarness(await policySet(RULES));
    await harness.initialize();
    const order: unknown[] = [];
    const first = harness.call('safe').then((answer) => order.push(answer['id']));
    const second = harness.request('ping').then((answer) => order.push(answer['id']));
    await Promise.all([first, second]);
    expect(order).toEqual([3, 2]);
  });
});

describe('what is hidden', () => {
  test('[L1, #28, #46] is in no list, and no method reaches it or tells it from what does not exist', async () => {
    const client = await start(RULES);
    const lists = [await client.request('tools/list'), await client.request('resources/list'), await client.request('prompts/list')];
    expect(JSON.stringify(lists)).not.toMatch(/secret|hidden-prompt/);
    const probes: [string, (name: string) => unknown, string, string][] = [
      ['tools/call', (name) => ({ name }), 'secret', 'sesame'],
      ['tools/call', (name) => ({ name, task: { ttl: 1 } }), 'secret', 'sesame'],
      ['prompts/get', (name) => ({ name }), 'hidden-prompt', 'hidden-prompu'],
      ['completion/complete', (name) => ({ ref: { type: 'ref/prompt', name }, argument: { name: 'a', value: '' } }), 'hidden-prompt', 'hidden-prompu'],
    ];
    for (const [method, params, hidden] of probes) {
      const answer = await client.request(method, params(hidden), 500);
      expect(answer).toMatchObject({ error: { code: -32602 } });
    }
    for (const method of ['resources/read', 'resources/subscribe']) expect(await client.request(method, { uri: 'file:///secret.txt' })).toMatchObject({ error: { code: -32002 } });
    expect(await client.request('completion/complete', { ref: { type: 'ref/resource', uri: 'file:///secret.txt' }, argument: { name: 'a', value: '' } })).toMatchObject({ error: {} });
    const asked = client.reached().filter((line) => /secret|hidden-prompt"/.test(line));
    expect(asked).toEqual([]);
    expect((await client.rows()).filter((row) => row.code === 'hidden').length).toBeGreaterThanOrEqual(6);
  });

  test('[L4] does not depend on quota or on what was called before', async () => {
    const client = await start(RULES);
    const before = JSON.stringify((await client.request('tools/list'))['result']);
    for (let count = 0; count < 7; count += 1) await client.call('pay');
    expect(JSON.stringify((await client.request('tools/list'))['result'])).toBe(before);
  });
});

describe('other methods than tools/call', () => {
  test('[A7, #44] resource rules judge the normalised URI and refuse what cannot be normalised', async () => {
    const client = await start(RULES);
    for (const uri of ['file:///etc/passwd', 'FILE:///etc/passwd', 'file:///a/../etc/passwd', 'file:///%65tc/passwd', 'file:///x/%2e%2e/etc/passwd', 'file:///a%2f..%2fetc/passwd', 'file:///a\\..\\etc\\passwd', 'file:///etc/pass\u0000wd', 'file:///open%252e']) {
      const answer = await client.request('resources/read', { uri });
      expect([uri, decisionOf(answer)?.['code'] ?? (answer['result'] === undefined ? 'hidden' : 'read')]).not.toEqual([uri, 'read']);
    }
    expect(await client.request('resources/read', { uri: 'file:///open.txt' })).toMatchObject({ result: {} });
    expect(client.reached().filter((line) => line.includes('passwd'))).toEqual([]);
  });

  test('limits hold for prompts and resources, refused by an error with the time to wait', async () => {
    const client = await start(RULES);
    expect(await client.request('prompts/get', { name: 'greet' })).toMatchObject({ result: {} });
    const limited = await client.request('prompts/get', { name: 'greet' });
    expect(limited).toMatchObject({ error: { code: -31429, data: { retryAfterMs: expect.any(Number) } } });
    expect(await client.request('resources/read', { uri: 'file:///etc/hosts' })).toMatchObject({ error: { code: -31403 } });
  });

  test('[#30] unknown methods reach the upstream only where no rule restricts anything', async () => {
    const client = await start(RULES);
    for (const method of ['x/callTool', 'tools/callBatch', 'tools/call/', 'TOOLS/CALL', 'rpc.discover', 'tools/call ']) {
      expect(await client.request(method, { name: 'danger' })).toMatchObject({ error: { code: -32601 } });
    }
    expect(client.reached().some((line) => line.includes('x/callTool'))).toBe(false);
    await raw(client, '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"danger"}}', '{"jsonrpc":"2.0","method":"x/run","params":{}}');
    expect(client.reached().some((line) => line.includes('danger') || line.includes('x/run'))).toBe(false);
    await client.close();
    const open = await start('version: "1"\ndefault: allow\n');
    await open.request('x/callTool', { name: 'danger' });
    expect(open.reached().some((line) => line.includes('x/callTool'))).toBe(true);
  });

  test('[K1, K2, #29] a task-augmented call is judged alike, and tasks belong to who started them', async () => {
    const client = await start(RULES);
    expect(await client.request('tools/call', { name: 'danger', task: { ttl: 1000 } })).toMatchObject({ error: { code: -31403, data: { 'policylayer/decision': { code: 'denied' } } } });
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      expect(await client.request(method, { taskId: 'task-of-somebody' })).toMatchObject({ error: { code: -32602, message: 'Task not found' } });
    }
    expect(client.reached().some((line) => line.includes('tasks/'))).toBe(false);
    await client.request('tools/call', { name: 'safe', task: { ttl: 1000 } });
    expect(await client.request('tasks/get', { taskId: 'task-of-safe' })).toMatchObject({ result: { task: { status: 'working' } } });
  });

  test('[N1, #54] a cancel for an id that is not open reaches nobody', async () => {
    const client = await start(RULES);
    await raw(client, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4711}}', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}', '{"jsonrpc":"2.0","method":"notifications/cancelled"}');
    expect(client.reached().filter((line) => line.includes('cancelled'))).toEqual([]);
    const slow = client.request('tools/call', { name: 'slow' }, 'slow');
    await expect.poll(() => client.callsReached()).toEqual(['slow']);
    await raw(client, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"slow"}}');
    expect(client.reached().filter((line) => line.includes('cancelled'))).toHaveLength(1);
    await slow;
  });

  test('[J10, C5, #22] a response that nobody asked for never reaches the upstream', async () => {
    const client = await start(RULES);
    await raw(client, '{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}');
    expect(client.reached().filter((line) => line.includes('accept') || line.includes('"error"'))).toEqual([]);
  });

  test('[J5, J7, #20] ids of every wrong kind are refused', async () => {
    const client = await start(RULES);
    const ids = ['null', '1.5', 'true', '{}', '[]', '9007199254740993', '1e3', '-0', JSON.stringify('x'.repeat(10_240))];
    for (const id of ids) expect(JSON.parse((await raw(client, `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"safe"}}`))[0] ?? '{}')).toMatchObject({ error: { code: -32600 } });
    expect(client.callsReached()).toEqual([]);
  });
});

describe('limits', () => {
  test('[B1, #36] of many calls at once exactly as many reach the upstream as the limit admits', async () => {
    const client = await start(RULES);
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.call('pay')));
    expect(answers.filter((answer) => decisionOf(answer) === null)).toHaveLength(5);
    expect(answers.filter((answer) => decisionOf(answer)?.['code'] === 'rate_limited').every((answer) => (decisionOf(answer)?.['retryAfterMs'] as number) > 0)).toBe(true);
    expect(client.callsReached()).toHaveLength(5);
  });

  test('[B3, #38] what a client says of itself does not give it another counter', async () => {
    const client = await start(RULES);
    for (let count = 0; count < 5; count += 1) await client.request('tools/call', { name: 'pay', _meta: { progressToken: `t${count}` } }, `id-${count}`);
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'someone-else', version: '9' } });
    expect(decisionOf(await client.call('pay'))).toMatchObject({ code: 'rate_limited' });
  });
});

describe('the journal', () => {
  test('[U1, #55] has a row for every decision, without values, with control characters escaped and long names cut', async () => {
    const client = await start(RULES);
    await client.call('echo', { text: 'a secret value', 'k\u001b[31m\n': 1 });
    await client.call('danger', { token: 'hunter2' });
    await client.call(`x\n\u001b[2J${'y'.repeat(100_000)}`);
    const rows = await client.rows();
    expect(rows.map((row) => [row.outcome, row.code])).toEqual([['ok', null], ['refused', 'denied'], ['refused', 'unknown_tool']]);
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|a secret value/);
    expect(rows[0]?.argHash).toMatch(/^[0-9a-f]{64}$/);
    expect((rows[2]?.name ?? '').length).toBeLessThan(700);
    expect(rows.every((row) => row.latencyMs === null || row.latencyMs >= 0)).toBe(true);
  });
});
