import { suggest } from '../suggest.ts';
import type { Expr, Select } from './ast.ts';
import { type Checker, oneOf, quote } from './checker.ts';
import {
  alternatives, describe, DYN, JSON_OBJECT, JSON_VALUE, listOf, type MapType, mayBe, type StaticType, STRING, TIMESTAMP, unionOf,
} from './static-type.ts';
import type { Variable } from './types.ts';
import { type FieldType, RECORDS, TYPE_NAMES, VARIABLES } from './variables.ts';

const FIELD_TYPES: Readonly<Record<FieldType, StaticType>> = { string: STRING, strings: listOf(STRING), object: JSON_OBJECT };

export function checkVariable(expr: Extract<Expr, { kind: 'variable' }>, checker: Checker): StaticType {
  const fields = RECORDS.get(expr.name);
  if (fields !== undefined) {
    const names = [...fields.keys()].map((field) => `${expr.name}.${field}`);
    return checker.report(expr, 'record', `\`${expr.name}\` is no value by itself`, `write ${oneOf(names)}`);
  }
  if (expr.name === 'args') return checker.args;
  // The claims are JSON as well, or null.
  return expr.name === 'now' ? TIMESTAMP : JSON_VALUE;
}

/** A name that stands for nothing. Most often the author left out `args.`. */
export function checkUnknown(expr: Extract<Expr, { kind: 'unknown' }>, checker: Checker): StaticType {
  // An empty name was reported when it was read.
  if (expr.name === '') return DYN;
  const message = `unknown name \`${expr.name}\``;
  const argument = checker.args.kind === 'map' && checker.args.members.has(expr.name);
  if (argument) return checker.report(expr, 'unknown_variable', message, `did you mean \`args.${expr.name}\`?`);
  const dashed = /args(?:\.\w+)*\.([\w-]+)-$/.exec(checker.source.slice(0, expr.start))?.[1];
  if (dashed !== undefined) return checker.report(expr, 'unknown_variable', message, `did you mean \`["${dashed}-${expr.name}"]\`?`);
  const near = suggest(expr.name, [...VARIABLES, ...TYPE_NAMES]);
  const help = near === null ? `the arguments are in \`args\`: \`args.${expr.name}\`; known are ${oneOf(VARIABLES)}` : `did you mean \`${near}\`?`;
  return checker.report(expr, 'unknown_variable', message, help);
}

export function checkSelect(expr: Select, checker: Checker): StaticType {
  if (expr.base.kind === 'variable' && RECORDS.has(expr.base.name)) return checkField(expr, expr.base.name, checker);
  const base = checker.typeOf(expr.base);
  return checkMember(expr, base, expr.key, { start: expr.keyStart, end: expr.keyEnd }, checker);
}

function checkField(expr: Select, variable: Variable, checker: Checker): StaticType {
  const fields = RECORDS.get(variable);
  const type = fields?.get(expr.key);
  const place = { start: expr.keyStart, end: expr.keyEnd };
  if (fields === undefined || type === undefined) {
    const names = [...(fields?.keys() ?? [])];
    const near = suggest(expr.key, names);
    const help = near === null ? `write ${oneOf(names.map((name) => `${variable}.${name}`))}` : `did you mean \`${variable}.${near}\`?`;
    return checker.report(place, 'unknown_field', `\`${variable}\` has no \`${shown(expr.key)}\``, help);
  }
  return FIELD_TYPES[type];
}

/** The type of a member of something that should be a map. */
function checkMember(expr: Select, base: StaticType, key: string, place: { start: number; end: number }, checker: Checker): StaticType {
  const options = alternatives(base);
  if (options.some((option) => option.kind === 'dyn')) return DYN;
  const maps = options.filter((option): option is MapType => option.kind === 'map');
  if (maps.length === 0) {
    return checker.report(expr, 'type_mismatch', `${quote(expr.base, checker)} is ${describe(base)} and has no members`, null);
  }
  const found = maps.map((map) => map.members.get(key) ?? map.rest).filter((type) => type !== null);
  if (found.length > 0) return unionOf(found);
  const near = suggest(key, maps.flatMap((map) => [...map.members.keys()]));
  const known = [...new Set(maps.flatMap((map) => [...map.members.keys()]))].slice(0, 8);
  const help = near === null ? (known.length === 0 ? null : `known are ${oneOf(known)}`) : `did you mean \`${near}\`?`;
  return checker.report(place, 'no_such_argument', `the tool's schema has no argument \`${shown(key)}\` here`, help);
}

function shown(key: string): string {
  const printed = key.replace(/[\p{C}\p{Z}`]/gu, (c) => (c === ' ' ? c : '\uFFFD'));
  return printed.length > 60 ? `${printed.slice(0, 60)}…` : printed;
}

/** `has(x.key)`. Every name on the way must be known, as if it were read. */
export function checkHas(path: Select, checker: Checker): void {
  checker.typeOf(path);
}

export function checkIndex(expr: Extract<Expr, { kind: 'index' }>, checker: Checker): StaticType {
  if (expr.base.kind === 'variable' && RECORDS.has(expr.base.name)) return checkVariable(expr.base, checker);
  const [base, index] = [checker.typeOf(expr.base), checker.typeOf(expr.index)];
  const options = alternatives(base);
  if (options.some((option) => option.kind === 'dyn')) return DYN;
  const results: StaticType[] = [];
  for (const option of options) {
    if (option.kind === 'list' && mayBe(index, 'int', 'double')) results.push(option.of);
    if (option.kind === 'map' && keyFits(option, index)) results.push(...option.members.values(), ...(option.rest === null ? [] : [option.rest]));
  }
  if (results.length > 0) return unionOf(results);
  const message = `${quote(expr.base, checker)} is ${describe(base)}; it has nothing at ${describe(index)}`;
  return checker.report(expr, 'type_mismatch', message, 'lists have positions from 0, objects have names');
}

function keyFits(map: MapType, index: StaticType): boolean {
  return alternatives(map.key).some((key) => (key.kind === 'int' ? mayBe(index, 'int', 'double') : mayBe(index, key.kind)) || key.kind === 'dyn');
}
