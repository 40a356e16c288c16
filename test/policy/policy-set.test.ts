import { describe, expect, it } from 'vitest';
import { combine } from '../../src/policy/index.ts';
import { load, setOf } from './load.ts';

describe('what the upstream may ask of the client', () => {
  it('is allowed unless the policy says otherwise, and the strictest of several wins', async () => {
    const set = await setOf('{ version: "1", default: deny, client: { sampling: deny, roots: allow } }', '{ version: "1", default: allow, client: { roots: deny } }');
    expect(set.client('sampling')).toMatchObject({ effect: 'deny', code: 'denied', rule: '/client/sampling', wouldBe: null });
    expect(set.client('roots')).toMatchObject({ effect: 'deny', rule: '/client/roots', policyId: set.id.split('+')[1] });
    expect(set.client('elicitation')).toMatchObject({ effect: 'allow', code: null });
  });
  it('is not blocked by an observed document, which says what it would have done', async () => {
    const set = await setOf('{ version: "1", default: deny, mode: observe, client: { sampling: deny } }');
    expect(set.client('sampling')).toMatchObject({ effect: 'allow', wouldBe: { effect: 'deny', rule: '/client/sampling' } });
    expect(set.client('roots')).toMatchObject({ effect: 'allow', wouldBe: null });
  });
  it('is refused to a grant without a policy', () => {
    expect(combine([]).client('sampling')).toMatchObject({ effect: 'deny', code: 'default_denied', reason: 'no policy is attached to this grant' });
  });
});

describe('unknown methods', () => {
  const verdicts: [what: string, texts: string[], forwards: boolean][] = [
    ['pass when everything is allowed', ['{ version: "1", default: allow }', '{ version: "1", default: allow, tools: { x: allow } }'], true],
    ['pass when restrictions are only observed', ['{ version: "1", default: deny, mode: observe }', '{ version: "1", default: allow, tools: { x: { action: deny, mode: observe } } }'], true],
    ['do not pass without a policy', [], false],
    ['do not pass a default that denies', ['{ version: "1", default: deny }'], false],
    ['do not pass a default that denies behind a star that allows', ['{ version: "1", default: deny, tools: { "*": allow }, prompts: { "*": allow }, resources: { "*": allow } }'], false],
    ['do not pass beside a rule that denies', ['{ version: "1", default: allow, prompts: { x: deny } }'], false],
    ['do not pass beside a limit', ['{ version: "1", default: allow, tools: { x: { rate_limit: 1/day } } }'], false],
    ['do not pass beside a refused client feature', ['{ version: "1", default: allow, client: { roots: deny } }'], false],
    ['do not pass when one of several documents restricts', ['{ version: "1", default: allow }', '{ version: "1", default: hide }'], false],
  ];
  it.each(verdicts)('%s', async (_, texts, forwards) => expect((await setOf(...texts)).forwardsUnknown).toBe(forwards));
});

describe('summaries of a kind', () => {
  const summaries: [what: string, texts: string[], mayHide: boolean, isOpen: boolean][] = [
    ['a default that hides behind a star', ['{ version: "1", default: hide, tools: { "*": allow } }'], false, true],
    ['a default that hides behind an observed star', ['{ version: "1", default: hide, tools: { "*": { action: allow, mode: observe } } }'], true, false],
    ['a rule that hides', ['{ version: "1", default: allow, tools: { "x*": hide } }'], true, false],
    ['an observed rule that hides', ['{ version: "1", default: allow, tools: { "x*": { action: hide, mode: observe } } }'], false, false],
    ['an observed document that hides', ['{ version: "1", default: hide, mode: observe }'], false, false],
    ['one of several documents that hides', ['{ version: "1", default: allow }', '{ version: "1", default: hide }'], true, false],
    ['a limit', ['{ version: "1", default: allow, tools: { x: { rate_limit: 1/day } } }'], false, false],
    ['only rules that allow', ['{ version: "1", default: allow, tools: { x: allow } }'], false, true],
    ['no policy', [], false, false],
  ];
  it.each(summaries)('%s', async (_, texts, mayHide, isOpen) => {
    const set = await setOf(...texts);
    expect([set.mayHide('tool'), set.isOpen('tool')]).toEqual([mayHide, isOpen]);
  });
});

