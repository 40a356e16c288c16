import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_OTHERS, MAX_PINS, MAX_SERVER_BYTES, MAX_TEXT_BYTES } from '../../src/state/pin-row.ts';
import type { LearnedDefinition, PinStanding, State } from '../../src/state/types.ts';
import { forEachEngine, one } from './contract/engine.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function definition(name: string, text = `{"name":${JSON.stringify(name)}}`, standing: PinStanding = 'pinned', why: string[] = []): LearnedDefinition {
  return { name, hash: hash(text), text, standing, why };
}

forEachEngine('pins', (engine) => {
  const standings = (state: State, name: string, server = 'mq') => state.pins.record(server, name)?.definitions.map((one) => [one.hash.slice(0, 4), one.standing]) ?? null;
  const short = (text: string) => hash(text).slice(0, 4);

  test('[L7] the first definition of a tool is pinned, comes back as it was, and survives a restart', async () => {
    const { state, clock, again } = await one(engine);
    expect(state.pins.read('mq')).toEqual({ version: 0, tools: new Map() });
    const odd = `nul\u0000 half \ud800 \u0001`;
    expect(state.pins.learn('mq', [definition('send', '{"a":"\u0000\ud800"}'), definition(odd)], [])).toEqual({ version: 1, full: [], outdated: false });
    await state.close();
    const later = await again();
    const at = new Date(clock.wallMs()).toISOString();
    expect(later.pins.record('mq', 'send')).toEqual({
      server: 'mq', name: 'send', firstSeen: at, lastSeen: at,
      definitions: [{ hash: hash('{"a":"\u0000\ud800"}'), standing: 'pinned', text: '{"a":"\u0000\ud800"}', why: [], decidedBy: null, firstSeen: at }],
    });
    expect([...later.pins.read('mq').tools.keys()].toSorted()).toEqual([odd, 'send'].toSorted());
    expect(later.pins.record('other', 'send')).toBeNull();
    expect(later.pins.version('other')).toBe(0);
    await later.close();
  });

  test('[L7] [#47] a second process that meets another definition first does not get to pin it', async () => {
    const { state, again } = await one(engine);
    const other = await again();
    expect(state.pins.learn('mq', [definition('send', 'A')], []).outdated).toBe(false);
    expect(other.pins.learn('mq', [definition('send', 'B')], [])).toEqual({ version: 1, full: [], outdated: true });
    expect(standings(other, 'send')).toEqual([[short('A'), 'pinned']]);
    await state.close();
    await other.close();
  });

  test('what is noted or held is kept beside the pin, the oldest going first, and a pin never goes', async () => {
    const { state } = await one(engine);
    state.pins.learn('mq', [definition('send', 'A')], []);
    for (let n = 0; n < 50; n++) state.pins.learn('mq', [definition('send', `v${n}`, n % 2 === 0 ? 'held' : 'noted', ['risk low -> high'])], []);
    const kept = state.pins.record('mq', 'send')?.definitions ?? [];
    expect(kept).toHaveLength(MAX_OTHERS + 1);
    expect(kept[0]).toMatchObject({ hash: hash('A'), standing: 'pinned' });
    expect(kept.at(-2)).toMatchObject({ hash: hash('v48'), standing: 'held', why: ['risk low -> high'] });
    state.pins.learn('mq', [definition('send', 'v48', 'held')], []);
    expect(state.pins.record('mq', 'send')?.definitions).toHaveLength(MAX_OTHERS + 1);
    expect(state.pins.learn('mq', [definition('unknown', 'B', 'held')], []).outdated).toBe(true);
    expect(state.pins.record('mq', 'unknown')).toBeNull();
    await state.close();
  });

  test('[#47] accepting is for one hash, and refused when the definition changed again since', async () => {
    const { state } = await one(engine);
    state.pins.learn('mq', [definition('send', 'A')], []);
    state.pins.learn('mq', [definition('send', 'B', 'held', ['why'])], []);
    state.pins.learn('mq', [definition('send', 'C', 'held')], []);
    const before = state.pins.version('mq');
    expect(state.pins.accept('mq', 'send', hash('B'), 'alice')).toEqual({ ok: false, why: 'changed', newest: hash('C') });
    expect(state.pins.accept('mq', 'send', hash('D'), 'alice')).toEqual({ ok: false, why: 'unknown_hash' });
    expect(state.pins.accept('mq', 'send', hash('A'), 'alice')).toEqual({ ok: false, why: 'already_pinned' });
    expect(state.pins.accept('mq', 'lost', hash('A'), 'alice')).toEqual({ ok: false, why: 'no_pin' });
    expect(state.pins.version('mq')).toBe(before);
    expect(await state.query({ method: 'pins/decide' })).toEqual([]);
    expect(state.pins.accept('mq', 'send', hash('C'), 'alice')).toMatchObject({ ok: true, record: { definitions: [{ hash: hash('C'), standing: 'pinned', decidedBy: 'alice', text: 'C' }] } });
    expect(standings(state, 'send')).toEqual([[short('C'), 'pinned']]);
    expect(state.pins.version('mq')).toBe(before + 1);
    expect(await state.query({ method: 'pins/decide' })).toMatchObject([{ server: 'mq', name: 'send', code: 'definition_accepted', outcome: 'ok', transport: 'cli', reason: `definition ${hash('C')} accepted by "alice"` }]);
    await state.close();
  });

  test('what was accepted beside the pin holds together with it', async () => {
    const { state } = await one(engine);
    state.pins.learn('mq', [definition('send', 'A')], []);
    state.pins.learn('mq', [definition('send', 'B', 'held')], []);
    expect(state.pins.accept('mq', 'send', hash('B'), 'alice', true).ok).toBe(true);
    expect(standings(state, 'send')).toEqual([[short('A'), 'pinned'], [short('B'), 'pinned']]);
    expect(state.pins.accept('mq', 'send', hash('B'), 'alice', true)).toMatchObject({ why: 'already_pinned' });
    for (let n = 0; n < 20; n++) {
      state.pins.learn('mq', [definition('send', `v${n}`, 'held')], []);
      state.pins.accept('mq', 'send', hash(`v${n}`), 'alice', true);
    }
    expect(standings(state, 'send')).toHaveLength(8);
    expect(state.pins.accept('mq', 'send', hash('v19'), 'bob').ok).toBe(true);
    expect(standings(state, 'send')).toEqual([[short('v19'), 'pinned']]);
    await state.close();
  });

  test('a forgotten pin is gone with its definitions, and the next one is pinned anew', async () => {
    const { state } = await one(engine);
    state.pins.learn('mq', [definition('send', 'A'), definition('read', 'B')], []);
    state.pins.learn('other', [definition('send', 'A')], []);
    expect(state.pins.forget('mq', 'nothing', 'alice')).toBe(0);
    expect(state.pins.forget('mq', 'send', 'alice')).toBe(1);
    expect(state.pins.record('mq', 'send')).toBeNull();
    expect(state.pins.version('mq')).toBe(2);
    expect(state.pins.learn('mq', [definition('send', 'C')], []).outdated).toBe(false);
    expect(state.pins.forget('mq', null, 'alice')).toBe(2);
    expect(state.pins.read('mq')).toEqual({ version: 4, tools: new Map() });
    expect(state.pins.list().map(({ server, name }) => [server, name])).toEqual([['other', 'send']]);
    expect((await state.query({ method: 'pins/decide' })).map(({ code, name, reason }) => [code, name, reason])).toEqual([
      ['pin_forgotten', 'send', '1 pin forgotten by "alice"'], ['pin_forgotten', null, '2 pins forgotten by "alice"'],
    ]);
    await state.close();
  });

  test('a list of pins is by server and name, without texts, and can be of what is held alone', async () => {
    const { state } = await one(engine);
    state.pins.learn('b', [definition('z'), definition('a')], []);
    state.pins.learn('a', [definition('x')], []);
    state.pins.learn('b', [definition('z', 'other', 'held', ['risk low -> high'])], []);
    expect(state.pins.list().map(({ server, name }) => `${server}/${name}`)).toEqual(['a/x', 'b/a', 'b/z']);
    expect(state.pins.list({ held: true })).toMatchObject([{ name: 'z', definitions: [{ text: null, standing: 'pinned' }, { text: null, standing: 'held', why: ['risk low -> high'] }] }]);
    expect(state.pins.list({ server: 'b', limit: 1 }).map(({ name }) => name)).toEqual(['a']);
    await state.close();
  });

  test('when a pin was last seen is told to the hour, in one write for many', async () => {
    const { state, clock } = await one(engine);
    state.pins.learn('mq', [definition('a'), definition('b')], []);
    const first = state.pins.record('mq', 'a')?.lastSeen;
    clock.pass(1_800_000_000);
    state.pins.learn('mq', [], ['a']);
    expect(state.pins.record('mq', 'a')?.lastSeen).toBe(first);
    clock.pass(1_800_002_000);
    state.pins.learn('mq', [], ['a']);
    expect(state.pins.record('mq', 'a')?.lastSeen).toBe(new Date(clock.wallMs()).toISOString());
    expect(state.pins.record('mq', 'b')?.lastSeen).toBe(first);
    expect(state.pins.version('mq')).toBe(1);
    await state.close();
  });

  test('[#47] a server that lists more tools than are pinned evicts no pin: what is beyond gets none', async () => {
    const { state } = await one(engine);
    const names = Array.from({ length: MAX_PINS + 5 }, (_, n) => `t${n}`);
    const { full } = state.pins.learn('mq', names.map((name) => definition(name, name)), []);
    expect(full).toEqual(names.slice(MAX_PINS));
    expect(state.pins.learn('mq', [definition('late', 'late')], []).full).toEqual(['late']);
    expect(state.pins.read('mq').tools.size).toBe(MAX_PINS);
    expect(standings(state, 't0')).toEqual([[short('t0'), 'pinned']]);
    expect(state.pins.learn('other', [definition('late', 'late')], []).full).toEqual([]);
    state.pins.forget('mq', 't0', 'alice');
    expect(state.pins.learn('mq', [definition('late', 'late')], []).full).toEqual([]);
    await state.close();
  });

  test('a name that no specification allows is not pinned', async () => {
    const { state } = await one(engine);
    expect(state.pins.learn('mq', [definition('n'.repeat(100_000))], []).full).toHaveLength(1);
    expect(state.pins.record('mq', 'n'.repeat(100_000))).toBeNull();
    await state.close();
  });

  test('texts of a server take so much room and no more; the pins themselves go on', async () => {
    const { state } = await one(engine);
    const big = (n: number) => definition(`t${n}`, JSON.stringify(String(n).padEnd(MAX_TEXT_BYTES - 10, 'x')));
    const count = Math.ceil(MAX_SERVER_BYTES / MAX_TEXT_BYTES) + 4;
    for (let n = 0; n < count; n++) state.pins.learn('mq', [big(n)], []);
    const texts = () => Array.from({ length: count }, (_, n) => state.pins.record('mq', `t${n}`)?.definitions[0]?.text?.length ?? 0);
    expect(texts().reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(MAX_SERVER_BYTES);
    expect(texts().at(-1)).toBe(0);
    expect(texts()[0]).toBeGreaterThan(0);
    expect(state.pins.read('mq').tools.size).toBe(count);
    state.pins.forget('mq', null, 'alice');
    state.pins.learn('mq', [big(0), definition('huge', 'y'.repeat(MAX_TEXT_BYTES + 1))], []);
    expect(state.pins.record('mq', 't0')?.definitions[0]?.text).not.toBeNull();
    expect(state.pins.record('mq', 'huge')?.definitions[0]?.text).toBeNull();
    await state.close();
  });

  describe('what an operator does', () => {
    test('reaches other processes as a new version of the server, and of no other', async () => {
      const { state, again } = await one(engine);
      const gateway = await again();
      state.pins.learn('mq', [definition('send', 'A')], []);
      state.pins.learn('other', [definition('send', 'A')], []);
      state.pins.learn('mq', [definition('send', 'B', 'held')], []);
      const known = gateway.pins.read('mq');
      state.pins.accept('mq', 'send', hash('B'), 'alice');
      expect(gateway.pins.version('mq')).toBe(known.version + 1);
      expect(gateway.pins.version('other')).toBe(1);
      expect(gateway.pins.read('mq').tools.get('send')).toEqual([{ hash: hash('B'), standing: 'pinned' }]);
      await state.close();
      await gateway.close();
    });
  });
});
