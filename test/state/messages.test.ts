import { expect, test } from 'vitest';
import { MAX_MESSAGES, MESSAGE_BOUND } from '../../src/state/message-store.ts';
import type { NewMessage } from '../../src/state/types.ts';
import { forEachEngine, one } from './contract/engine.ts';

function message(text: string, over: Partial<NewMessage> = {}): NewMessage {
  return { name: 'Ada', email: 'ada@example.com', page: '/catalogue/a/b', text, ...over };
}

forEachEngine('messages', (engine) => {
  test('a message comes back as it was written, whatever characters it has, also after a restart', async () => {
    const { state, clock, again } = await one(engine);
    const odd = message('nul\u0000, half \ud800, <b>bold</b>\u202e', { name: '\u0001mark', email: '', page: 'x\u0000' });
    expect(await state.messages.add(odd)).toBe(1);
    const stored = [{ ...odd, id: 1, at: new Date(clock.wallMs()).toISOString(), read: false }];
    expect(await state.messages.list()).toEqual(stored);
    await state.close();
    const later = await again();
    expect(await later.messages.list()).toEqual(stored);
    await later.close();
  });

  test('the newest come first, in pages, and what was read is left out on demand', async () => {
    const { state } = await one(engine);
    for (let n = 1; n <= 5; n++) await state.messages.add(message(`m${n}`));
    const ids = async (filter: Parameters<typeof state.messages.list>[0]) => (await state.messages.list(filter)).map(({ id }) => id);
    expect(await ids({ limit: 2 })).toEqual([5, 4]);
    expect(await ids({ limit: 2, before: 4 })).toEqual([3, 2]);
    expect(await state.messages.markRead(4)).toBe(true);
    expect(await state.messages.markRead(4)).toBe(true);
    expect(await ids({ unread: true })).toEqual([5, 3, 2, 1]);
    expect((await state.messages.list()).map(({ read }) => read)).toEqual([false, true, false, false, false]);
    for (const wrong of [6, -1, 1.5, Number.NaN, 2 ** 60]) expect(await state.messages.markRead(wrong)).toBe(false);
    expect(await ids({ limit: -1 })).toEqual([]);
    await state.close();
  });

  test('a long message is cut, and says so', async () => {
    const { state } = await one(engine);
    const long = 'x'.repeat(1_000_000);
    await state.messages.add({ name: long, email: long, page: long, text: long });
    const [stored] = await state.messages.list();
    expect(stored?.text).toBe(`${'x'.repeat(MESSAGE_BOUND)}…`);
    expect([stored?.name.length, stored?.email.length, stored?.page.length]).toEqual([201, 321, 513]);
    await state.close();
  });

  test('a full inbox drops what was read, oldest first, and never what nobody has read', async () => {
    const { state } = await one(engine);
    for (let n = 1; n <= MAX_MESSAGES; n++) expect(await state.messages.add(message('m'))).toBe(n);
    expect(await state.messages.add(message('flood'))).toBeNull();
    await state.messages.markRead(7);
    await state.messages.markRead(3);
    expect(await state.messages.add(message('more'))).toBe(MAX_MESSAGES + 1);
    expect(await state.messages.add(message('more'))).toBe(MAX_MESSAGES + 2);
    expect(await state.messages.add(message('flood'))).toBeNull();
    const kept = await state.messages.list({ limit: 5000 });
    expect(kept).toHaveLength(MAX_MESSAGES);
    expect(kept.map(({ id }) => id).filter((id) => id < 10).toReversed()).toEqual([1, 2, 4, 5, 6, 8, 9]);
    await state.close();
  });
});
