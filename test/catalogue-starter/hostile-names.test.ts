import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readyRules, starterPolicy } from '../../src/catalogue/starter/index.ts';
import { CATEGORIES, RISKS } from '../../src/catalogue/index.ts';
import { parse } from 'yaml';
import { decide, facts, loaded } from './support.ts';

const YAML_TRAPS = ['*', 'delete_*', '**', 'a**b', '@read', '@scope/tool', '@', 'a: allow\n  b', '"', "'", '#', 'a #b', 'true', 'null', 'yes', 'No', 'ON', '~', '1', '1e3', '0x1F', '.inf', '2001-01-01', '- x', '? y', '', ' ', ' a', 'é', 'e\u0301', '\u{1f600}', '\u202egnp', 'a\u0000b', '\ud800', 'x\udc00y', 'x'.repeat(3000), '__proto__', 'constructor', 'a\\nb', '{', '[a]', '!!str', '&a', '*a', '%YAML', '---', '...', '<<', '=', '|', '>', 'a:', ':a', 'a: b', '\ufeffa', 'a\u0085b', 'a\u2028b', 'ツール', 'a\u034fb', '`', 'tools', '/x', 'a~1b'];

const anyName = fc.oneof(fc.constantFrom(...YAML_TRAPS), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: fc.constantFrom('*', '@', '"', "'", ':', ' ', '\n', '#', '{', 'a', '\\', '\ud800', '-', '&', '!'), maxLength: 8 }));
const anyParameter = fc.record({ name: fc.oneof(fc.constantFrom('id', 'ID', 'url', 'file_path', 'path', 'amount', 'name', 'a.b', 'a\\', 'in', '__proto__', 'additional', 'email', ''), anyName), type: fc.constantFrom('string', 'number', 'integer', 'array', 'array of object', 'string | null', 'any', 'enum', null), required: fc.boolean() });
const anyTool = fc.record({
  name: anyName,
  classification: fc.record({
    category: fc.constantFrom(...CATEGORIES),
    risk: fc.constantFrom(...RISKS),
    confidence: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
    signals: fc.subarray(['secrets', 'permissions', 'free_form_code', 'bulk', 'money'] as const),
    findings: fc.subarray(['model_instructions', 'missing_schema', 'contradiction', 'no_description'] as const),
  }),
  parameters: fc.array(anyParameter, { maxLength: 6 }),
});

const wellFormed = (name: string): boolean => !/\p{Cs}/u.test(name);

describe('no name that a server can choose', () => {
  it('breaks a starter policy, or makes it speak of another tool', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTool, { maxLength: 12 }), anyName, anyName, async (tools, origin, stranger) => {
        const { set, selectors } = await loaded(starterPolicy(tools, { origin, name: origin }));
        const names = new Set(tools.map(({ name }) => name));
        for (const selector of selectors) {
          if (!selector.includes('*')) expect(names.has(selector)).toBe(true);
        }
        for (const tool of tools.filter(({ name }) => wellFormed(name))) {
          const { effect } = decide(set, { name: tool.name });
          // Without a definition at hand only the action is known to be strict enough.
          if (tool.name.includes('*') || tool.name.startsWith('@')) expect(effect).toBe('deny');
          if (['destructive', 'financial'].includes(tool.classification.category)) expect(effect).not.toBe('allow');
          if (tool.classification.signals.includes('secrets')) expect(['hide', 'deny']).toContain(effect);
        }
        if (!names.has(stranger) && wellFormed(stranger)) expect(decide(set, { name: stranger }).effect).toBe('deny');
      }),
      { numRuns: 300 },
    );
  });

  it('breaks a ready rule', async () => {
    await fc.assert(
      fc.asyncProperty(anyTool, async (tool) => {
        for (const rule of readyRules(tool)) {
          const { selectors } = await loaded(rule.yaml);
          expect(selectors.length).toBeLessThanOrEqual(1);
          if (!tool.name.includes('*') && !tool.name.startsWith('@')) for (const selector of selectors) expect(selector).toBe(tool.name);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(YAML_TRAPS.filter((name) => wellFormed(name) && name !== '' && name.length < 1024 && !name.includes('*') && !name.startsWith('@')))('%j is read back as exactly itself, by another YAML version too', async (name) => {
    const yaml = starterPolicy([facts(name)], { origin: name });
    expect((await loaded(yaml)).selectors).toEqual([name]);
    expect(Object.keys((parse(yaml, { version: '1.1', schema: 'yaml-1.1' }) as { tools: object }).tools)).toEqual([name]);
  });

  it('puts anything invisible or a line of its own into the text', () => {
    const text = starterPolicy(YAML_TRAPS.map((name) => facts(name, { signals: ['secrets'] })), { origin: 'a\n"*": allow\u202e' });
    expect(text).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(text).not.toMatch(/^\s*"?\*"?: allow/m);
  });

  it('or no number of tools makes the text unreadable: one line per tool where nothing is checked', () => {
    const tools = Array.from({ length: 400 }, (_, index) => facts(`list_things_${index}`));
    expect(starterPolicy(tools, { origin: 'x' }).split('\n').length).toBeLessThan(420);
  });
});
