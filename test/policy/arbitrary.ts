import fc from 'fast-check';

/** Random policies over tiny alphabets, so that selectors, names and rules meet often. */
export interface RandomRule {
  readonly action: 'allow' | 'deny' | 'hide' | null;
  readonly observe: boolean;
  readonly max: number | null;
}

export interface RandomPolicy {
  readonly default: 'allow' | 'deny' | 'hide';
  readonly observe: boolean;
  readonly tools: readonly (readonly [selector: string, rule: RandomRule])[];
}

export const action = fc.constantFrom('allow', 'deny', 'hide');
export const selector = fc
  .array(fc.constantFrom('a', 'b', '😀', '*'), { minLength: 1, maxLength: 5 })
  .map((characters) => characters.join(''))
  .filter((text) => !text.includes('**'));
export const name = fc.array(fc.constantFrom('a', 'b', '😀'), { maxLength: 6 }).map((characters) => characters.join(''));

export const rule: fc.Arbitrary<RandomRule> = fc
  .record({ action: fc.option(action, { freq: 4 }), observe: fc.boolean(), max: fc.option(fc.integer({ min: 1, max: 1000 })) })
  .map(({ action: word, observe, max }) => ({ action: word ?? (max === null ? 'allow' : null), observe, max }));

export const policy: fc.Arbitrary<RandomPolicy> = fc.record({
  default: action,
  observe: fc.boolean(),
  tools: fc.uniqueArray(fc.tuple(selector, rule), { selector: ([text]) => text, maxLength: 8 }),
});

/** The policy as text, JSON being YAML. `key` order is the order of `tools`. */
export function textOf(random: RandomPolicy): string {
  const tools = random.tools.map(([text, { action: word, observe, max }]) => {
    const fields = [
      ...(word === null ? [] : [`"action": "${word}"`]),
      ...(observe ? ['"mode": "observe"'] : []),
      ...(max === null ? [] : [`"rate_limit": { "max": ${max}, "window": 60 }`]),
    ];
    return `${JSON.stringify(text)}: { ${fields.join(', ')} }`;
  });
  return `{ "version": "1", "default": "${random.default}", "mode": "${random.observe ? 'observe' : 'enforce'}", "tools": { ${tools.join(', ')} } }`;
}
