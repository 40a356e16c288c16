import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTestText } from '../../../src/cli/author/run-tests.ts';
import { check } from '../../../src/cli/commands/check.ts';
import { explain, type ExplainOptions } from '../../../src/cli/commands/explain.ts';
import { simulate } from '../../../src/cli/commands/simulate.ts';
import { Captured, expectGolden, expectToFit } from './capture.ts';
import { writeJournal } from './journal.ts';

const AT = '2026-01-05T10:00:00Z';
const POLICY = `version: "1"
default: deny
tools:
  "@read": { action: allow, rate_limit: 60/minute }
  "@destructive": { action: deny, reason: Nothing is removed by agents }
  "@execute": { action: require_approval, approval: { wait: 0s } }
  purge_orders: { require: args.test == true }
`;
const TOOLS = [
  { name: 'get_order', description: 'Returns one order.', inputSchema: { type: 'object' } },
  { name: 'delete_order', description: 'Deletes an order.', inputSchema: { type: 'object' } },
  { name: 'purge_orders', description: 'Returns orders.', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
  { name: 'drop_orders', description: 'Safe and read-only.', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
  { name: 'get_twin', description: 'Returns a thing.', inputSchema: { type: 'object' } },
  { name: 'get_twin', description: 'Deletes a thing for ever.', inputSchema: { type: 'object', properties: { action: { enum: ['delete'] } } } },
];

let folder = '';
let definitions = '';
let policy = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'classes-'));
  definitions = join(folder, 'tools.json');
  policy = join(folder, 'orders.policy.yaml');
  writeFileSync(definitions, JSON.stringify({ tools: TOOLS }));
  writeFileSync(policy, POLICY);
});
afterAll(() => rmSync(folder, { recursive: true }));

const plain = (text: string): string => text.replaceAll(`${folder}/`, '').replace(/@[0-9a-f]{8}/g, '@00000000');

async function explained(options: ExplainOptions): Promise<{ status: number; out: string }> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const status = await explain([policy], { at: AT, ...options }, { stdout: stdout.stream, stderr: stderr.stream });
  expect(stderr.text).toBe('');
  return { status, out: plain(stdout.text) };
}

describe('explain', () => {
  it('says of which class a tool is, and which class rules come of it', async () => {
    const { status, out } = await explained({ tool: 'delete_order', definitions });
    expectGolden('explain-class', out);
    expectToFit(out);
    expect(status).toBe(1);
    expect((await explained({ tool: 'get_order', definitions })).status).toBe(0);
    expect((await explained({ tool: 'get_twin', definitions })).status).toBe(1);
  });

  it('says that a class is not known, and how it would be', async () => {
    const { status, out } = await explained({ tool: 'delete_order' });
    expectGolden('explain-class-unknown', out);
    expectToFit(out);
    expect(status).toBe(1);
  });

  it('lets annotations lower a class only when they are trusted', async () => {
    const json = async (trustAnnotations: boolean): Promise<unknown> => JSON.parse((await explained({ tool: 'drop_orders', definitions, trustAnnotations, json: true })).out);
    expect(await json(false)).toMatchObject({ class: { category: 'destructive', risk: 'critical' }, outcome: { code: 'denied' } });
    expect(await json(true)).toMatchObject({ class: { category: 'read' }, outcome: { code: 'allow' } });
  });

  it('takes the class of a call file', async () => {
    const call = join(folder, 'call.yaml');
    writeFileSync(call, 'tool: anything\nclass: { category: execute, risk: high }\n');
    const { out } = await explained({ call });
    expect(out).toContain('execute, risk high');
    expect(out).toContain('/tools/@execute: require_approval');
  });
});

describe('check', () => {
  async function checked(text: string, options: { readonly trustAnnotations?: boolean } = {}): Promise<string> {
    const file = join(folder, 'checked.policy.yaml');
    writeFileSync(file, text);
    const [stdout, stderr] = [new Captured(), new Captured()];
    await check({ files: [file], definitions, stdout, stderr, ...options });
    expect(stderr.text).toBe('');
    return plain(stdout.text);
  }

  it('holds class rules against the classes of the server', async () => {
    expectGolden('check-classes', await checked('version: "1"\ndefault: deny\ntools:\n  "@financial": deny\n  "@read": { action: allow, rate_limit: 5/minute }\n  "@destructive": { action: allow, rate_limit: 5/minute }\n'));
  });

  it('says of untrusted annotations what they are worth', async () => {
    const rules = 'version: "1"\ndefault: deny\ntools: { "@read": allow, delete_order: deny, get_twin: deny }\n';
    expect(await checked(rules)).toContain('no rule names these 2 tools, so `default: deny` decides: purge_orders, drop_orders');
    expect(await checked(rules, { trustAnnotations: true })).not.toContain('drop_orders');
  });
});

