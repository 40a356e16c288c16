import { afterEach, describe, expect, test } from 'vitest';
import { ConversationHarness } from './conversation-harness.ts';

let harness: ConversationHarness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

/** What the client is shown of a list with these tools. */
async function listed(policy: string, tools: string, options: { readonly modern?: boolean; readonly more?: string } = {}): Promise<string> {
  harness = await ConversationHarness.start(policy, tools);
  expect(await harness.client(`{"jsonrpc":"2.0","id":1,"method":"tools/list"${options.modern === true ? `,"params":{${META}}` : ''}}`)).toBe('forward');
  return harness.upstream(`{"jsonrpc":"2.0","id":1, "result":{"tools":${tools}${options.more ?? ''}}}`);
}

const rules = (tools: string): string => `version: "1"\ndefault: allow\ntools:\n${tools}`;
const PAY = '{"name":"pay",  "inputSchema":{"type":"object", "properties":{"amount":{"type":"number","maximum":1.0e3},"to":{"type":"string"}}},"x-odd":1.50}';

describe('a list shows the legal range of arguments', () => {
  test('[T3, L3] merged into the schema of the upstream; every other byte stays', async () => {
    const shown = await listed(rules('  pay: { arguments: { amount: { type: number, maximum: 500 } } }\n'), `[${PAY}, {"name":"safe","inputSchema":{"type":"object"}}]`);
    const tools = (JSON.parse(shown) as { result: { tools: { name: string; inputSchema: { properties: Record<string, { maximum: number }> } }[] } }).result.tools;
    expect(tools[0]?.inputSchema.properties['amount']?.maximum).toBe(500);
    expect(tools[1]).toEqual({ name: 'safe', inputSchema: { type: 'object' } });
    expect(shown).toContain('"name":"pay",  "inputSchema"');
    expect(shown).toContain('"x-odd":1.50}, {"name":"safe"');
  });

  test('and what it shows is what a call is judged by', async () => {
    await listed(rules('  pay: { arguments: { amount: { type: number, maximum: 500 } } }\n'), `[${PAY}]`);
    expect(await harness?.client('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"pay","arguments":{"amount":501}}}')).toContain('invalid_arguments');
    expect(await harness?.client('{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"pay","arguments":{"amount":500}}}')).toBe('forward');
  });

  test('but leaves alone what cannot be merged, and the call is refused all the same', async () => {
    const odd = '{"name":"pay","inputSchema":{"$schema":"https://example.com/unknown","type":"object"}}';
    expect(await listed(rules('  pay: { arguments: { amount: { type: number, maximum: 500 } } }\n'), `[${odd}]`)).toContain(odd);
    expect(await harness?.client('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"pay","arguments":{"amount":501}}}')).toContain('invalid_arguments');
  });

  test.each([['no schema', '{"name":"pay"}'], ['a schema that is none', '{"name":"pay","inputSchema":7}'], ['no name', '{"title":"pay"}'], ['nothing at all', '7']])('and survives an item with %s', async (_what, item) => {
    expect(await listed(rules('  pay: { arguments: { amount: { type: number } } }\n'), `[${item}]`)).toContain(item);
  });

  test('[L5] and such a list is private to its principal', async () => {
    const shown = await listed(rules('  pay: { arguments: { amount: { type: number, maximum: 500 } } }\n'), `[${PAY}]`, { modern: true, more: ',"ttlMs":3600000,"cacheScope":"public"' });
    expect(JSON.parse(shown)).toMatchObject({ result: { cacheScope: 'private', ttlMs: 60_000 } });
  });

  test('[T1] a list that nothing is said about passes byte for byte', async () => {
    expect(await listed(rules('  pay: { require: "args.amount <= 5.0" }\n'), `[${PAY}]`)).toBe(`{"jsonrpc":"2.0","id":1, "result":{"tools":[${PAY}]}}`);
  });
});

describe('hiding may depend on the definition', () => {
  const HIDE = rules('  "*": [ { when: "tool.annotations.destructiveHint == true", action: hide }, { action: allow } ]\n');
  const WIPE = '{"name":"wipe","annotations":{"destructiveHint":true}}';
  const SAFE = '{"name":"safe","annotations":{"destructiveHint":false}}';

  test('[L1, #46] and a tool that is hidden so is absent, and answers like one that does not exist', async () => {
    const shown = await listed(HIDE, `[${WIPE},${SAFE}]`);
    expect(shown).toContain('"safe"');
    expect(shown).not.toContain('wipe');
    const [hidden, absent] = [await harness?.client('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"wipe"}}'), await harness?.client('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"gone"}}')];
    expect(hidden).toBe(absent?.replace('gone', 'wipe'));
  });

  test.each(['Tools', 'TOOL\u017F', 'tools\u200b', 'NextCursor'])('[L1, J4] and no list passes that a client may read under another spelling, as %j', async (member) => {
    const shown = await listed(HIDE, '[]', { more: `,${JSON.stringify(member)}:[${WIPE}]` });
    expect(JSON.parse(shown)).toMatchObject({ error: { message: expect.stringMatching(/only by case or invisible characters/) as unknown } });
    expect(shown).not.toContain('wipe');
  });

  test('[L6] two tools of one name share the definition that is judged', async () => {
    const second = '{"name":"wipe","annotations":{"destructiveHint":false}}';
    expect(await listed(HIDE, `[${WIPE},${second}]`)).toBe('{"jsonrpc":"2.0","id":1, "result":{"tools":[]}}');
  });

  test('[L4] but not on the time, the session or what the client says of itself', async () => {
    const shown = await listed(rules('  wipe: [ { when: "session.id == \'x\' || client.name == \'c\'", action: hide }, { action: allow } ]\n'), `[${WIPE}]`);
    expect(shown).toContain('wipe');
  });
});
