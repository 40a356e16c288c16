import fc from 'fast-check';

/** JSON values over tiny alphabets, so that schemas and values meet often. Numbers are small decimals. */
export const NAMES = ['a', 'b', 'c', 'ab', 'd'] as const;
const name = fc.constantFrom(...NAMES);
const texts = fc.constantFrom('', 'a', 'ab', 'abc', '5', 'é', '😀', '2026-01-31', 'toString');
const numbers = fc.constantFrom(-1, 0, 1, 2, 2.5, 5, 10, 0.1, 0.3, 1e3);

export const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  object: objectOf(tie('value'), 4),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    texts,
    numbers,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
})).value;

export const objectValue: fc.Arbitrary<unknown> = objectOf(value, 5);

function objectOf(member: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<Record<string, unknown>> {
  return fc.uniqueArray(fc.tuple(name, member), { maxLength, selector: ([key]) => key }).map(record);
}

/** Own members only: `__proto__` is an ordinary name here. */
export function record(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, item] of entries) Object.defineProperty(out, key, { value: item, enumerable: true, configurable: true, writable: true });
  return out;
}

const pattern = fc.constantFrom('^a', 'b$', '^[a-z]+$', '[0-9]', '^$', 'é');
const types = fc.constantFrom('string', 'number', 'integer', 'boolean', 'object', 'array', 'null');
const count = fc.nat(4);
const names = fc.uniqueArray(name, { maxLength: 3 });

export interface SchemaOptions {
  readonly dialect: '2020-12' | 'draft-07';
  /** `$ref` into `$defs` or `definitions`, which the caller must supply for the names of `DEFINITIONS`. */
  readonly references: boolean;
  /** `unevaluatedProperties`. Not `unevaluatedItems`: ajv counts what failed branches looked at; the public suite covers it. */
  readonly unevaluated: boolean;
}

export const DEFINITIONS = ['one', 'two'] as const;

/** Schemas with every keyword of a dialect, few at a time. */
export function schema(options: SchemaOptions): fc.Arbitrary<unknown> {
  const modern = options.dialect === '2020-12';
  return fc.letrec<{ schema: unknown; object: unknown; map: unknown }>((tie) => {
    const sub = tie('schema');
    const list = fc.array(sub, { minLength: 1, maxLength: 3 });
    const map = objectOf(sub, 3);
    const keywords: [string, fc.Arbitrary<unknown>][] = [
      ['type', fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 }))],
      ['enum', fc.uniqueArray(fc.oneof(texts, numbers, fc.constant(null), fc.constant([1, 'a']), fc.constant({ a: 1 })), { minLength: 1, maxLength: 3, selector: (item) => JSON.stringify(item) })],
      ['const', fc.oneof(texts, numbers, fc.constant({ b: [1] }))],
      ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((key): [string, fc.Arbitrary<unknown>] => [key, numbers]),
      ['multipleOf', fc.constantFrom(1, 2, 2.5, 5)],
      ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((key): [string, fc.Arbitrary<unknown>] => [key, count]),
      ['pattern', pattern],
      ['uniqueItems', fc.boolean()],
      ['required', names],
      ['properties', map],
      ['properties', map],
      ['patternProperties', fc.uniqueArray(fc.tuple(pattern, sub), { maxLength: 2, selector: ([key]) => key }).map(record)],
      ['additionalProperties', sub],
      ['additionalProperties', fc.constant(false)],
      ['propertyNames', sub],
      ['contains', sub],
      ['items', modern ? sub : fc.oneof(sub, list)],
      ['allOf', list],
      ['anyOf', list],
      ['oneOf', list],
      ['not', sub],
      // ajv counts what a failed `if` looked at as evaluated.
      ...(options.unevaluated ? [] : ['if', 'then', 'else'].map((key): [string, fc.Arbitrary<unknown>] => [key, sub])),
      ...(modern
        ? ([
            ['prefixItems', list],
            ['minContains', count],
            ['maxContains', count],
            ['dependentRequired', objectOf(names, 2)],
            ['dependentSchemas', map],
          ] as [string, fc.Arbitrary<unknown>][])
        : ([
            ['additionalItems', sub],
            ['dependencies', objectOf(fc.oneof(names, sub), 2)],
          ] as [string, fc.Arbitrary<unknown>][])),
      ...(options.references ? ([['$ref', fc.constantFrom(...DEFINITIONS).map((key) => `#/${modern ? '$defs' : 'definitions'}/${key}`)]] as [string, fc.Arbitrary<unknown>][]) : []),
      ...(options.unevaluated && modern
        ? ([
            ['unevaluatedProperties', fc.oneof(sub, fc.constant(false))],
          ] as [string, fc.Arbitrary<unknown>][])
        : []),
    ];
    const keyword = fc.oneof(...keywords.map(([key, arbitrary]) => arbitrary.map((item) => [key, item] as const)));
    const object = fc.uniqueArray(keyword, { maxLength: 4, selector: ([key]) => key }).map((entries) => {
      // In draft-07 nothing beside `$ref` has a meaning; ajv gives it one.
      const reference = modern ? undefined : entries.find(([key]) => key === '$ref');
      // With schemas by position beside `contains` ajv can accept the empty list.
      const positions = entries.some(([key, item]) => key === 'prefixItems' || (key === 'items' && Array.isArray(item)));
      return record(reference === undefined ? entries.filter(([key]) => key !== 'contains' || !positions) : [reference]);
    });
    return { schema: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.boolean(), object, object, object), object, map };
  }).object;
}
