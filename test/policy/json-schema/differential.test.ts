import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/policy/json-schema/index.ts';
import { scanned } from '../../wire/support/scanned.ts';
import { DEFINITIONS, record, schema, value } from './arbitrary-schemas.ts';

// ajv is the oracle. It is told nothing but the dialect; both are asked about the same texts.
const OPTIONS = { strict: false, allErrors: false, validateFormats: false, unicodeRegExp: true, ownProperties: true, logger: false } as const;
const RUNS = 250;

/** Null when the code that ajv generated does not run: it can lose a variable behind `not: true` and in `oneOf`. */
function expectedBy(validate: (schema: object, data: unknown) => boolean, document: object, data: unknown): boolean | null {
  try {
    return validate(document, data);
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof TypeError) return null;
    throw error;
  }
}

function agree(validate: (schema: object, data: unknown) => boolean, document: object, data: unknown): void {
  const compiled = compileSchema(scanned(JSON.stringify(document)), 'upstream');
  if (!compiled.ok) {
    // The only thing that we refuse and ajv does not notice before it runs out of stack.
    expect(compiled.problems[0]?.message).toBe('the schema refers to itself without going into a member or an element');
    return;
  }
  const actual = compiled.schema.validate(scanned(JSON.stringify(data)));
  expect(actual?.kind).not.toBe('unusable');
  expect(actual === null, JSON.stringify({ document, data, actual })).toBe(expectedBy(validate, document, data) ?? actual === null);
}

describe('our validator accepts exactly what ajv accepts', () => {
  it.each([
    ['2020-12', false],
    ['2020-12', true],
    ['draft-07', false],
  ] as const)('%s, every keyword and references; with unevaluated*: %s', (dialect, unevaluated) => {
    const modern = dialect === '2020-12';
    const options = { dialect, references: true, unevaluated };
    const document = fc
      .tuple(schema(options), fc.tuple(...DEFINITIONS.map(() => schema({ ...options, references: false }))))
      .map(([root, definitions]) => ({ ...(modern ? {} : { $schema: 'http://json-schema.org/draft-07/schema#' }), ...(root as object), [modern ? '$defs' : 'definitions']: record(DEFINITIONS.map((name, k) => [name, definitions[k]])) }));
    const ajv = modern ? new Ajv2020(OPTIONS) : new Ajv(OPTIONS);
    const validate = (root: object, data: unknown): boolean => ajv.compile(root)(data) === true;
    fc.assert(fc.property(document, fc.array(value, { minLength: 3, maxLength: 8 }), (root, values) => values.forEach((data) => agree(validate, root, data))), { numRuns: RUNS });
  });
});
