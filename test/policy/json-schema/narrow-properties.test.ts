import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema, narrowInputSchema } from '../../../src/policy/json-schema/index.ts';
import { splice } from '../../../src/wire/splice.ts';
import { scanned } from '../../wire/support/scanned.ts';
import { DEFINITIONS, objectValue, record, schema } from './arbitrary-schemas.ts';

const RUNS = 300;
/** Compiling with ajv is slow. */
const AJV_RUNS = 80;

function isValid(text: string, data: unknown): boolean {
  const compiled = compileSchema(scanned(text), 'upstream');
  if (!compiled.ok) throw new Error(`${text}: ${compiled.problems[0]?.message}`);
  return compiled.schema.validate(scanned(JSON.stringify(data))) === null;
}

/** Input schemas as servers list them, and what a policy may demand. */
function listed(dialect: '2020-12' | 'draft-07', unevaluated: boolean): fc.Arbitrary<object> {
  const options = { dialect, references: true, unevaluated };
  const definitions = fc.tuple(...DEFINITIONS.map(() => schema({ ...options, references: false })));
  const root = fc.tuple(schema({ ...options, references: dialect === '2020-12' }), schema(options), schema(options), definitions);
  return root.map(([base, a, b, parts]) => ({
    ...(dialect === 'draft-07' ? { $schema: 'http://json-schema.org/draft-07/schema#' } : {}),
    type: 'object',
    properties: { a, b },
    ...(base as object),
    [dialect === 'draft-07' ? 'definitions' : '$defs']: record(DEFINITIONS.map((name, k) => [name, parts[k]])),
  }));
}

const part = schema({ dialect: '2020-12', references: false, unevaluated: false });
const demanded: fc.Arbitrary<object> = fc.oneof(
  part.map((schemaOfAll) => schemaOfAll as object),
  fc.record({ type: fc.constant('object'), properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), part), additionalProperties: fc.constantFrom(true, false, false) }),
  fc.tuple(part, part).map((allOf) => ({ allOf })),
);

describe('an argument object is valid against the narrowed schema exactly if it is valid against both', () => {
  it.each([
    ['2020-12', false],
    ['2020-12', true],
    ['draft-07', false],
  ] as const)('%s, listed schema with unevaluated*: %s', (dialect, unevaluated) => {
    let merged = 0;
    fc.assert(
      fc.property(listed(dialect, unevaluated), demanded, fc.array(objectValue, { minLength: 5, maxLength: 10 }), (inputSchema, constraint, values) => {
        const node = scanned(JSON.stringify(inputSchema));
        const edits = narrowInputSchema(node, scanned(JSON.stringify(constraint)));
        if (edits === null || !compileSchema(node, 'upstream').ok) return;
        merged += 1;
        const narrowed = splice(node.buffer, edits).toString('utf8');
        for (const data of values) {
          const both = isValid(JSON.stringify(inputSchema), data) && isValid(JSON.stringify(constraint), data);
          expect(isValid(narrowed, data), JSON.stringify({ inputSchema, constraint, narrowed: JSON.parse(narrowed), data })).toBe(both);
        }
      }),
      { numRuns: RUNS },
    );
    expect(merged).toBeGreaterThan(RUNS / 3);
  });

  it('and ajv says the same of the narrowed schema', () => {
    const options = { strict: false, validateFormats: false, unicodeRegExp: true, ownProperties: true, logger: false } as const;
    const [modern, legacy] = [new Ajv2020(options), new Ajv(options)];
    const simple = (dialect: '2020-12' | 'draft-07'): fc.Arbitrary<[object, object]> => fc.tuple(listed(dialect, false), demanded);
    fc.assert(
      fc.property(fc.oneof(simple('2020-12'), simple('draft-07')), fc.array(objectValue, { minLength: 5, maxLength: 10 }), ([inputSchema, constraint], values) => {
        const node = scanned(JSON.stringify(inputSchema));
        const edits = narrowInputSchema(node, scanned(JSON.stringify(constraint)));
        if (edits === null || !compileSchema(node, 'upstream').ok) return;
        const ajv = '$schema' in inputSchema ? legacy : modern;
        const [first, second, both] = [inputSchema, constraint, JSON.parse(splice(node.buffer, edits).toString('utf8')) as object].map((document) => (document === constraint ? modern : ajv).compile(document));
        for (const data of values) {
          const verdicts = [first, second, both].map((validate) => saidBy(validate, data));
          if (verdicts.includes(null)) return;
          expect(verdicts[2]).toBe(verdicts[0] === true && verdicts[1] === true);
        }
      }),
      { numRuns: AJV_RUNS },
    );
  });
});

/** The code that ajv makes of `contains: { if: false }` asks for a variable that it never declares; then it has no verdict. */
function saidBy(validate: ((data: unknown) => unknown) | undefined, data: unknown): boolean | null {
  try {
    return validate?.(data) === true;
  } catch (error) {
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}
