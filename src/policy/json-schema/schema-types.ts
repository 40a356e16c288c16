import type { JsonNode } from '../../wire/json-node.ts';
import type { Run } from './run.ts';
import type { Seen } from './seen.ts';

export type Origin = 'policy' | 'upstream';
export type Dialect = '2020-12' | 'draft-07';

export interface SchemaProblem {
  /** JSON Pointer into the schema. */
  readonly pointer: string;
  /** One line; what the schema says is quoted clipped and escaped. */
  readonly message: string;
  readonly help: string | null;
}

/** Where a value lies in what is validated: a chain towards the whole, which is null. */
export interface Place {
  readonly parent: Place | null;
  readonly key: string | number;
}

/** What is wrong with a value, without its name: `must be at most 500`, and what would pass: `<= 500`. */
export interface Complaint {
  readonly says: string;
  readonly passes: string | null;
}

export interface Failure {
  readonly place: Place | null;
  readonly complaint: Complaint;
}

/** One keyword (or a few that belong together) applied to one value; null = it passes. */
export type Check = (value: JsonNode, place: Place | null, run: Run, seen: Seen | null) => Failure | null;

/** A compiled pattern; it matches anywhere in the text. */
export interface Pattern {
  test(text: string): boolean;
  /** What a search in that many characters costs, as re2.ts counts. */
  cost(length: number): number;
}

/** A schema document or a part of it with an `$id`: the scope of anchors. */
export interface Resource {
  readonly uri: string;
  readonly root: Subschema;
  readonly anchors: Map<string, Subschema>;
  readonly dynamicAnchors: Map<string, Subschema>;
}

/** One schema inside the document. Made when it is found, so that references can point to what is not compiled yet. */
export interface Subschema {
  readonly node: JsonNode;
  readonly pointer: string;
  readonly depth: number;
  resource: Resource;
  /** In the order of the schema's text, except that `unevaluated*` comes last. */
  checks: readonly Check[];
  /** The schema around this one that applies to the same value (`allOf`, `if`, ...); null where there is none. */
  around: Subschema | null;
  /** True for the schema of `propertyNames`: names are strings, whatever it says. */
  ofNames: boolean;
  /** Subschemas that are applied to the same value, references included. */
  inPlace: Subschema[];
}

export function failure(place: Place | null, says: string, passes: string | null = null): Failure {
  return { place, complaint: { says, passes } };
}
