// The harness itself: what it holds against the journal must be able to fail. Run with `node --test test/load/`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './client.mjs';
import { judge } from './judge.mjs';

function world() {
  const tally = new Tally();
  tally.answered('a');
  tally.answered('b');
  tally.refused('c', 'row-c', 'denied');
  return { journal: { integrity: 'ok', admitted: new Map([['a', 'ok'], ['b', 'ok']]), refused: new Set(['row-c']), suppressed: 0, rows: 3, open: 0 }, seen: ['a', 'b'], tally, killed: false };
}

test('a journal that says what clients and upstreams saw is in order', () => assert.deepEqual(judge(world()), []));

for (const [what, break_, also] of [
  ['a call that an upstream saw and the journal does not know', (it) => it.journal.admitted.delete('b'), true],
  ['a call that was executed twice', (it) => it.seen.push('a'), true],
  ['an answer to a call that no upstream saw', (it) => it.seen.splice(0, 1), true],
  ['a refusal without a row', (it) => it.journal.refused.clear(), true],
  ['a damaged database', (it) => (it.journal.integrity = 'row 1 missing from index'), true],
  ['a row for a call that no upstream saw', (it) => it.journal.admitted.set('z', 'ok'), false],
  ['a row for a refusal that no client saw', (it) => it.journal.refused.add('row-z'), false],
  ['a row without an end', (it) => (it.journal.open = 1), false],
  ['a call without a proper answer', (it) => it.tally.lost('z', 'HTTP 500'), false],
  ['a count of suppressed rows that is too high', (it) => (it.journal.suppressed = 1), false],
]) {
  test(`${what} is found${also ? ', after a kill too' : ''}`, () => {
    for (const killed of also ? [false, true] : [false]) {
      const it = { ...world(), killed };
      break_(it);
      assert.notDeepEqual(judge(it), []);
    }
  });
}

test('a refusal without a row is in order when the journal counts it as suppressed', () => {
  const it = world();
  it.journal.refused.clear();
  it.journal.suppressed = 1;
  assert.deepEqual(judge(it), []);
});
