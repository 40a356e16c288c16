import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf, combine, formatDiagnostic, fromJSON, loadPolicy, toJSON, type CompiledPolicy } from '../../../src/policy/index.ts';
import { readAlone } from './reading.ts';
import { mutated, seeds } from './seeds.ts';

const SEEDS = seeds();
const NAMES = ['pay', 'create_charge', 'get_x', 'list_', 'delete_branch', 'deploy', 'x', 'send', 'a', 'toString', '', 'run_job', 'read_file', 'nothing_of_all_this'];
const ARGUMENTS = [null, {}, { amount: 5 }, { amount: 501, env: 'prod' }, { amount: '5', path: '/etc/passwd', force: true }, { x: 1, a: [1, 'x', null], n: -1, card: { number: '1' } }];

/** Asks many questions; every answer must be one that a separate reading of the document could give. */
function interrogate(policy: CompiledPolicy, text: string): void {
  const set = combine([policy]);
  const alone = readAlone(text);
  for (const name of NAMES) {
    for (const args of ARGUMENTS) {
      for (const kind of ['tool', 'prompt'] as const) {
        const decision = set.decide(callOf({ [kind]: name, ...(args === null ? {} : { args }) }));
        const passes = decision.effect === 'allow' || decision.effect === 'require_approval';
        expect(passes).toBe(decision.code === null);
        if (passes && !alone.mayPass(`${kind}s`, name)) throw new Error(`${decision.effect} for ${kind} ${name} by ${decision.rule} in\n${text}`);
      }
    }
    set.visibility({ kind: 'tool', name });
    set.narrow({ kind: 'tool', name });
  }
  set.decide({ kind: 'resource', name: 'file:///srv/docs/../x' });
}

describe('a policy that was changed at random', () => {
  it('the seeds load, and a separate reading agrees with every call that they let through', async () => {
    expect(SEEDS.length).toBeGreaterThan(60);
    for (const text of SEEDS) {
      const result = await loadPolicy(text, { name: 'p' });
      if (!result.ok) throw new Error(result.errors.map(formatDiagnostic).join('\n'));
      interrogate(result.policy, text);
    }
  }, 120_000);

  it('is refused with a place, or loaded whole, and never lets through what a separate reading would not', async () => {
    let loaded = 0;
    await fc.assert(
      fc.asyncProperty(mutated(SEEDS), async (text) => {
        const result = await loadPolicy(text, { name: 'p', file: 'p.yaml' });
        if (!result.ok) {
          expect(result.errors.length).toBeGreaterThan(0);
          for (const error of result.errors) {
            expect(error.line).toBeGreaterThanOrEqual(1);
            expect(error.column).toBeGreaterThanOrEqual(1);
            expect(/[\n\u0000-\u0008\u001b]/.test(error.message)).toBe(false);
          }
          return;
        }
        loaded += 1;
        interrogate(result.policy, text);
        const cached = await fromJSON(JSON.parse(JSON.stringify(toJSON(result.policy))));
        expect(cached.ok && cached.policy.id).toBe(result.policy.id);
      }),
      { numRuns: 700 },
    );
    expect(loaded).toBeGreaterThan(30);
  }, 240_000);
});
