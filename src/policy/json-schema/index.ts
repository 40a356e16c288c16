import { JsonNode } from '../../wire/json-node.ts';
import type { GovernedNames } from '../argument-places.ts';
import { Compiler } from './compile.ts';
import { dialectOf } from './dialect.ts';
import { explain } from './explain.ts';
import { MAX_SCHEMA_BYTES } from './limits.ts';
import { Run, Stopped } from './run.ts';
import type { Origin, SchemaProblem, Subschema } from './schema-types.ts';

export { inlineReferences } from './narrow-constraint.ts';
export { narrowInputSchema } from './narrow.ts';
export type { SchemaProblem } from './schema-types.ts';

export type SchemaCompilation = { readonly ok: true; readonly schema: CompiledSchema } | { readonly ok: false; readonly problems: readonly SchemaProblem[] };

export interface SchemaFailure {
  /** `unusable`: a bound was reached, so that nothing can be said of the value. */
  readonly kind: 'invalid' | 'unusable';
  /** Dotted path of the argument; empty for the whole. */
  readonly path: string;
  /** One line that starts with the path; holds names, but no values of the caller. */
  readonly message: string;
  /** `amount <= 500`, where it can be said; else null. */
  readonly wouldPass: string | null;
}

export interface CompiledSchema {
  /** The names that a policy's schema speaks of, at every depth; null for an upstream one. */
  readonly names: GovernedNames | null;
  /**
   * The first failure in the order of the schema and, within an object, of the value's members; null when the value is valid.
   *
   * @param value null stands for an empty object: a call without arguments
   * @param path the dotted path of the value among the arguments, for messages; empty for all of them
   */
  validate(value: JsonNode | null, path?: string): SchemaFailure | null;
}

/**
 * Compiles a JSON Schema (2020-12, or draft-07 where `$schema` says so) into checks that interpret it: no code is generated, numbers
 * are compared exactly, patterns are RE2, nothing is fetched, everything is bounded (protocol.md A1-A4, attacks 40 to 42).
 *
 * @param origin `policy`: unknown keywords, unknown formats, other versions, and restrictions that a value of another type would pass
 *   are problems. `upstream`: unknown keywords are ignored, `format` is an annotation.
 * @returns problems when any part of the schema cannot be used: what was not understood is never left out
 */
export function compileSchema(schema: JsonNode, origin: Origin): SchemaCompilation {
  const size = schema.end - schema.start;
  if (size > MAX_SCHEMA_BYTES) return { ok: false, problems: [{ pointer: '', message: `the schema has ${size} bytes; at most ${MAX_SCHEMA_BYTES} are read`, help: 'use a smaller schema' }] };
  const dialect = dialectOf(schema);
  if (typeof dialect !== 'string') return { ok: false, problems: [dialect] };
  if (origin === 'policy' && dialect !== '2020-12') {
    return { ok: false, problems: [{ pointer: '/$schema', message: '`$schema` is draft-07; the schemas of a policy are JSON Schema 2020-12', help: 'remove `$schema`' }] };
  }
  const compiler = new Compiler(origin, dialect);
  const root = compiler.compile(schema);
  if (root === null || compiler.problems.length > 0) return { ok: false, problems: compiler.problems };
  return { ok: true, schema: new Interpreter(root, compiler.tracksSeen, origin === 'policy' ? compiler.namesOf(root) : null) };
}

const NO_ARGUMENTS = new JsonNode(Buffer.from('{}'), 0, 2);

class Interpreter implements CompiledSchema {
  readonly #root: Subschema;
  readonly #tracksSeen: boolean;
  readonly names: GovernedNames | null;

  constructor(root: Subschema, tracksSeen: boolean, names: GovernedNames | null) {
    this.names = names;
    this.#root = root;
    this.#tracksSeen = tracksSeen;
  }

  validate(value: JsonNode | null, path = ''): SchemaFailure | null {
    const run = new Run(this.#tracksSeen);
    try {
      const failed = run.applyBelow(this.#root, value ?? NO_ARGUMENTS, null);
      return failed === null ? null : { kind: 'invalid', ...explain(path, failed) };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      if (error.kind === 'invalid') return { kind: 'invalid', ...explain(path, error.failure) };
      return { kind: 'unusable', path, message: error.message, wouldPass: null };
    }
  }
}
