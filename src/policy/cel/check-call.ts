import { suggest } from '../suggest.ts';
import type { Call, Macro } from './ast.ts';
import { checkBoolean } from './check-operator.ts';
import { type Checker, oneOf, quote } from './checker.ts';
import { formsOf, FUNCTION_NAMES, overloadsOf } from './functions.ts';
import { type Overload, takes } from './signature.ts';
import { alternatives, BOOL, describe, DYN, listOf, mayBe, type StaticType, unionOf } from './static-type.ts';
import { isTimeZone } from './time.ts';
import { ZONED } from './time-functions.ts';

/** A call of a function or method: there must be a form of it that these arguments may fit. */
export function checkCall(expr: Call, checker: Checker): StaticType {
  const receiver = expr.receiver === null ? null : checker.typeOf(expr.receiver);
  const types = [...(receiver === null ? [] : [receiver]), ...expr.args.map((arg) => checker.typeOf(arg))];
  const forms = overloadsOf(expr.name, receiver !== null, expr.args.length);
  if (forms.length === 0) return unknownForm(expr, checker);
  const fitting = forms.filter((form) => takes(form).every((kind, index) => kind === 'any' || mayBe(types[index] ?? DYN, kind)));
  if (fitting.length === 0) {
    const message = `\`${expr.name}\` cannot be applied to ${types.map(describe).join(' and ')}`;
    return checker.report(expr, 'type_mismatch', message, help(expr, forms, types));
  }
  checkZone(expr, checker);
  return unionOf(fitting.map((form) => form.result));
}

function help(expr: Call, forms: readonly Overload[], types: readonly StaticType[]): string {
  const [first] = types;
  if (forms.some((form) => takes(form)[0] === 'int') && first !== undefined && mayBe(first, 'double')) return `write \`${expr.name}(int(…))\``;
  return `it takes ${[...new Set(forms.map((form) => takes(form).map((kind) => (kind === 'any' ? 'anything' : describe({ kind } as StaticType))).join(' and ')))].join(', or ')}`;
}

function unknownForm(expr: Call, checker: Checker): StaticType {
  const known = formsOf(expr.name);
  const [form] = known;
  if (form !== undefined) {
    const written = known.map((one) => (one.receiver === null ? `${one.name}(${one.params.join(', ')})` : `${one.receiver}.${one.name}(${one.params.join(', ')})`));
    return checker.report(expr, 'wrong_call', `\`${expr.name}\` is not called like this`, `write ${oneOf([...new Set(written)])}`);
  }
  if (FUNCTION_NAMES.includes(expr.name)) {
    return checker.report(expr, 'wrong_call', `\`${expr.name}\` is not called like this`, expr.name === 'has' ? 'write `has(args.name)`' : `write \`list.${expr.name}(x, …)\``);
  }
  const near = suggest(expr.name, FUNCTION_NAMES);
  return checker.report(expr, 'unknown_function', `unknown function \`${expr.name}\``, near === null ? `known are ${oneOf(FUNCTION_NAMES)}` : `did you mean \`${near}\`?`);
}

/** Time zones are literals, so that a misspelt one is found now and not at the first call. */
function checkZone(expr: Call, checker: Checker): void {
  const [zone] = expr.args;
  if (!ZONED.has(expr.name) || zone === undefined) return;
  if (zone.kind !== 'literal') {
    checker.report(zone, 'time_zone_not_literal', 'a time zone must be written as a literal string', 'write it in quotes, e.g. `"Europe/Berlin"`');
  } else if (typeof zone.value === 'string' && !isTimeZone(zone.value)) {
    checker.report(zone, 'unknown_time_zone', `unknown time zone ${quote(zone, checker)}`, 'write an IANA name such as `"Europe/Berlin"`, `"UTC"`, or an offset such as `"+02:00"`');
  }
}

export function checkMacro(expr: Macro, checker: Checker): StaticType {
  const range = checker.typeOf(expr.range);
  const elements = alternatives(range).flatMap((type) => {
    if (type.kind === 'list') return [type.of];
    if (type.kind === 'map') return [type.key];
    return type.kind === 'dyn' ? [DYN] : [];
  });
  if (elements.length === 0) {
    checker.report(expr.range, 'type_mismatch', `\`${expr.name}\` needs a list or an object; ${quote(expr.range, checker)} is ${describe(range)}`, null);
  }
  const element = elements.length === 0 ? DYN : unionOf(elements);
  checker.locals.set(expr.slot, element);
  if (expr.predicate !== null) checkBoolean(expr.predicate, `\`${expr.name}\``, checker);
  const transformed = expr.transform === null ? element : checker.typeOf(expr.transform);
  return expr.name === 'map' || expr.name === 'filter' ? listOf(transformed) : BOOL;
}