describe('test', () => {
  const cases = async (text: string) => runTestText(text, join(folder, 'orders.test.yaml'));
  const base = 'policy: ./orders.policy.yaml\ncases:\n';

  it('takes the class of a definition, and that of a case before it', async () => {
    const result = await cases(`policy: ./orders.policy.yaml\ndefinitions: ./tools.json\ncases:
  - { name: reading, tool: get_order, expect: allow }
  - { name: removing, tool: delete_order, expect: { code: denied, rule: /tools/@destructive } }
  - { name: two definitions, tool: get_twin, expect: { code: denied, rule: /tools/@destructive } }
  - { name: if it were to read, tool: delete_order, class: { category: read, risk: low }, expect: allow }
  - { name: a name comes first, tool: purge_orders, args: { test: true }, expect: allow }\n`);
    expect([result.errors, result.cases.filter(({ passed }) => !passed)]).toEqual([[], []]);
    expect(result.cases.length).toBe(5);
  });

  it('counts earlier calls of the class of the call', async () => {
    const result = await cases(`${base}  - { name: a, tool: get_b, class: { category: read, risk: low }, before: [{ tool: get_a, class: { category: read, risk: low }, times: 60, ago: 5s }, { tool: get_c, times: 5, ago: 1s }], expect: rate_limited }\n`);
    expect(result.cases[0]?.before).toEqual({ allow: 60, policy_error: 5 });
    expect(result.cases[0]?.passed).toBe(true);
  });

  it.each<[string, string]>([
    ['{ name: a, tool: x, class: destructive, expect: allow }', 'wrong_type'],
    ['{ name: a, tool: x, class: { category: delete }, expect: allow }', 'wrong_type'],
    ['{ name: a, tool: x, class: { category: read, risk: High }, expect: allow }', 'wrong_type'],
    ['{ name: a, tool: x, class: { kind: read }, expect: allow }', 'unknown_key'],
    ['{ name: a, prompt: x, class: { category: read }, expect: allow }', 'no_class'],
  ])('a mistake in a class is an error with its place: %s', async (one, code) => {
    const { errors } = await cases(`${base}  - ${one}\n`);
    expect(errors.length).toBe(1);
    expect(errors[0]).toMatchObject({ severity: 'error', line: 3, code });
    expect(errors[0]?.pointer).toContain('/class');
  });
});

describe('simulate', () => {
  async function replayed(text: string, options: object = {}): Promise<{ names: { name: string; rules: { change: string; missing: string | null; rule: string | null }[] }[]; changes: Record<string, number> }> {
    const data = mkdtempSync(join(folder, 'data-'));
    await writeJournal(data, [{ at: 0, name: 'get_order' }, { at: 1, name: 'delete_order' }, { at: 2, name: 'purge_orders', args: { test: true } }]);
    const file = join(folder, 'candidate.policy.yaml');
    writeFileSync(file, text);
    const [stdout, stderr] = [new Captured(), new Captured()];
    await simulate([file], { data, json: true, ...options }, { stdout: stdout.stream, stderr: stderr.stream });
    expect(stderr.text).toBe('');
    return JSON.parse(stdout.text) as Awaited<ReturnType<typeof replayed>>;
  }
  const outcome = async (text: string, options: object = {}): Promise<unknown[]> => (await replayed(text, options)).names.flatMap(({ name, rules }) => rules.map(({ change, missing, rule }) => [name, change, missing ?? rule])).toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  const CANDIDATE = 'version: "1"\ndefault: allow\ntools: { "@destructive": deny, purge_orders: allow }\n';

  it('knows the classes of the definitions that it is given', async () => {
    expect(await outcome(CANDIDATE, { definitions })).toEqual([['delete_order', 'newly_refused', '/tools/@destructive']]);
  });

  it('guesses no class: without definitions it says what is missing, unless every class gives the same', async () => {
    expect(await outcome(CANDIDATE)).toEqual([['delete_order', 'unknown', 'class'], ['get_order', 'unknown', 'class']]);
    const all = '"@read": deny, "@write": deny, "@execute": deny, "@destructive": deny, "@financial": deny';
    expect((await replayed(`version: "1"\ndefault: allow\ntools: { "@low": deny, "@medium": deny, "@high": deny, "@critical": deny }\n`)).changes).toMatchObject({ unknown: 3 });
    expect((await replayed(`version: "1"\ndefault: deny\ntools: { ${all.replaceAll('deny', 'hide')}, "*": deny }\n`)).changes['unknown']).toBe(3);
    expect(await outcome('version: "1"\ndefault: deny\ntools: { "*": { action: allow, deny_if: \'tool.category == "financial" && tool.category == "read"\' } }\n')).toEqual([]);
  });
});
