/** What the checker knows of a value before there is one. `json`: any JSON value, so never an int. `dyn`: anything, no questions asked. */
export type StaticType =
  | { readonly kind: 'dyn' | 'json' | 'bool' | 'int' | 'double' | 'string' | 'null' | 'timestamp' | 'duration' | 'type' }
  | { readonly kind: 'list'; readonly of: StaticType }
  | MapType
  | { readonly kind: 'union'; readonly of: readonly StaticType[] };

export interface MapType {
  readonly kind: 'map';
  /** Members that are known by name. */
  readonly members: ReadonlyMap<string, StaticType>;
  /** The type of any other member; null when there is no other. */
  readonly rest: StaticType | null;
  readonly key: StaticType;
}

export type Simple = Exclude<StaticType['kind'], 'list' | 'map' | 'union'>;

const NO_MEMBERS: ReadonlyMap<string, StaticType> = new Map();

export const DYN: StaticType = { kind: 'dyn' };
export const JSON_VALUE: StaticType = { kind: 'json' };
export const BOOL: StaticType = { kind: 'bool' };
export const INT: StaticType = { kind: 'int' };
export const DOUBLE: StaticType = { kind: 'double' };
export const STRING: StaticType = { kind: 'string' };
export const NULL: StaticType = { kind: 'null' };
export const TIMESTAMP: StaticType = { kind: 'timestamp' };
export const DURATION: StaticType = { kind: 'duration' };
export const TYPE: StaticType = { kind: 'type' };
export const JSON_LIST: StaticType = listOf(JSON_VALUE);
export const JSON_OBJECT: StaticType = mapOf(NO_MEMBERS, JSON_VALUE);

const JSON_KINDS: readonly StaticType[] = [NULL, BOOL, DOUBLE, STRING, JSON_LIST, JSON_OBJECT];

export function listOf(of: StaticType): StaticType {
  return { kind: 'list', of };
}

export function mapOf(members: ReadonlyMap<string, StaticType>, rest: StaticType | null, key: StaticType = STRING): MapType {
  return { kind: 'map', members, rest, key };
}

/** The types that a value of this type may really have. `dyn` stays itself. */
export function alternatives(type: StaticType): readonly StaticType[] {
  if (type.kind === 'json') return JSON_KINDS;
  return type.kind === 'union' ? type.of.flatMap(alternatives) : [type];
}

/** The type of something that is one of these. */
export function unionOf(types: readonly StaticType[]): StaticType {
  if (types.some((type) => type.kind === 'dyn')) return DYN;
  if (types.some((type) => type.kind === 'json') && types.every((type) => type.kind !== 'int' && type.kind !== 'timestamp' && type.kind !== 'duration')) return JSON_VALUE;
  const distinct: StaticType[] = [];
  for (const type of types.flatMap((one) => (one.kind === 'union' ? one.of : [one]))) {
    const compound = type.kind === 'list' || type.kind === 'map';
    if (compound || !distinct.some((known) => known.kind === type.kind)) distinct.push(type);
  }
  const [only, second] = distinct;
  if (only !== undefined && second === undefined) return only;
  return distinct.length === 0 || distinct.length > MOST_ALTERNATIVES ? DYN : { kind: 'union', of: distinct };
}

/** Beyond this nothing useful can be said, and saying it would take long. */
const MOST_ALTERNATIVES = 16;

/** Whether some value of this type is of this kind. */
export function mayBe(type: StaticType, ...kinds: readonly StaticType['kind'][]): boolean {
  return alternatives(type).some((one) => one.kind === 'dyn' || kinds.includes(one.kind));
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['bool', 'a boolean'],
  ['int', 'a whole number'],
  ['double', 'a number'],
  ['string', 'a string'],
  ['null', 'null'],
  ['timestamp', 'a timestamp'],
  ['duration', 'a duration'],
  ['type', 'a type'],
  ['list', 'a list'],
  ['map', 'an object'],
  ['json', 'any JSON value'],
  ['dyn', 'anything'],
]);

/** For messages: `a string`, `a number or null`. */
export function describe(type: StaticType): string {
  if (type.kind !== 'union') return NAMES.get(type.kind) ?? type.kind;
  return [...new Set(type.of.map(describe))].join(' or ');
}
