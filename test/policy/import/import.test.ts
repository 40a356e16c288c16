import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { combine, formatDiagnostic } from '../../../src/policy/index.ts';
import type { Decision, PolicySet } from '../../../src/policy/index.ts';
import { importPolicy } from '../../../src/policy/import/index.ts';
import { openState } from '../../../src/state/open.ts';
import type { SqliteState } from '../../../src/state/sqlite-state.ts';
import { scratch } from '../../state/support.ts';
import { scanned } from '../../wire/support/scanned.ts';
import { load } from '../load.ts';
import type { OldDocument } from './old-engine.ts';
import { OldEngine } from './old-engine.ts';

// Each file: an old policy, a line of 40 dashes, calls with their outcomes, the same line, and what the import says and writes.
// UPDATE_GOLDEN=1 writes the last part anew; read the diff. A call: `TOOL ARGUMENTS [xTIMES] => OUTCOME [(was OLD OUTCOME)]`.
const FOLDER = join(import.meta.dirname, 'fixtures');
const RULER = `${'-'.repeat(40)}\n`;
const path = scratch();

interface Call { readonly line: string; readonly tool: string; readonly args: string; readonly times: number; readonly now: string; readonly was: string }

function callsOf(text: string): readonly Call[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const match = /^(.+?) (\{.*\})(?: x(\d+))? => (\w+)(?: \(was (\w+)\))?$/.exec(line);
    if (match === null) throw new Error(`not a call: ${line}`);
    const [, tool = '', args = '', times = '1', now = '', was = ['allow', 'hidden', 'require_approval'].includes(now) ? now : 'deny'] = match;
    return { line, tool, args, times: Number(times), now, was };
  });
}

function outcome(set: PolicySet, state: SqliteState, tool: string, args: string): string {
  const context = { server: 's', grant: { label: 'g', tags: [] }, user: null, client: { name: null, version: null }, session: 'c', now: 0 };
  const decision: Decision = set.decide({ kind: 'tool', name: tool, args: scanned(args), tool: null, context });
  if (decision.effect === 'hide') return 'hidden';
  if (decision.effect === 'deny') return decision.code === 'default_denied' ? 'denied' : String(decision.code);
  const reserved = state.reserve(decision.limits, { server: 's', grant: 'g', session: 'c', name: tool });
  if (!reserved.ok) return reserved.refusal === 'approval' ? 'approval' : reserved.refusal.claim.type === 'rate' ? 'rate_limited' : 'budget_exceeded';
  return decision.effect;
}

describe('an old policy', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  it('comes in more than twenty kinds', () => expect(files.length).toBeGreaterThan(20));

  it.each(files)('%s is imported with these notes, into this text', async (name) => {
    const file = join(FOLDER, name);
    const [old = '', calls = '', expected = ''] = readFileSync(file, 'utf8').split(RULER);
    const { dialect, document, notes, errors } = await importPolicy(old, { file: 'old.yaml' });
    const said = [...errors, ...notes].map((diagnostic) => `${formatDiagnostic(diagnostic)}\n  [${diagnostic.code} ${diagnostic.pointer}]\n`).join('\n');
    const actual = `${String(dialect)}\n\n${said}\n${document === null ? 'not imported\n' : document}`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, [old, calls, actual].join(RULER));
    else expect(actual).toBe(expected);
    expect(document === null).toBe(name.startsWith('error-'));
    expect(errors.length > 0).toBe(name.startsWith('error-'));
    expect([...errors, ...notes].every(({ line, column }) => line > 0 && column > 0)).toBe(true);
  });

  it.each(files.filter((name) => !name.startsWith('error-')))('%s decides the same calls, apart from what is marked', async (name) => {
    const [old = '', calls = ''] = readFileSync(join(FOLDER, name), 'utf8').split(RULER);
    const { document } = await importPolicy(old);
    const set = combine([await load(document ?? '', 'imported')]);
    const engine = new OldEngine(parse(old) as OldDocument);
    const state = await openState({ path: path() });
    try {
      for (const { line, tool, args, times, now, was } of callsOf(calls)) {
        for (let k = 0; k < times; k += 1) {
          expect(outcome(set, state, tool, args), line).toBe(now);
          expect(engine.call(tool, JSON.parse(args)), `the old dialect: ${line}`).toBe(was);
        }
      }
    } finally {
      state.close();
    }
  });
});

describe('whatever the text is', () => {
  const texts = readdirSync(FOLDER).map((name) => readFileSync(join(FOLDER, name), 'utf8').split(RULER)[0] ?? '');
  const cut = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(40), fc.constantFrom('', ' ', ':', '"', '*', '- ', '{', ']', '\n', '\n  ', '&a', '9e999', 'args.', 'null', '\u202e', '\ud800'));
  const spoilt = cut.map(([text, at, length, insert]) => text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + length));

  it('the import ends with a policy that loads, or with an error that has a place, and with nothing between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoilt, fc.string({ maxLength: 60 })), fc.constantFrom(undefined, 'intercept' as const, 'hosted' as const), async (text, dialect) => {
        const { document, notes, errors } = await importPolicy(text, dialect === undefined ? {} : { dialect });
        expect(document === null).toBe(errors.length > 0);
        if (document === null) expect(notes).toEqual([]);
        else await load(document);
        for (const { line, message } of errors) {
          expect(line).toBeGreaterThan(0);
          expect(message).not.toMatch(/[\n\u202e]/);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('what cannot be loaded here is an error of the import', async () => {
    const long = Array.from({ length: 600 }, (_, k) => `'value ${k}'`).join(', ');
    const { document, errors } = await importPolicy(`version: "1"\ntools: { a: { rules: [{ name: n, conditions: [{ path: args.a, op: in, value: [${long}] }] }] } }`);
    expect(document).toBeNull();
    expect(errors[0]?.code).toBe('does_not_load');
  });
});
