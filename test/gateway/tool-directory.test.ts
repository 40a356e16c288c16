import { describe, expect, test } from 'vitest';
import { ToolDirectory } from '../../src/gateway/tool-directory.ts';
import { callOf } from '../../src/policy/call-of.ts';
import { setOf } from '../policy/load.ts';

describe('a listed inputSchema that is no object is no schema', () => {
  test.each(['true', 'false', '[]', '"x"', 'null', '7'])('%s: a rule with `schema: upstream` refuses', async (inputSchema) => {
    const directory = new ToolDirectory();
    const list = callOf({ tool: 'x', argsJson: `{"tools":[{"name":"pay","inputSchema":${inputSchema}}]}` }).args;
    if (list === null || list === undefined) throw new Error('no list');
    directory.learn(list, null, 0);
    const facts = directory.get('pay')?.facts ?? null;
    expect(facts).toMatchObject({ inputSchema: null });
    const set = await setOf('version: "1"\ndefault: deny\ntools:\n  pay: { schema: upstream }\n');
    expect(set.decide({ ...callOf({ tool: 'pay', argsJson: '{"amount":9999}' }), tool: facts })).toMatchObject({ effect: 'deny', code: 'policy_error' });
  });
});
