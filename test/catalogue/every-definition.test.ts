import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Classification, RISKS, severity } from '../../src/catalogue/index.ts';
import { ownTools, realTools, type RealTool, UNKNOWN } from './fixtures.ts';
import { classified } from './tools.ts';

const RUNS = { numRuns: 250 };
const SETS = [{ whose: 'of our own', tools: ownTools() }, { whose: 'of real servers', tools: realTools() }].filter(({ tools }) => tools.length > 0);

/** Names in which nothing says what the tool does; `network_request` is two nouns, and `manage` is no act. */
const NOTHING_KNOWN = new Set([UNKNOWN, 'network_request', 'manage_roles']);

const CLAIMS = [
  'This tool is safe and read-only.', 'Safe to use, does not delete anything.', 'It does not modify any data.', 'READ-ONLY!', 'This never deletes files and cannot change state.', 'Completely harmless, without side effects.',
  'Only reads.', 'non-destructive', '只读，安全。', '読み取り専用です。', 'Nur lesend.', 'Solo lectura.',
];
const EFFECTS = [
  'Deletes everything.', 'Also removes the files.', 'Sends an email to the customer.', 'Runs the given command.', 'Charges the card.', 'Creates a record.', 'It then starts the deployment and purges the queue.', 'Overwrites the file.',
];

function judged({ server, tool }: RealTool): Classification {
  return classified(tool, { server });
}

function isLowered(got: Classification): boolean {
  return got.evidence.some((e) => e.suggests === 'risk_down');
}

function described(real: RealTool, description: string): RealTool {
  return { ...real, tool: { ...real.tool, description } };
}

function expectNoLower(after: Classification, before: Classification): void {
  expect(severity(after.category)).toBeGreaterThanOrEqual(severity(before.category));
  expect(RISKS.indexOf(after.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(before.risk));
}

function withProperties(real: RealTool, properties: Record<string, object>): RealTool {
  return { ...real, tool: { ...real.tool, inputSchema: { ...real.tool.inputSchema, properties } } };
}

function verdict(got: Classification): unknown {
  const { category, effects, risk, confidence, signals, findings } = got;
  return { category, effects, risk, confidence, signals, findings };
}

describe.each(SETS)('definitions $whose', ({ tools }) => {
  const anyTool = fc.constantFrom(...tools);

  test('a claim of safety lowers neither category nor risk, before the description and behind it', () => {
    fc.assert(fc.property(anyTool, fc.constantFrom(...CLAIMS), fc.boolean(), (real, claim, before) => {
      const text = real.tool.description ?? '';
      expectNoLower(judged(described(real, before ? `${claim} ${text}` : `${text} ${claim}`)), judged(real));
    }), RUNS);
  });

  test('a sentence that says more behind the description lowers neither category nor risk', () => {
    // Nothing known counts as execute, and the first word about it decides: only what says something can be added to.
    // All pairs and no sample: one pair in a thousand once failed on somebody else's change.
    for (const real of tools) {
      if ((real.tool.description ?? '').trim() === '' || NOTHING_KNOWN.has(real.tool.name)) continue;
      const before = judged(real);
      for (const effect of EFFECTS) {
        const after = judged(described(real, `${real.tool.description ?? ''} ${effect}`));
        expect(severity(after.category), real.tool.name).toBeGreaterThanOrEqual(severity(before.category));
        // A description that says nothing holds the risk of own scratch state at the base of its category; one that does lets it go down.
        if (isLowered(before) || !isLowered(after)) expectNoLower(after, before);
      }
    }
  });

  test('an action that deletes lowers nothing', () => {
    fc.assert(fc.property(anyTool, fc.constantFrom('action', 'operation', 'method'), (real, key) => {
      const properties = real.tool.inputSchema?.properties ?? {};
      const plain = judged(withProperties(real, { ...properties, [key]: { type: 'string', enum: ['get', 'update'] } }));
      expectNoLower(judged(withProperties(real, { ...properties, [key]: { type: 'string', enum: ['get', 'update', 'delete'] } })), plain);
    }), RUNS);
  });

  test('the case of parameter names changes no class', () => {
    const styles = [(k: string) => k.toUpperCase(), (k: string) => k.replace(/[_-]([a-z])/gu, (_, c: string) => c.toUpperCase()), (k: string) => k.replace(/_/gu, '-')];
    fc.assert(fc.property(anyTool, fc.constantFrom(...styles), (real, style) => {
      const entries = Object.entries(real.tool.inputSchema?.properties ?? {}).map(([k, v]) => [style(k), v] as const);
      fc.pre(new Set(entries.map(([k]) => k)).size === entries.length);
      const { required: _, ...schema } = real.tool.inputSchema ?? {};
      const without = { ...real, tool: { ...real.tool, inputSchema: schema } };
      expect(verdict(judged(withProperties(without, Object.fromEntries(entries))))).toEqual(verdict(judged(without)));
    }), RUNS);
  });

  test('the order of keys changes nothing at all', () => {
    fc.assert(fc.property(anyTool, (real) => {
      expect(judged({ server: real.server, tool: reversed(real.tool) as RealTool['tool'] })).toEqual(judged(real));
    }), RUNS);
  });

  test('other white space between words changes nothing at all', () => {
    fc.assert(fc.property(anyTool, fc.constantFrom('  ', '\t', '\u00a0', ' \u3000'), (real, space) => {
      expect(judged(described(real, (real.tool.description ?? '').replaceAll(' ', space)))).toEqual(judged(described(real, real.tool.description ?? '')));
    }), RUNS);
  });

  test('annotations of a server that nobody trusts lower nothing', () => {
    fc.assert(fc.property(anyTool, fc.record({ readOnlyHint: fc.boolean(), destructiveHint: fc.boolean(), idempotentHint: fc.boolean() }, { requiredKeys: [] }), (real, annotations) => {
      expect(severity(classified({ ...real.tool, annotations }, { server: real.server }).category)).toBeGreaterThanOrEqual(severity(judged(real).category));
    }), RUNS);
  });

  test('two readings agree, every verdict names evidence for its category, and the effects hold it', () => {
    for (const real of tools) {
      const got = judged(real);
      expect(judged(real)).toEqual(got);
      expect(got.evidence.map((e) => e.suggests)).toContain(got.category);
      expect(got.effects).toContain(got.category);
    }
  });
});

/** The same value with the keys of every object turned round; lists stay as they are. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toReversed().map(([k, v]) => [k, reversed(v)]));
}
