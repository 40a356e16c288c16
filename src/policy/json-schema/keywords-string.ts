import type { JsonNode } from '../../wire/json-node.ts';
import { oneOf } from '../check-words.ts';
import { quoted } from '../printable.ts';
import { suggest } from '../suggest.ts';
import { FORMATS } from './formats.ts';
import { LONGEST_SEARCHED, SEARCH_COST_PER_STEP } from './limits.ts';
import type { Run } from './run.ts';
import { Stopped } from './run.ts';
import type { Check, Pattern, Place } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { countOf, kindName } from './site.ts';

/** `minLength` and `maxLength`: code points, as JSON Schema counts. */
export function lengthKeyword(keyword: 'minLength' | 'maxLength', node: JsonNode, site: Site): Check | null {
  const bound = countOf(keyword, node, site);
  if (bound === null) return null;
  const least = keyword === 'minLength';
  const amount = `${least ? 'at least' : 'at most'} ${bound} character${bound === 1 ? '' : 's'}`;
  return (value, place, run) => {
    const text = paidText(value, run);
    if (text === null) return null;
    const length = codePointsOf(text);
    return (least ? length >= bound : length <= bound) ? null : failure(place, `must have ${amount}`, `has ${amount}`);
  };
}

/** The text of a string; null for anything else. Decoding costs what the sender chose, so it is paid for first: by bytes. */
function paidText(value: JsonNode, run: Run): string | null {
  if (value.kind !== 'string') return null;
  run.spendText(value.end - value.start);
  return value.text();
}

function codePointsOf(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    const low = text.charCodeAt(i);
    if (low < 0xdc00 || low > 0xdfff) continue;
    const high = text.charCodeAt(i - 1);
    if (high >= 0xd800 && high <= 0xdbff) count--;
  }
  return count;
}

export function patternKeyword(node: JsonNode, site: Site): Check | null {
  const source = node.text();
  if (source === null) {
    site.problem(`\`pattern\` is ${kindName(node)}; expected a string`, null, 'pattern');
    return null;
  }
  const pattern = site.pattern(source, 'pattern');
  if (pattern === null) return null;
  const shown = quoted(source, 120);
  return (value, place, run) => {
    const text = value.text();
    if (text === null) return null;
    return searches(pattern, text, place, run) ? null : failure(place, `must match the pattern ${shown}`, `matches ${shown}`);
  };
}

/** Applies a pattern within the budget of the run. @throws Stopped when the text is too long to be searched */
export function searches(pattern: Pattern, text: string, place: Place | null, run: Run): boolean {
  if (text.length > LONGEST_SEARCHED) throw new Stopped('invalid', failure(place, `is too long to be searched with a pattern; at most ${LONGEST_SEARCHED} characters are`, null));
  run.spend(1 + Math.ceil(pattern.cost(text.length) / SEARCH_COST_PER_STEP));
  return pattern.test(text);
}

/** `format` is asserted for the policy's own schemas and is an annotation of upstream ones, as their authors expect. */
export function formatKeyword(node: JsonNode, site: Site): Check | null {
  const name = node.text();
  if (name === null) {
    site.problem(`\`format\` is ${kindName(node)}; expected a string`, null, 'format');
    return null;
  }
  if (site.origin === 'upstream') return null;
  const format = FORMATS.get(name);
  if (format === undefined) {
    const names = [...FORMATS.keys()];
    const near = suggest(name, names);
    site.problem(`\`format\` is ${quoted(name, 60)}; expected ${oneOf(names)}`, near === null ? 'use `pattern` for other forms' : `did you mean \`${near}\`?`, 'format');
    return null;
  }
  return (value, place, run) => {
    const text = paidText(value, run);
    if (text === null) return null;
    return format.test(text) ? null : failure(place, `must be ${format.called}`, `is ${format.called}`);
  };
}
