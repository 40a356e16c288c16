import type { JsonKind, JsonNode } from '../../wire/json-node.ts';
import { printable } from '../printable.ts';
import { suggest } from '../suggest.ts';
import { canonical } from './equality.ts';
import { ambiguous, isWhole } from './keywords-number.ts';
import type { Run } from './run.ts';
import { Stopped } from './run.ts';
import type { Check, Place } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { kindName } from './site.ts';

export const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ['string', 'a string'],
  ['number', 'a number'],
  ['integer', 'an integer'],
  ['boolean', 'a boolean'],
  ['object', 'an object'],
  ['array', 'an array'],
  ['null', 'null'],
]);

export function typeKeyword(node: JsonNode, site: Site): Check | null {
  const named = node.kind === 'array' ? node.elements().map((element) => element.text()) : [node.text()];
  const types = named.filter((name) => name !== null && TYPE_NAMES.has(name)) as string[];
  if (types.length < named.length || types.length === 0 || new Set(types).size < types.length) {
    const wrong = named.find((name) => name !== null && !TYPE_NAMES.has(name)) ?? null;
    const near = wrong === null ? null : suggest(wrong, [...TYPE_NAMES.keys()]);
    site.problem(`\`type\` is ${wrong === null ? kindName(node) : `\`${printable(wrong, 40)}\``}; expected one of ${[...TYPE_NAMES.keys()].join(', ')}, or a list of them`, near === null ? null : `did you mean \`${near}\`?`, 'type');
    return null;
  }
  const allowed = new Set(types);
  const wanted = listed(types.map((type) => TYPE_NAMES.get(type) ?? type));
  return (value, place) => {
    if (hasType(value, place, allowed)) return null;
    const found = value.kind === 'number' && !allowed.has('number') && allowed.has('integer') ? 'a number with a fraction' : kindName(value);
    return failure(place, `must be ${wanted}, not ${found}`, `is ${wanted}`);
  };
}

function hasType(value: JsonNode, place: Place | null, allowed: ReadonlySet<string>): boolean {
  const { kind } = value;
  if (kind === 'true' || kind === 'false') return allowed.has('boolean');
  if (kind !== 'number' || allowed.has('number')) return allowed.has(kind);
  return allowed.has('integer') && isWhole(value, place);
}

/** `a`, `a or b`, `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** `const` is an `enum` of one. */
export function enumKeyword(keyword: 'enum' | 'const', node: JsonNode, site: Site): Check | null {
  if (keyword === 'enum' && node.kind !== 'array') {
    site.problem(`\`enum\` is ${kindName(node)}; expected a list of values`, null, 'enum');
    return null;
  }
  const choices = keyword === 'const' ? [node] : node.elements();
  if (choices.length === 0 && site.origin === 'policy') site.problem('`enum` is an empty list, which no value is in', 'list the values that are allowed', 'enum');
  const exact = new Set<string>();
  const asDoubles = new Set<string>();
  const kinds = new Set<JsonKind>();
  for (const choice of choices) {
    const text = canonical(choice, free);
    if (text === null) {
      site.problem(`\`${keyword}\` holds a number out of range`, null, keyword);
      return null;
    }
    kinds.add(choice.kind);
    exact.add(`=${text.exact}`);
    asDoubles.add(`=${text.asDoubles}`);
  }
  const shown = printable(choices.slice(0, 20).map(oneLine).join(', '), 200) + (choices.length > 20 ? ', …' : '');
  const says = keyword === 'const' ? `must be ${shown}` : `must be one of ${shown}`;
  const passes = keyword === 'const' ? `== ${shown}` : `in [${shown}]`;
  return (value, place, run) => {
    if (!kinds.has(value.kind)) return failure(place, says, passes);
    const text = canonicalInRun(value, place, run);
    const holds = exact.has(`=${text.exact}`);
    if (asDoubles.has(`=${text.asDoubles}`) !== holds) throw ambiguous(place, passes);
    return holds ? null : failure(place, says, passes);
  };
}

/** @throws Stopped when the value holds a number that cannot be compared */
export function canonicalInRun(value: JsonNode, place: Place | null, run: Run): { exact: string; asDoubles: string } {
  const text = canonical(value, (steps) => run.spend(steps));
  if (text === null) throw new Stopped('invalid', failure(place, 'has a number too long or too large to compare', null));
  return text;
}

/** The schema's size is bounded before anything is compiled. */
function free(): void {}

function oneLine(node: JsonNode): string {
  return node.lexeme().slice(0, 400).replace(/\s+/g, ' ');
}
