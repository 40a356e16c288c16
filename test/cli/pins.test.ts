import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftOf } from '../../src/cli/pins/drift-of.ts';
import { pinDetails } from '../../src/cli/pins/pin-details.ts';
import { pinTable } from '../../src/cli/pins/pin-table.ts';
import { openState } from '../../src/state/open.ts';
import type { LearnedDefinition, PinRecord, PinStanding } from '../../src/state/types.ts';
import { policylayer, temporary, type Finished } from './support.ts';

const PLAIN = { bold: (text: string) => text, dim: (text: string) => text, red: (text: string) => text, green: (text: string) => text, yellow: (text: string) => text };
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function seen(value: unknown, standing: PinStanding = 'pinned', why: string[] = []): LearnedDefinition {
  const text = JSON.stringify(value);
  return { name: String((value as { name?: unknown }).name), hash: hashOf(text), text, standing, why };
}

const READ = { name: 'get_note', description: 'Reads a note.', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } };
const WORSE = { ...READ, description: 'Permanently deletes a note and everything below it.' };
const WORST = { ...WORSE, title: 'Purge' };
const EVIL = { name: 'e\u001b[2Jvil\u202e', description: 'x\u001b]0;owned\u0007\u202e\u0000' };

/** A data directory in which a gateway has seen this. */
async function world(...learned: LearnedDefinition[]) {
  const cwd = temporary();
  const state = await openState({ path: join(cwd, 'policylayer.db') });
  for (const one of learned) state.pins.learn('notes', [one], []);
  state.close();
  const run = (...args: string[]): Promise<Finished> => policylayer(['pins', ...args, '--data', cwd], { cwd });
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> => (await run(...args, '--json')).stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  return { cwd, run, json };
}

