import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPolicy } from '../../../src/policy/load.ts';
import { COLUMNS, placedTool, type Column } from '../../../src/control/policy-tools/placed-tools.ts';
import { place, type Placed, type Placing } from '../../../src/control/policy-tools/place.ts';
import { RuleLines } from '../../../src/control/policy-tools/rule-lines.ts';
import { KnownTools } from '../../../src/control/policy-tools/known-tools.ts';
import type { ServerTools } from '../../../src/control/policy-tools/server-tools.ts';
import { Slices } from '../../../src/control/policy-tools/slices.ts';
import { jsonOfText } from '../../../src/control/policy-tools/json-text.ts';
import { JsonNode } from '../../../src/wire/json-node.ts';
import { TICKETS } from './support.ts';

const definitions = TICKETS.map((tool) => jsonOfText(JSON.stringify(tool))).filter((node) => node instanceof JsonNode);
const known: ServerTools = { names: TICKETS.map(({ name }) => name), definitions, tools: await KnownTools.of(definitions), trusted: false };

const put = (asked: Placing): Promise<Placed> => place(asked, 'tickets', known, new Slices());
async function columns(text: string): Promise<Record<string, Column>> {
  const loaded = await loadPolicy(text, { name: 'p' });
  if (!loaded.ok) throw new Error(loaded.errors[0]?.message);
  return Object.fromEntries(known.names.map((name) => [name, placedTool(loaded.policy, name, known.tools, 'tickets', new RuleLines(loaded.policy, text)).column]));
}

const TEXT = `# The help desk.
version: "1"
default: deny   # what nobody named

tools:
  # Reading is free.
  get_ticket: allow        # for now and ever
  'list_tickets':
    rate_limit: 10/minute  # not faster
    reason: Too fast
  "delete_*": { action: require_approval, approval: { timeout: 1h } }
  refund_payment:
    - when: args.amount < 5
      action: allow
    - deny
`;

describe('moving tools on the board', () => {
  test('only the rule that is moved changes; comments, quotes, order and every other line stay', async () => {
    const moved = await put({ text: TEXT, tools: ['get_ticket'], column: 'deny' });
    expect(moved).toEqual({ ok: true, text: TEXT.replace('get_ticket: allow        # for now and ever', 'get_ticket: deny # for now and ever') });
    const limited = await put({ text: TEXT, tools: ['get_ticket'], column: 'rate_limit', guard: { rateLimit: { max: 3, window: 60 } } });
    expect(limited.ok && limited.text).toContain('  get_ticket: { rate_limit: { max: 3, window: 60 } } # for now and ever\n');
    const freed = await put({ text: TEXT, tools: ['list_tickets'], column: 'allow' });
    expect(freed.ok && freed.text).toContain(`  'list_tickets':\n    reason: Too fast\n    action: allow\n`);
    const added = await put({ text: TEXT, tools: ['run_script', 'create_ticket'], column: 'hide' });
    expect(added).toEqual({ ok: true, text: `${TEXT}  run_script: hide\n  create_ticket: hide\n` });
  });

  test.each<[string, Placing, RegExp]>([
    ['a list of rules', { text: TEXT, tools: ['refund_payment'], column: 'allow' }, /list of rules/],
    ['a limit of a glob that adds up', { text: 'version: "1"\ndefault: deny\ntools: { "get_*": 10/minute }\n'.replace('10/minute', '{ rate_limit: 10/minute }'), tools: ['get_ticket'], column: 'allow' }, /is limited by \/tools\/get_\* as well/],
  ])('refused, and nothing is half done: %s', async (_, asked, problem) => {
    const result = await put(asked);
    expect(result).toMatchObject({ ok: false, why: 'conflict' });
    expect(!result.ok && result.why === 'conflict' && result.problem).toMatch(problem);
  });

  test('a text with errors comes back with its diagnostics', async () => {
    expect(await put({ text: 'version: "1"\ndefault: never\n', tools: ['get_ticket'], column: 'deny' })).toMatchObject({ ok: false, why: 'errors', diagnostics: [{ pointer: '/default' }] });
  });

  test('a JSON document stays JSON', async () => {
    const moved = await put({ text: '{"version":"1","default":"deny","tools":{"get_ticket":"allow"}}', tools: ['get_ticket', 'run_script'], column: 'hide' });
    expect(moved.ok && JSON.parse(moved.text)).toEqual({ version: '1', default: 'deny', tools: { get_ticket: 'hide', run_script: 'hide' } });
  });

  test('into a document without tools, and names that YAML would read otherwise', async () => {
    for (const text of ['version: "1"\ndefault: allow\n', 'version: "1"\ndefault: allow\ntools: {}\n']) {
      const moved = await put({ text, tools: ['null', '12', 'a: b', '#x', 'get_ticket'], column: 'deny' });
      expect(moved.ok && (await loadPolicy(moved.text, { name: 'p' })).ok).toBe(true);
    }
  });

  const action = fc.constantFrom('allow', 'deny', 'hide', 'require_approval');
  const rule = fc.oneof(
    action,
    fc.record({ action }, { requiredKeys: [] }).filter((one) => one.action !== undefined),
    fc.constant({ rate_limit: '5/minute' }), fc.constant({ require: 'args.id != ""' }), fc.constant({ action: 'require_approval', approval: { timeout: '1h' } }), fc.constant({ action: 'deny', reason: 'no' }),
    fc.constant([{ when: 'args.amount < 5', action: 'allow' }, { action: 'deny' }]),
  );
  const selector = fc.constantFrom(...known.names, 'get_*', '*_ticket', '*', '@read', '@destructive', '@high');
  const document = fc.record({ default: fc.constantFrom('allow', 'deny', 'hide', 'require_approval'), tools: fc.dictionary(selector, rule, { maxKeys: 6 }) });

  test('after placing, decide says that column for these tools, and no other tool has moved', async () => {
    let done = 0;
    await fc.assert(fc.asyncProperty(document, fc.subarray([...known.names], { minLength: 1, maxLength: 3 }), fc.constantFrom(...COLUMNS), fc.boolean(), async (policy, tools, column, commented) => {
      const rules = Object.entries(policy.tools).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}${commented ? '  # kept' : ''}\n`);
      const text = `version: "1"\ndefault: ${policy.default}\n${rules.length === 0 ? '' : `tools:\n${rules.join('')}`}`;
      if (!(await loadPolicy(text, { name: 'p' })).ok) return;
      const before = await columns(text);
      const result = await put({ text, tools, column });
      if (!result.ok) {
        // Only what other rules demand, or a list of rules, stands in the way.
        expect(result.why).toBe('conflict');
        const blocked = tools.some((name) => Array.isArray(policy.tools[name])) || Object.values(policy.tools).some((one) => typeof one === 'object' && 'rate_limit' in one) || column === 'rate_limit';
        expect(blocked, JSON.stringify({ text, tools, column, result })).toBe(true);
        return;
      }
      done += 1;
      const after = await columns(result.text);
      for (const name of known.names) expect(after[name], `${name} in\n${result.text}`).toBe(tools.includes(name) ? column : before[name]);
      if (commented) for (const [name] of Object.entries(policy.tools)) if (!tools.includes(name)) expect(result.text).toContain(`${JSON.stringify(name)}:`);
      expect(result.text.split('# kept').length).toBe(text.split('# kept').length);
    }), { numRuns: 300 });
    expect(done).toBeGreaterThan(150);
  }, 60_000);
});
