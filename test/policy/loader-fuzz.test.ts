import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatDiagnostic, fromJSON, loadPolicy, toJSON } from '../../src/policy/index.ts';

const SEEDS = [
  'version: "1"\ndefault: deny\ntools:\n  CloneContainerToECR:\n    rate_limit: { max: 10, window: 60 }\n',
  'version: "1"\ndefault: allow\nmode: observe\ntools:\n  "delete_*": { action: deny, reason: "no: never" }\n  x: { rate_limit: [10/minute, { max: 5, window: 1h, per: [grant, tool] }] }\nclient: { sampling: deny }\n',
  '{ "version": "1", "default": "hide", "resources": { "file:///srv/*": "allow", "https://h/q?x=1": { "action": "deny" } }, "prompts": { "*": "allow" } }',
  'version: "1"\ndefault: require_approval\ntools:\n  pay:\n    - when: args.amount > 100\n      action: require_approval\n      approval: { timeout: 2h, approvers: { needed: 1, of: [alice, bob] }, via: [cli] }\n    - require: [args.amount > 0, { if: "args.to != \'x\'", reason: not to x }]\n      deny_if: |\n        args.note ==\n          "no"\n      arguments: { amount: { type: number, maximum: 5e2 }, card.number: { type: string } }\n      additional: false\n      schema: upstream\n      budget: [{ sum: args.amount, max: 100.50, window: 1d, per: grant }]\n',
  '# comment\nversion: "1"\ndescription: >\n  folded\n  text\ndefault: deny\ntools:\n  a: allow\n  b:\n    action: hide\n    mode: observe\n',
];
const PIECES = ['\n', '\n  ', ' ', '\t', ':', ': ', '"', "'", '*', '&a ', '*a', '!!x ', '{', '}', '[', ']', ',', '#', '- ', '---\n', '%', '@', '|', '>', '<<: ', '\u0000', '\uFEFF', '\ud83d', '0', '-1', '1e9', 'null', 'deny', 'tools', 'reason: x\n', 'extra: allow\n', '  extra: 1\n', ', "extra": 1', 'when: true', '~', '\\', '\r', '..', '%2e'];

const mutation = fc.record({ at: fc.nat(), remove: fc.nat({ max: 6 }), insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 3 })) });
const mutated = fc.tuple(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([seed, mutations]) =>
  mutations.reduce((text, { at, remove, insert }) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + insert + text.slice(place + remove);
  }, seed),
);

const DOCUMENT = ['version', 'description', 'default', 'mode', 'tools', 'resources', 'prompts', 'client'];
const RULE = ['action', 'reason', 'mode', 'when', 'arguments', 'additional', 'schema', 'require', 'deny_if', 'rate_limit', 'budget', 'approval'];
const LIMIT = ['max', 'window', 'per', 'on_state_error'];
const PARTS = { rate_limit: LIMIT, budget: [...LIMIT, 'sum'], require: ['if', 'reason'], deny_if: ['if', 'reason'], approval: ['timeout', 'wait', 'approvers', 'via'] };

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

/** Every key that an independent reading of the text finds where the language has none. */
function strangers(value: unknown): string[] {
  const document = value as Record<string, unknown>;
  const found = keysOf(document).filter((key) => !DOCUMENT.includes(key));
  found.push(...keysOf(document['client']).filter((key) => !['sampling', 'elicitation', 'roots'].includes(key)));
  for (const section of ['tools', 'resources', 'prompts']) {
    for (const rule of Object.values(document[section] ?? {}).flat()) {
      found.push(...keysOf(rule).filter((key) => !RULE.includes(key)));
      for (const [guard, known] of Object.entries(PARTS)) {
        const parts = keysOf(rule).includes(guard) ? (rule as Record<string, unknown>)[guard] : [];
        for (const part of Array.isArray(parts) ? parts : [parts]) found.push(...keysOf(part).filter((key) => !known.includes(key)));
      }
    }
  }
  return found;
}

describe('mutated documents', () => {
  it('are loaded whole or refused with a place, and never crash the loader', async () => {
    let loaded = 0;
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const result = await loadPolicy(text, { name: 'p', file: 'p.yaml' });
        if (!result.ok) {
          expect(result.errors.length).toBeGreaterThan(0);
          for (const error of result.errors) {
            expect(error.line).toBeGreaterThanOrEqual(1);
            expect(error.message).not.toContain('\n');
            expect(formatDiagnostic(error).startsWith(`p.yaml:${error.line}:${error.column}: error: `)).toBe(true);
          }
          return;
        }
        loaded += 1;
        const independent: unknown = parse(text.replace(/^\uFEFF/, ''), { version: '1.2', logLevel: 'error' });
        expect(strangers(independent)).toEqual([]);
        const rules = (section: string): number => keysOf((independent as Record<string, unknown>)[section]).length;
        expect(result.policy.document.rules.tool).toHaveLength(rules('tools'));
        expect(result.policy.document.rules.resource).toHaveLength(rules('resources'));
        expect(result.policy.document.rules.prompt).toHaveLength(rules('prompts'));
        expect(result.policy.document.default).toBe((independent as Record<string, unknown>)['default']);
        const cached = await fromJSON(JSON.parse(JSON.stringify(toJSON(result.policy))));
        expect(cached.ok && cached.policy.id).toBe(result.policy.id);
      }),
      { numRuns: 1500 },
    );
    expect(loaded).toBeGreaterThan(15);
  }, 120_000);

  it('of pure noise are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(''))), async (text) => {
        expect((await loadPolicy(text, { name: 'p' })).ok).toBe(false);
      }),
      { numRuns: 800 },
    );
  }, 120_000);
});
