import { exactDouble } from '../../wire/decimal.ts';
import { EXHAUSTED } from './run.ts';
import type { Overload } from './signature.ts';
import { BOOL, DOUBLE, DYN, INT, STRING, TYPE } from './static-type.ts';
import { sizeOf } from './text.ts';
import { Failure, Json, type Kind, type MapValue, TypeValue, typeName, type Value } from './value.ts';

const NO_INT = Failure.error('a value cannot be read as a whole number of 64 bits');
const NO_DOUBLE = Failure.error('a value cannot be read as a number exactly');
const NO_TEXT = Failure.error('a value has no spelling');
const NO_BOOL = Failure.error('a text is neither true nor false');
const MOST = 2n ** 63n;

export function isInt(value: bigint): boolean {
  return value >= -MOST && value < MOST;
}

const WHOLE = /^[+-]?[0-9]{1,19}$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

function conversion(name: string, from: Kind | 'any', result: Overload['result'], apply: Overload['apply']): Overload {
  return { name, receiver: null, params: [from], result, apply };
}

/** Only for what JavaScript spells as CEL does: true, -5, 2.5. */
const spelled: Overload['apply'] = ([value]) => (typeof value === 'object' ? NO_TEXT : String(value));
const same: Overload['apply'] = ([value]) => value ?? null;

function size(of: Kind, count: (value: Value) => number): readonly Overload[] {
  const apply: Overload['apply'] = ([value], run) => {
    if (typeof value === 'string' && !run.pay(value.length)) return EXHAUSTED;
    return BigInt(count(value ?? null));
  };
  return [
    { name: 'size', receiver: null, params: [of], result: INT, apply },
    { name: 'size', receiver: of, params: [], result: INT, apply },
  ];
}

export const CONVERSIONS: readonly Overload[] = [
  conversion('dyn', 'any', DYN, same),
  conversion('type', 'any', TYPE, ([value]) => new TypeValue(typeName(value ?? null))),
  conversion('bool', 'bool', BOOL, same),
  conversion('bool', 'string', BOOL, ([text]) => BOOLEANS.get(text as string) ?? NO_BOOL),
  conversion('int', 'int', INT, same),
  conversion('int', 'double', INT, ([number]) => {
    const whole = BigInt(Math.trunc(number as number));
    return isInt(whole) ? whole : NO_INT;
  }),
  conversion('int', 'string', INT, ([text]) => {
    const whole = WHOLE.test(text as string) ? BigInt((text as string).replace('+', '')) : MOST;
    return isInt(whole) ? whole : NO_INT;
  }),
  conversion('double', 'double', DOUBLE, same),
  conversion('double', 'int', DOUBLE, ([whole]) => (BigInt(Number(whole)) === whole ? Number(whole) : NO_DOUBLE)),
  conversion('double', 'string', DOUBLE, ([text]) => exactDouble(text as string) ?? NO_DOUBLE),
  conversion('string', 'string', STRING, same),
  conversion('string', 'bool', STRING, spelled),
  conversion('string', 'int', STRING, spelled),
  conversion('string', 'double', STRING, spelled),
  ...size('string', (text) => sizeOf(text as string)),
  ...size('list', (list) => (list instanceof Json ? list.node.elements().length : (list as readonly Value[]).length)),
  ...size('map', (map) => (map instanceof Json ? map.node.members().length : (map as MapValue).entries.size)),
];
