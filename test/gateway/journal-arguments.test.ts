import { afterEach, expect, test } from 'vitest';
import type { JournalRow } from '../../src/state/types.ts';
import { policySet, StdioHarness } from './run-harness.ts';

const open: StdioHarness[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const ARGUMENTS = { user: 'ann', card: { number: 4711, owner: 'Ann' } };

/** The row of one call that is let through and of one that is refused, under these policies. */
async function rowsUnder(keepArguments: boolean, ...journals: string[]): Promise<JournalRow[]> {
  const policies = journals.map((journal) => `version: "1"\ndefault: allow\n${journal}\ntools: { refused: deny }\n`);
  const harness = new StdioHarness(await policySet(...policies), undefined, { keepArguments });
  open.push(harness);
  await harness.initialize();
  await harness.call('echo', ARGUMENTS);
  await harness.call('refused', ARGUMENTS);
  return (await harness.rows()).filter(({ method }) => method === 'tools/call');
}

const seen = ({ argKeys, argHash, argValues }: JournalRow): unknown => [argKeys, argHash === null ? null : argHash.length, argValues];
const NAMES = ['user', 'card'];
const TEXT = JSON.stringify(ARGUMENTS);

test.each([
  ['nothing said, names and hash configured', false, [''], [NAMES, 64, null]],
  ['nothing said, values configured', true, [''], [NAMES, 64, TEXT]],
  ['none', true, ['journal: { arguments: none }'], [null, null, null]],
  ['names', true, ['journal: { arguments: names }'], [NAMES, null, null]],
  ['hash', true, ['journal: { arguments: hash }'], [NAMES, 64, null]],
  ['values', true, ['journal: { arguments: values }'], [NAMES, 64, TEXT]],
  ['values asked by the policy, and not configured', false, ['journal: { arguments: values }'], [NAMES, 64, null]],
  ['values without some', true, ['journal: { arguments: values, redact: [card.number] }'], [NAMES, 64, '{"user":"ann","card":{"number":"[redacted]","owner":"Ann"}}']],
  ['two policies', true, ['journal: { arguments: values, redact: [card.number] }', 'journal: { arguments: names }'], [NAMES, null, null]],
  ['two policies that redact', true, ['journal: { arguments: values, redact: [card] }', 'journal: { arguments: values, redact: [user] }'], [NAMES, 64, '{"user":"[redacted]","card":"[redacted]"}']],
])('%s: of calls that pass and of calls that are refused the journal keeps no more than it may', async (_name, keep, journals, expected) => {
  const rows = await rowsUnder(keep, ...journals);
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(seen(row)).toEqual(expected);
});

test('two calls that differ only in what is redacted have one hash', async () => {
  const harness = new StdioHarness(await policySet('version: "1"\ndefault: allow\njournal: { arguments: values, redact: [card] }\n'), undefined, { keepArguments: true });
  open.push(harness);
  await harness.initialize();
  for (const card of ['4711', '4712']) await harness.call('echo', { card });
  const [one, two] = (await harness.rows()).filter(({ method }) => method === 'tools/call');
  expect(one?.argHash).toBe(two?.argHash);
});
