import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXHAUSTED } from '../../../src/policy/cel/run.ts';
import { Failure } from '../../../src/policy/cel/value.ts';
import { type Program, programOf } from './outcomes/evaluation.ts';
import { inputFor } from './outcomes/inputs.ts';

/** Lines of expression, steps and outcome, apart by tabs, in sections that say what call they are evaluated on (outcomes/inputs.ts). */
const TABLE = readFileSync(join(import.meta.dirname, 'outcomes/outcomes.tsv'), 'utf8');
/** Of one test. */
const MOST_ROWS = 24;
const sections = TABLE.split('\n== ').flatMap((section) => {
  const [title = '', ...all] = section.replace(/^== /, '').split('\n').filter((line) => line !== '');
  const [name = '', input] = title.split(' @');
  return Array.from({ length: Math.ceil(all.length / MOST_ROWS) }, (_, part) => {
    const rows = all.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS);
    return { name, part: part + 1, input, rows, sources: rows.map((row) => row.split('\t')[0] ?? '') };
  });
});

/** More budgets than these would show nothing more, and take long. */
const MOST_BUDGETS = 24;
/** `x in [a, b]` is two steps at once. */
const COMPARES_ONE_BY_ONE = / in \[args/;
/** What is paid for last here is found missing at the end, where every evaluation is asked for it (index.ts). */
const PAYS_LAST = / in \{|\.get\w+\("/;
/** What an evaluation has from the start. */
const PLENTY = 10_000;

function compiled(source: string): Program | null {
  const program = programOf(source);
  return typeof program === 'string' ? null : program;
}

describe.each(sections)('conditions on $name, part $part', ({ input, rows, sources }) => {
  it('have the outcomes of the table, with whole messages, and cost its steps', () => {
    const call = inputFor(input);
    const found = sources.map((source) => {
      const program = programOf(source);
      if (typeof program === 'string') return `${source}\t-\trefused: ${program}`;
      const { left, said } = program.run(call);
      return `${source}\t${PLENTY - left}\t${said}`;
    });
    expect(found).toEqual(rows);
  });

  it('end at the step that their budget does not cover, and have the same outcome with exactly what they cost', () => {
    const call = inputFor(input);
    for (const source of sources) {
      const program = compiled(source);
      if (program === null) continue;
      const whole = program.run(call);
      const cost = PLENTY - whole.left;
      if (whole.result !== EXHAUSTED) expect([source, program.run(call, cost).said]).toEqual([source, whole.said]);
      // With nothing to spend the first step is the last: no operand is looked at.
      const first = program.run(call, 0);
      expect([source, first.result === EXHAUSTED, first.left]).toEqual([source, true, COMPARES_ONE_BY_ONE.test(source) ? -2 : -1]);
      for (let budget = 1; budget < Math.min(cost, MOST_BUDGETS); budget += 1) {
        const { result, left } = program.run(call, budget);
        expect([source, budget, left < 0]).toEqual([source, budget, true]);
        if (!(result instanceof Failure) && !PAYS_LAST.test(source)) expect([source, budget, result]).toEqual([source, budget, EXHAUSTED]);
      }
    }
  });
});
