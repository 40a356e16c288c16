import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPolicy } from '../../src/policy/load.ts';
import { argumentForm, argumentSchema, suggestedForm } from '../../web/src/policy-builder/rule/argument-form.ts';
import { changedKeys, EMPTY_LIMIT, formOfRule, ruleOfForm } from '../../web/src/policy-builder/rule/rule-form.ts';

const set = (value: Record<string, unknown>): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe('a rule goes through the form and comes back as it was', () => {
  test.each([
    { action: 'allow' },
    { rate_limit: '10/minute' },
    { rate_limit: { max: 10, window: 90, per: 'grant' } },
    { rate_limit: ['5/second', { max: 100, window: '1d', per: ['grant', 'tool'], on_state_error: 'allow' }] },
    { budget: { sum: 'args.amount', max: 0.5, window: '1h', per: 'grant' } },
    { require: 'args.amount <= 500', deny_if: [{ if: 'args.a == 1', reason: 'No.' }, 'args.b == 2'] },
    { action: 'require_approval', approval: { timeout: '1d', wait: '0s', approvers: { needed: 2, of: ['anna', 'ben'] }, via: ['dashboard', 'link'] } },
    { action: 'require_approval', approval: { approvers: 2, via: 'cli' } },
    { action: 'require_approval', approval: { approvers: ['anna'] } },
    { mode: 'observe', action: 'deny', reason: 'Later', when: 'args.x == 1' },
    { arguments: { amount: { type: 'number', exclusiveMinimum: 0, maximum: 500 }, cc: false, currency: { enum: ['EUR', 'USD'] }, n: { enum: [1, 2] }, dry: { const: true }, deep: { type: 'object', properties: { a: {} } } }, additional: false, schema: 'upstream' },
  ])('%j', (rule) => {
    const form = formOfRule(rule);
    expect(form === null ? null : set(ruleOfForm(form))).toEqual(rule);
  });
});

test('a word is a rule, a list has no form', () => {
  expect(formOfRule('deny')).toMatchObject({ action: 'deny' });
  expect(formOfRule(undefined)).toMatchObject({ action: '' });
  expect(formOfRule([{ when: 'x' }, 'allow'])).toBeNull();
});

test('only what was touched is written', () => {
  const before = formOfRule({ action: 'allow', require: ['args.a'], rate_limit: { window: 60, max: 10 } });
  if (before === null) throw new Error('no form');
  expect(changedKeys(before, before)).toEqual({});
  expect(changedKeys(before, { ...before, reason: 'No.' })).toEqual({ reason: 'No.' });
  expect(changedKeys(before, { ...before, limits: [] })).toEqual({ rate_limit: undefined });
  expect(changedKeys(before, { ...before, limits: [...before.limits, EMPTY_LIMIT] })).toEqual({ rate_limit: [{ max: 10, window: 60 }, '10/minute'] });
});

test('what is filled in as the fields ask is a rule that loads', async () => {
  const per = fc.subarray(['session', 'grant', 'server', 'tool'], { minLength: 1 });
  const window = fc.tuple(fc.integer({ min: 1, max: 365 }), fc.constantFrom('s', 'm', 'h', 'd', '')).map(([count, unit]) => `${count}${unit}`);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), window, per, fc.integer({ min: -1000, max: 1000 }), fc.constantFrom('', 'deny', 'allow'), async (max, span, by, least, onStateError) => {
      const form = formOfRule({ action: 'allow' });
      if (form === null) throw new Error('no form');
      const limit = { max: String(max), window: span, per: by, onStateError };
      const rule = ruleOfForm({ ...form, limits: [limit, EMPTY_LIMIT], budgets: [{ ...limit, sum: 'args.x' }], arguments: [{ name: 'x', kind: 'number', whole: false, minimum: String(least), maximum: String(least + 1), above: false }] });
      const loaded = await loadPolicy(JSON.stringify({ version: '1', default: 'deny', tools: { t: rule } }), { name: 'p' });
      expect(loaded.ok ? [] : loaded.errors).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('what is no number reaches the check as it was typed, which refuses it', async () => {
  const form = formOfRule({ action: 'allow' });
  if (form === null) throw new Error('no form');
  for (const max of ['ten', '', '1e3', '-1', '0x10', '99999999999999999999', '5,5']) {
    const loaded = await loadPolicy(JSON.stringify({ version: '1', default: 'deny', tools: { t: ruleOfForm({ ...form, limits: [{ ...EMPTY_LIMIT, max }] }) } }), { name: 'p' });
    expect(loaded.ok).toBe(false);
  }
});

describe('arguments', () => {
  test.each([[{ type: 'number', minimum: 1 }, 'number'], [{ type: 'string', pattern: '^a$' }, 'text'], [{ enum: ['a'] }, 'choice'], [false, 'forbidden'], [{ const: null }, 'exactly'], [{ enum: ['a', 1] }, 'schema'], [{ maximum: 5 }, 'schema'], [true, 'schema']])('%j is shown as %s, and comes back', (schema, kind) => {
    const form = argumentForm('x', schema);
    expect(form.kind).toBe(kind);
    expect(argumentSchema(form)).toEqual(schema);
  });
  test('the tool says what an argument is', () => {
    const schema = { type: 'object', properties: { amount: { type: 'integer', maximum: 9 }, kind: { enum: ['a', 'b'] }, force: { type: 'boolean' }, list: { type: 'array' } } };
    expect(['amount', 'kind', 'force', 'list', 'unknown'].map((name) => suggestedForm(name, schema).kind)).toEqual(['number', 'choice', 'exactly', 'schema', 'text']);
  });
});
