import type { JsonNode } from '../../wire/json-node.ts';
import type { CelError } from './types.ts';

/** Why an expression has no value. Instances are made when the expression is compiled, so that failing costs no more than succeeding. */
export class Failure {
  readonly outcome: CelError | { readonly kind: 'absent'; readonly path: string } | { readonly kind: 'unknown' };
  /** Error beats unknown beats absent (see worse). */
  readonly rank: number;

  private constructor(outcome: Failure['outcome'], rank: number) {
    this.outcome = outcome;
    this.rank = rank;
  }

  /** @param message what went wrong, without any value of an argument */
  static error(message: string): Failure {
    return new Failure({ kind: 'error', message, blame: 'evaluation' }, 3);
  }

  static absent(path: string): Failure {
    return new Failure({ kind: 'absent', path }, 1);
  }

  static readonly unknown: Failure = new Failure({ kind: 'unknown' }, 2);
}

/** An instant, in nanoseconds since the epoch. */
export class Timestamp {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A length of time in nanoseconds, negative ones too. */
export class Duration {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** What `type(x)` gives. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A map that an expression made. JSON objects are never copied into one. */
export class MapValue {
  /** By mapKey, so that 1 and 1.0 are one key and `"1"` is another. */
  readonly entries: ReadonlyMap<string, readonly [MapKey, Value]>;

  constructor(entries: ReadonlyMap<string, readonly [MapKey, Value]>) {
    this.entries = entries;
  }
}

export type MapKey = string | bigint | boolean;

/** CEL int is a bigint, double is a number. Nothing else of JavaScript is a value: no undefined, no plain object. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | Json | MapValue | Timestamp | Duration | TypeValue;

export type Result = Value | Failure;

/** A list or object in JSON text. Children are decoded when asked for; lists and objects among them are found once per evaluation. */
export class Json {
  readonly node: JsonNode;
  /** Whether a missing member is an absent argument rather than an error: in the arguments, as far as maps lead. */
  readonly fromArgs: boolean;
  readonly isList: boolean;
  /** Whether the evaluation has paid for looking into it. */
  paid = false;
  #members: Map<string, Json> | null = null;
  #elements: (Json | undefined)[] | null = null;
  #keys: readonly string[] | null = null;

  constructor(node: JsonNode, fromArgs: boolean) {
    this.node = node;
    this.fromArgs = fromArgs;
    this.isList = node.kind === 'array';
  }

  /** The names of an object's members, in the order of the text. Listed once, however often a loop goes over them. */
  keys(): readonly string[] {
    this.#keys ??= this.node.members().map((member) => member.key);
    return this.#keys;
  }

  /** The list or object that is the member `key`, always the same instance: it is indexed once, however often a loop asks for it. */
  member(key: string, node: JsonNode): Json {
    this.#members ??= new Map();
    let child = this.#members.get(key);
    if (child === undefined) {
      child = new Json(node, this.fromArgs);
      this.#members.set(key, child);
    }
    return child;
  }

  /**
   * The same for an element. Inside of lists nothing is absent: were it, one empty element would keep a `deny_if` that counts the bad
   * ones from holding.
   */
  element(index: number, node: JsonNode): Json {
    this.#elements ??= [];
    let child = this.#elements[index];
    if (child === undefined) {
      child = new Json(node, false);
      this.#elements[index] = child;
    }
    return child;
  }
}

/** The worse of two results of which at least one failed: error over unknown over absent, the first of equals. */
export function worse(a: Result, b: Result): Failure {
  if (!(a instanceof Failure)) return b as Failure;
  if (!(b instanceof Failure)) return a;
  return b.rank > a.rank ? b : a;
}

export type Kind = 'bool' | 'int' | 'double' | 'string' | 'null' | 'list' | 'map' | 'timestamp' | 'duration' | 'type';

/** The type of a value, by which overloads are chosen. */
export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return 'double';
    case 'bigint':
      return 'int';
    case 'string':
      return 'string';
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'list';
      if (value instanceof Json) return value.isList ? 'list' : 'map';
      if (value instanceof MapValue) return 'map';
      if (value instanceof Timestamp) return 'timestamp';
      return value instanceof Duration ? 'duration' : 'type';
  }
}

const CEL_NAMES: Partial<Readonly<Record<Kind, string>>> = { null: 'null_type', timestamp: 'google.protobuf.Timestamp', duration: 'google.protobuf.Duration' };

/** CEL's name for the type of a value. */
export function typeName(value: Value): string {
  const kind = kindOf(value);
  return CEL_NAMES[kind] ?? kind;
}

/** The type of a value in words for messages: JSON's names, because that is what authors and agents write. */
export function typeInWords(value: Value): string {
  const name = typeName(value);
  return WORDS.get(name) ?? name;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['bool', 'a boolean'],
  ['double', 'a number'],
  ['int', 'a whole number'],
  ['string', 'a string'],
  ['null_type', 'null'],
  ['list', 'a list'],
  ['map', 'an object'],
  ['google.protobuf.Timestamp', 'a timestamp'],
  ['google.protobuf.Duration', 'a duration'],
  ['type', 'a type'],
]);