describe('identity', () => {
  const base = '{ version: "1", default: deny, tools: { a: allow, b: { rate_limit: 10/minute } } }';
  it('of a policy does not change with comments, layout, order or spelling', async () => {
    const same = 'default: deny # no\nversion: "1"\nmode: enforce\ntools:\n  b: { rate_limit: { window: 1m, max: 10, per: [session], on_state_error: deny } }\n  "a": { action: allow }\n';
    expect((await load(same)).id).toBe((await load(base)).id);
    expect((await load(base)).id).toMatch(/^p@[0-9a-f]{8}$/);
  });
  it.each([
    ['an action', base.replace('a: allow', 'a: deny')],
    ['a limit', base.replace('10/', '11/')],
    ['the default', base.replace('default: deny', 'default: hide')],
    ['the mode', base.replace('default', 'mode: observe, default')],
    ['a reason', base.replace('a: allow', 'a: { action: allow, reason: because }')],
    ['a selector', base.replace('a: allow', 'A: allow')],
  ])('of a policy changes with %s', async (_, text) => expect((await load(text)).id).not.toBe((await load(base)).id));
  it('of a set names every document in the order of the grant, each once', async () => {
    const [first, second] = [await load(base, 'one'), await load(base, 'two')];
    expect(combine([first, second, first]).id).toBe(`${first.id}+${second.id}`);
    expect(combine([first, first]).decide({ kind: 'tool', name: 'b' }).limits).toHaveLength(1);
  });
});

describe('claims', () => {
  it('carry what a counter needs', async () => {
    const set = await setOf(`{ version: "1", default: deny, tools: { "get_*": { rate_limit: [{ max: 5, window: 1d, per: [tool, grant], on_state_error: allow }, 2/30s], reason: slow down } } }`);
    expect(set.decide({ kind: 'tool', name: 'get_x' }).limits).toEqual([
      { type: 'rate', counter: '', policy: 'a', policyId: set.id, rule: '/tools/get_*/rate_limit/0', kind: 'tool', selector: 'get_*', spansTools: true, max: 5, windowMs: 86_400_000, per: ['grant', 'tool'], reason: 'slow down', enforce: true, onStateError: 'allow' },
      { type: 'rate', counter: '', policy: 'a', policyId: set.id, rule: '/tools/get_*/rate_limit/1', kind: 'tool', selector: 'get_*', spansTools: true, max: 2, windowMs: 30_000, per: ['session'], reason: 'slow down', enforce: true, onStateError: 'deny' },
    ]);
  });
  it('of two spellings of one URI share a counter', async () => {
    const selectors = await Promise.all(
      ['FILE:///srv/%61', 'file:///srv/a'].map(async (uri) => (await setOf(`{ version: "1", default: deny, resources: { "${uri}": { rate_limit: 1/day } } }`)).decide({ kind: 'resource', name: 'file:///srv/a' }).limits[0]?.selector),
    );
    expect(selectors).toEqual(['file:///srv/a', 'file:///srv/a']);
  });
  it('accept every spelling of a window', async () => {
    const windows = ['window: 90', 'window: 90s', 'window: 2m', 'window: 3h', 'window: 366d'];
    const found = await Promise.all(
      windows.map(async (window) => (await setOf(`{ version: "1", default: deny, tools: { x: { rate_limit: { max: 1000000, ${window} } } } }`)).decide({ kind: 'tool', name: 'x' }).limits[0]?.windowMs),
    );
    expect(found).toEqual([90_000, 90_000, 120_000, 10_800_000, 31_622_400_000]);
    const short = ['1/second', '1/minute', '1/hour', '1/day', '1/s', '1/m', '1/h', '1/d', '1/45s', '1/2d'];
    const more = await Promise.all(
      short.map(async (rate) => (await setOf(`{ version: "1", default: deny, tools: { x: { rate_limit: ${rate} } } }`)).decide({ kind: 'tool', name: 'x' }).limits[0]?.windowMs),
    );
    expect(more).toEqual([1000, 60_000, 3_600_000, 86_400_000, 1000, 60_000, 3_600_000, 86_400_000, 45_000, 172_800_000]);
  });
});
