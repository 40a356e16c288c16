import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combine, fromJSON, loadPolicy, toJSON } from '../../src/policy/index.ts';
import { redactedArguments } from '../../src/policy/redacted-arguments.ts';
import type { CompiledPolicy } from '../../src/policy/compiled-policy.ts';
import { scan } from '../../src/wire/scan.ts';
import { CLIENT_LIMITS } from '../../src/wire/limits.ts';

async function policy(journal: string, name = 'p'): Promise<CompiledPolicy> {
  const result = await loadPolicy(`version: "1"\ndefault: allow\n${journal}\n`, { name });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return result.policy;
}

function redacted(text: string, ...paths: string[]): string {
  const read = scan(Buffer.from(` ${text} `), CLIENT_LIMITS);
  if (!read.ok) throw new Error(read.message);
  return redactedArguments(read.root, paths.map((path) => path.split('.'))).toString('utf8');
}

const LEVELS = ['none', 'names', 'hash', 'values'] as const;

test('a policy that says nothing leaves it to the configuration; of several policies the least is kept, in any order', async () => {
  expect(combine([await policy('')]).journal).toEqual({ arguments: 'values', redact: [] });
  expect(combine([]).journal).toEqual({ arguments: 'values', redact: [] });
  for (const [i, a] of LEVELS.entries()) {
    for (const [j, b] of LEVELS.entries()) {
      const both = [await policy(`journal: { arguments: ${a} }`, 'a'), await policy(''), await policy(`journal: { arguments: ${b} }`, 'b')];
      expect(combine(both).journal.arguments).toBe(LEVELS[Math.min(i, j)]);
    }
  }
});

test('what one policy redacts is redacted, whatever the others say', async () => {
  const all = [await policy('journal: { arguments: values, redact: [b, a.c] }', 'a'), await policy('journal: { arguments: values, redact: ["x\\\\.y", b] }', 'b')];
  expect(combine(all).journal.redact).toEqual([['a', 'c'], ['b'], ['x.y']]);
});

test('the choice is part of what a policy is, survives the cache, and a policy without one keeps its name', async () => {
  const with_ = await policy('journal: { arguments: values, redact: [b, a.c, b] }');
  const again = await fromJSON(toJSON(with_));
  expect(again.ok && again.policy.id).toBe(with_.id);
  expect(again.ok && again.policy.document.journal).toEqual(with_.document.journal);
  const ids = await Promise.all(['', ...LEVELS.map((level) => `journal: { arguments: ${level} }`), 'journal: { arguments: values, redact: [a] }'].map(async (text) => (await policy(text)).id));
  expect(new Set(ids).size).toBe(ids.length);
  // Of before there was such a choice.
  expect(toJSON(await policy('')).document).toBe('{"version":"1","default":"allow","mode":"enforce"}');
});

test.each([
  ['{"password":"x","b":1}', ['password'], '{"password":"[redacted]","b":1}'],
  ['{"card":{"number":1234,"name":"A"}}', ['card.number'], '{"card":{"number":"[redacted]","name":"A"}}'],
  ['{"card":[{"number":1},{"number":[2,3]},{"x":4}]}', ['card.number'], '{"card":[{"number":"[redacted]"},{"number":"[redacted]"},{"x":4}]}'],
  // What is in the way of a path may hold what it leads to.
  ['{"card":"number 1234"}', ['card.number'], '{"card":"[redacted]"}'],
  ['{"card":{"number":{"a":{"b":1}}}}', ['card.number', 'card.number.a.c'], '{"card":{"number":"[redacted]"}}'],
  ['{"PassWord":"x","p\\u0061ssword":"y"}', ['password'], '{"PassWord":"[redacted]","p\\u0061ssword":"[redacted]"}'],
  ['{"\\uff50assword":"x","pass\\u200bword":"y"}', ['password'], '{"\\uff50assword":"[redacted]","pass\\u200bword":"[redacted]"}'],
  ['{"a":null,"b":{"a":1}}', ['a'], '{"a":null,"b":{"a":1}}'],
  ['"all in one"', ['a'], '"[redacted]"'],
  ['[{"a":1},2]', ['a'], '[{"a":"[redacted]"},"[redacted]"]'],
  ['{ "n" : 1.50 , "m":[ ] }', ['x'], '{ "n" : 1.50 , "m":[ ] }'],
])('%s without %j is kept as %s', (text, paths, kept) => {
  expect(redacted(text, ...paths)).toBe(kept);
});

test('nothing of a redacted value is left, whatever stands beside it', () => {
  fc.assert(fc.property(fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 })), fc.array(fc.constantFrom('a', 'b', 'secret'), { minLength: 1, maxLength: 3 }), fc.boolean(), (beside, path, listed) => {
    const marker = 'MARKER-4711';
    const inner = path.reduceRight<unknown>((value, name) => ({ [name]: listed ? [value, value] : value }), { deep: [marker] });
    const kept = redacted(JSON.stringify({ ...beside, ...(inner as object) }), path.join('.'));
    expect(kept).not.toContain(marker);
    expect(() => JSON.parse(kept) as unknown).not.toThrow();
  }));
});