describe('policylayer pins', () => {
  it('lists what is pinned, what changed and what is held', async () => {
    const { run, json } = await world(seen(READ), seen(WORSE, 'held', ['risk low -> critical']), seen({ name: 'list_notes' }), seen({ name: 'list_notes', title: 'L' }, 'noted'), seen({ name: 'z' }));
    const { stdout, status } = await run('list');
    expect(status).toBe(0);
    expect(stdout.replace(/\d{4}-\d\d-\d\d/g, 'DATE')).toBe([
      'STATE    SERVER  TOOL        SEEN        WHY',
      'held     notes   get_note    DATE  risk low -> critical',
      'changed  notes   list_notes  DATE',
      'pinned   notes   z           DATE',
      '',
    ].join('\n'));
    expect((await json('list', '--held')).map(({ tool, state }) => [tool, state])).toEqual([['get_note', 'held']]);
    expect(await json('list', '--server', 'other')).toEqual([]);
    expect(await run('list', '--server', 'other')).toMatchObject({ status: 0, stdout: '', stderr: 'policylayer: nothing is pinned yet\n' });
    expect((await run('list', '--limit', '0')).status).toBe(2);
  });

  it('shows what changed part by part, with the class before and after', async () => {
    const after = { ...WORSE, annotations: { readOnlyHint: true } };
    const { run, json } = await world(seen(READ), seen(after, 'held', ['risk low -> critical']));
    const { stdout } = await run('show', 'notes', 'get_note');
    expect(stdout).toContain(`Held       ${hashOf(JSON.stringify(after))}`);
    expect(stdout).toMatch(/Class +read, risk low \(confidence \w+\) {2}-> {2}destructive, risk critical/);
    expect(stdout).toMatch(/Findings +new: contradiction/);
    expect(stdout).toMatch(/\nadded +\/annotations\n\+ after\n {2}\{\n {4}"readOnlyHint": true\n/);
    expect(stdout).toMatch(/\nchanged +\/description\n- before\n {2}"Reads a note\."\n\+ after\n {2}"Permanently deletes/);
    const [shown] = await json('show', 'notes', 'get_note');
    expect(shown).toMatchObject({ server: 'notes', tool: 'get_note', state: 'held', drift: { verdict: 'held', places: [{ pointer: '/annotations', change: 'added' }, { pointer: '/description', change: 'changed' }], before: { risk: 'low' }, after: { risk: 'critical' } } });
    expect(await run('show', 'notes', 'nothing')).toMatchObject({ status: 1, stderr: expect.stringContaining('has no pin') });
  });

  it('prints nothing that a terminal would act on, whatever the server wrote', async () => {
    const { run } = await world(seen(EVIL), seen({ ...EVIL, title: '\u001b[31m\u200b\u2028' }, 'held', ['new finding hidden_characters']));
    for (const args of [['list'], ['show', 'notes', EVIL.name], ['list', '--json'], ['show', 'notes', EVIL.name, '--json'], ['accept', 'notes', EVIL.name, '--as', 'alice']]) {
      const { stdout, stderr } = await run(...args);
      expect(`${stdout}${stderr}`).toContain('vil');
      expect(`${stdout}${stderr}`).not.toMatch(/[^\n\P{C}]|[\u2028\u2029]/u);
    }
  });

  it('keeps every line within the terminal, so that no text of a server looks like a line of ours', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 40, max: 120 }), (one, other, width) => {
      const definition = (value: unknown, standing: PinStanding) => ({ hash: hashOf(JSON.stringify(value)), standing, text: JSON.stringify(value), why: [], decidedBy: null, firstSeen: '2026-11-22T10:00:00.000Z' });
      const record: PinRecord = { server: 'notes', name: one, firstSeen: '2026-11-22T10:00:00.000Z', lastSeen: '2026-11-22T10:00:00.000Z', definitions: [definition({ name: one, description: one }, 'pinned'), definition({ name: one, description: other, [other]: one }, 'held')] };
      for (const line of pinDetails(record, driftOf(record), PLAIN, width)) expect([...line].length).toBeLessThanOrEqual(width);
      for (const line of pinTable([record], width, PLAIN)) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }), { numRuns: 100 });
  });

  it('[#47] accepts the definition whose hash was looked at, and no other', async () => {
    const { run, json, cwd } = await world(seen(READ), seen(WORSE, 'held'));
    const hash = hashOf(JSON.stringify(WORSE));
    expect(await run('accept', 'notes', 'get_note', '--hash', 'ab', '--as', 'alice')).toMatchObject({ status: 2 });
    expect(await run('accept', 'notes', 'get_note', '--hash', 'ab'.repeat(32), '--as', 'alice')).toMatchObject({ status: 1 });
    expect(await run('accept', 'notes', '--as', 'alice')).toMatchObject({ status: 2 });
    const state = await openState({ path: join(cwd, 'policylayer.db') });
    state.pins.learn('notes', [seen(WORST, 'held')], []);
    state.close();
    expect(await run('accept', 'notes', 'get_note', '--hash', hash.slice(0, 12), '--as', 'alice')).toMatchObject({ status: 1, stderr: expect.stringContaining(`changed again since; the newest that is held is ${hashOf(JSON.stringify(WORST)).slice(0, 12)}`) });
    expect(await run('accept', 'notes', 'get_note', '--as', 'alice')).toMatchObject({ status: 1, stderr: expect.stringContaining('2 different definitions of "get_note" are held') });
    const [accepted] = await json('accept', 'notes', 'get_note', '--hash', hashOf(JSON.stringify(WORST)), '--as', 'alice');
    expect(accepted).toMatchObject({ accepted: hashOf(JSON.stringify(WORST)), by: 'alice', state: 'pinned' });
    expect((await run('accept', 'notes', 'get_note', '--as', 'alice')).stderr).toContain('no definition of "get_note" is held');
    const logs = await policylayer(['logs', '--json', '--data', cwd], { cwd });
    expect(JSON.parse(logs.stdout)).toMatchObject({ method: 'pins/decide', code: 'definition_accepted', name: 'get_note', reason: `definition ${hashOf(JSON.stringify(WORST))} accepted by "alice"` });
  });

  it('accepts all that is held of a server, and nothing of another', async () => {
    const { run, json, cwd } = await world(seen(READ), seen(WORSE, 'held'), seen({ name: 'a' }), seen({ name: 'a', title: 'b' }, 'held'), seen({ name: 'c' }));
    const state = await openState({ path: join(cwd, 'policylayer.db') });
    state.pins.learn('other', [seen(READ)], []);
    state.pins.learn('other', [seen(WORSE, 'held')], []);
    state.close();
    expect((await json('accept', 'notes', '--all', '--as', 'alice')).map(({ tool }) => tool)).toEqual(['a', 'get_note']);
    expect((await json('list', '--held')).map(({ server }) => server)).toEqual(['other']);
    expect(await run('accept', 'notes', '--all', '--as', 'alice')).toMatchObject({ status: 0, stderr: 'policylayer: no definition is held\n' });
  });

  it('forgets the pin of a tool, or of a server, and says what follows', async () => {
    const { run, json } = await world(seen(READ), seen({ name: 'a' }), seen({ name: 'b' }));
    expect(await run('forget', 'notes', '--as', 'alice')).toMatchObject({ status: 2 });
    expect(await run('forget', 'notes', 'a', '--as', 'alice')).toMatchObject({ status: 0, stdout: '1 pin forgotten; what "notes" lists next is pinned without a question (as alice)\n' });
    expect(await run('forget', 'notes', 'a', '--as', 'alice')).toMatchObject({ status: 1 });
    expect(await json('forget', 'notes', '--all', '--as', 'alice')).toMatchObject([{ forgotten: 2, server: 'notes', tool: null }]);
    expect(await json('list')).toEqual([]);
  });

  it('says so where there is no state', async () => {
    const cwd = temporary();
    expect(await policylayer(['pins', 'list', '--data', join(cwd, 'none')], { cwd })).toMatchObject({ status: 2, stderr: expect.stringContaining('does not exist') });
    expect((await policylayer(['pins', '--help'], { cwd })).stdout).toMatch(/list[\s\S]*show[\s\S]*accept[\s\S]*forget/);
  });
});
