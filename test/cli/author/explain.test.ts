import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { explain, type ExplainOptions } from '../../../src/cli/commands/explain.ts';
import { Captured, expectGolden, expectToFit, files } from './capture.ts';

const AT = '2026-01-05T10:00:00Z';
const PAYS: ExplainOptions = { tool: 'create_charge', grant: 'support', tag: ['payments'], at: AT };

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

async function run(options: ExplainOptions, ...policies: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const named = policies.length === 0 ? ['stripe.policy.yaml'] : policies;
  const status = await explain(named.map((name) => join(files, name)), options, { stdout: stdout.stream, stderr: stderr.stream });
  return { status, out: stdout.text.replace(/@[0-9a-f]{8}/g, '@00000000'), err: stderr.text };
}

function temporary(name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'explain-'));
  directories.push(directory);
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

describe('explain', () => {
  const read: readonly [golden: string, status: number, options: ExplainOptions, policies?: readonly string[]][] = [
    ['explain-allowed', 0, { ...PAYS, args: '{"amount":10,"currency":"eur"}' }],
    ['explain-condition', 1, { ...PAYS, args: '{"amount":900,"currency":"eur"}' }],
    ['explain-default', 1, { tool: 'export_all', at: AT }],
    ['explain-hidden', 1, { tool: 'delete_customer', at: AT }],
    ['explain-approval', 1, { tool: 'refund_charge', at: AT }],
    ['explain-observed', 1, { tool: 'list_events', at: AT }],
    ['explain-glob', 0, { tool: 'get_charge', at: AT }],
    ['explain-unknown', 1, { tool: 'drop_database', at: AT, definitions: join(files, 'tools.json') }],
    ['explain-lookalike', 1, { ...PAYS, args: '{"amount":10,"currency":"eur","Amount":9999}', definitions: join(files, 'tools.json') }],
    ['explain-resource', 1, { resource: 'file:///invoices/../etc/passwd', at: AT }],
    ['explain-invoice', 0, { resource: 'file:///invoices/5.pdf', at: AT }],
    ['explain-unreadable', 1, { resource: 'FILE:///invoices/%2e%2e/x', at: AT }],
    ['explain-when', 0, { tool: 'create_charge', args: '{"vip":3}', at: AT }, ['second.policy.yaml']],
    ['explain-call-file', 1, { call: join(files, 'call.yaml') }, ['stripe.policy.yaml', 'second.policy.yaml']],
  ];
  it.each(read)('%s', async (golden, status, options, policies = []) => {
    const result = await run(options, ...policies);
    expect(result.err).toBe('');
    expectGolden(golden, result.out);
    expectToFit(result.out);
    expect(result.status).toBe(status);
  });

  it('the status says whether the call would go through', async () => {
    expect((await run({ tool: 'get_charge' })).status).toBe(0);
    expect((await run({ tool: 'export_all' })).status).toBe(1);
  });

  it('a JSON-RPC request is a call', async () => {
    const { status, out } = await run({ call: join(files, 'request.json'), tag: ['payments'] });
    expect(out).toContain('{"amount":10,"currency":"eur"}');
    expect(status).toBe(0);
  });

  it('numbers reach the policy as they were written', async () => {
    const policy = temporary('p.yaml', 'version: "1"\ndefault: deny\ntools: { pay: { budget: { sum: args.amount, max: 10, window: 60 } } }\n');
    const [stdout, stderr] = [new Captured(), new Captured()];
    await explain([policy], { tool: 'pay', args: '{"amount": 0.10000000000000000000001}' }, { stdout: stdout.stream, stderr: stderr.stream });
    expect(stdout.text).toContain('0.10000000000000000000001 of 10 in 1 min per session');
  });

  it('machines get the whole trace as JSON', async () => {
    const { status, out } = await run({ ...PAYS, args: '{"amount":900,"currency":"eur"}', json: true });
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      call: { kind: 'tool', name: 'create_charge', args: '{"amount":900,"currency":"eur"}', at: '2026-01-05T10:00:00.000Z', caller: { grant: 'support', tags: ['payments'] } },
      outcome: { code: 'condition_failed', reason: 'a charge above 500 needs a person' },
      decision: { effect: 'deny', rule: '/tools/create_charge/require/0', wouldPass: 'amount <= 500' },
      policies: [{ name: 'stripe', readings: [[{ selector: 'create_charge', rules: [{ state: 'applies', decides: true, guards: [{ answer: 'passes' }, { answer: 'passes' }, { answer: 'refuses', code: 'condition_failed' }, { answer: 'passes' }, { answer: 'passes' }] }] }]] }],
    });
  });

  const wrong: readonly [title: string, options: ExplainOptions, message: RegExp][] = [
    ['no call', {}, /explain needs a call/],
    ['two calls', { tool: 'a', prompt: 'b' }, /one call at a time/],
    ['a call and a file', { tool: 'a', call: 'x' }, /one call at a time/],
    ['arguments of a resource', { resource: 'file:///x', args: '{}' }, /takes no arguments/],
    ['arguments beside a file', { call: 'x', args: '{}' }, /--args has no effect with --call/],
    ['arguments that are no JSON', { tool: 'a', args: '{amount: 1}' }, /--args is not JSON/],
    ['arguments that are a list', { tool: 'a', args: '[1]' }, /--args is a JSON array; expected an object/],
    ['a key twice', { tool: 'a', args: '{"a":1,"a":2}' }, /occurs twice/],
    ['claims that are no object', { tool: 'a', user: '"eve"' }, /--user is a JSON string/],
    ['a time without a zone', { tool: 'a', at: '2026-01-05T10:00:00' }, /--at .* is not a time with its zone/],
    ['definitions that are none', { tool: 'a', definitions: join(files, 'call.yaml') }, /call\.yaml/],
  ];
  it.each(wrong)('%s is a usage error', async (_title, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });

  it('two policies of one name are a usage error: they would share their counters', async () => {
    await expect(run({ tool: 'a' }, 'stripe.policy.yaml', '../files/stripe.policy.yaml')).rejects.toThrow(/two policies have the name `stripe`/);
  });

  const broken: readonly [title: string, text: string, message: RegExp][] = [
    ['a misspelt key', 'tol: a\n', /a call has no key `tol`\n.*\n.*\n {2}help: did you mean `tool`\?/],
    ['nothing', '{}\n', /this call says nothing of what is called/],
    ['no YAML', 'tool: [\n', /error:/],
    ['another request', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', /not governed by rules/],
    ['a request without a name', '{"method":"tools/call","params":{}}', /`params\.name` is not text/],
    ['a request with a list of arguments', '{"method":"tools/call","params":{"name":"a","arguments":[]}}', /`params\.arguments` is not an object/],
  ];
  it.each(broken)('a call file with %s is reported with its place, and the status is 2', async (_title, text, message) => {
    const { status, out, err } = await run({ call: temporary('call.yaml', text) });
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).toMatch(/call\.yaml:1:\d+: error: /);
    expect(status).toBe(2);
  });

  it('what a hostile policy or call holds cannot reach the terminal', async () => {
    const policy = temporary('p.yaml', 'version: "1"\ndefault: deny\ntools: { "a\\u001b[31m": { deny_if: "args.x == \'\\u001b[2J\'", reason: "\\u001b]0;x" } }\n');
    const [stdout, stderr] = [new Captured(), new Captured()];
    await explain([policy], { tool: 'a\u001b[31m', args: '{"x":"\\u001b[2J"}', grant: '\u001b[1m' }, { stdout: stdout.stream, stderr: stderr.stream });
    expect(stdout.text).not.toContain('\u001b');
    expect(stdout.text).toContain('REFUSED');
  });
});
