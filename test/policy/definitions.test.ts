import { describe, expect, it } from 'vitest';
import { callOf, lintAgainst, readDefinitions, toolFacts } from '../../src/policy/index.ts';
import { load } from './load.ts';

const PAY = { name: 'pay', title: 'Pay', annotations: { readOnlyHint: false }, inputSchema: { type: 'object', properties: { amount: { type: 'number' } } } };

describe('definitions of tools', () => {
  const nodes = callOf({ tool: 'x', args: { tools: [PAY] } }).args;
  it.each<[string, Parameters<typeof readDefinitions>[0]]>([
    ['a result in plain values', { tools: [PAY] }],
    ['a response in plain values', { jsonrpc: '2.0', id: 1, result: { tools: [PAY] } }],
    ['a plain list', [PAY]],
    ['values with members that are undefined', [{ ...PAY, description: undefined, _meta: undefined }]],
    ['JSON text', JSON.stringify({ tools: [PAY] })],
    ['JSON text of a list', JSON.stringify([PAY])],
    ['a node', nodes ?? ''],
  ])('are read from %s', (_, given) => {
    const facts = readDefinitions(given)?.get('pay');
    expect([facts?.title, facts?.annotations?.lexeme(), facts?.inputSchema?.lexeme()]).toEqual(['Pay', JSON.stringify(PAY.annotations), JSON.stringify(PAY.inputSchema)]);
  });

  it('give the same facts one by one', () => {
    for (const given of [PAY, JSON.stringify(PAY)]) expect(toolFacts(given)).toMatchObject({ title: 'Pay', category: null, risk: null });
    expect(toolFacts({}).inputSchema).toBeNull();
    expect(toolFacts({ inputSchema: 'x', annotations: [] })).toMatchObject({ inputSchema: null, annotations: null });
  });

  it('are null where there is no list', () => {
    for (const given of ['{}', '"x"', '7', {}, { tools: {} }]) expect(readDefinitions(given)).toBeNull();
  });

  const ring: Record<string, unknown> = {};
  ring['tools'] = [ring];
  it.each<[string, () => unknown]>([
    ['text that is no JSON', () => readDefinitions('{"tools":[}')],
    ['a key that stands twice', () => readDefinitions('{"tools":[],"tools":[]}')],
    ['a date', () => readDefinitions([{ name: new Date(0) }])],
    ['an object that contains itself', () => readDefinitions(ring)],
    ['a function', () => toolFacts({ name: 'x', annotations: () => 1 })],
    ['a list with a hole', () => toolFacts({ annotations: { list: [undefined] } })],
  ])('of %s are refused', (_, read) => expect(read).toThrow(TypeError));

  it('are what a policy is held against', async () => {
    const policy = await load('version: "1"\ndefault: deny\ntools: { paj: deny }\n');
    expect(lintAgainst(policy, readDefinitions([PAY]) ?? new Map()).map(({ code }) => code)).toEqual(lintAgainst(policy, nodes?.get('tools')?.elements() ?? []).map(({ code }) => code));
    expect(lintAgainst(policy, readDefinitions([PAY]) ?? new Map()).at(-1)).toMatchObject({ code: 'unknown_tool', help: 'did you mean `pay`?' });
  });
});
