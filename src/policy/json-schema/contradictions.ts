import { compareDecimals, parseDecimal } from '../../wire/decimal.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { SchemaProblem } from './schema-types.ts';

type Report = (problem: SchemaProblem) => void;

/** A lower and an upper bound; `open` when no value may lie on one of them. */
const PAIRS: readonly (readonly [low: string, high: string, open: boolean])[] = [
  ['minimum', 'maximum', false],
  ['exclusiveMinimum', 'maximum', true],
  ['minimum', 'exclusiveMaximum', true],
  ['exclusiveMinimum', 'exclusiveMaximum', true],
  ['minLength', 'maxLength', false],
  ['minItems', 'maxItems', false],
  ['minProperties', 'maxProperties', false],
  ['minContains', 'maxContains', false],
];

/**
 * Reports what no value satisfies, as far as one schema object says so by itself. Such a schema refuses every call that has the
 * argument, which nobody writes on purpose. Bounds and choices that are not of the right type were reported by their keywords.
 */
export function checkContradictions(node: JsonNode, at: (key: string) => string, report: Report): void {
  for (const [low, high, open] of PAIRS) {
    const [least, most] = [boundOf(node, low), boundOf(node, high)];
    const order = least === null || most === null ? -1 : compareDecimals(least, most);
    if (order < 0 || (order === 0 && !open)) continue;
    const relation = order === 0 ? 'the same as' : 'above';
    report({ pointer: at(high), message: `\`${low}\` is ${relation} \`${high}\`, so no value passes`, help: order === 0 ? `to allow that one value, write \`minimum\` and \`maximum\`, or \`const\`` : 'correct one of the two' });
  }
  checkChoices('const', node, at, report);
  checkChoices('enum', node, at, report);
}

function boundOf(node: JsonNode, keyword: string): ReturnType<typeof parseDecimal> {
  const bound = node.get(keyword);
  return bound?.kind === 'number' ? parseDecimal(bound.lexeme()) : null;
}

/** `const` and `enum` beside a `type` that none of their values has. */
function checkChoices(keyword: 'const' | 'enum', node: JsonNode, at: (key: string) => string, report: Report): void {
  const value = node.get(keyword);
  const type = node.get('type');
  if (value === null || type === null || (keyword === 'enum' && value.kind !== 'array')) return;
  const types = (type.kind === 'array' ? type.elements() : [type]).map((element) => element.text());
  const choices = keyword === 'const' ? [value] : value.elements();
  if (choices.length === 0 || types.includes(null) || choices.some((choice) => types.some((name) => name !== null && isOfType(choice, name)))) return;
  const stated = types.join(' or ');
  const message = keyword === 'const' ? `the value of \`const\` is not of the type ${stated}, so no value passes` : `no value of \`enum\` is of the type ${stated}, so no value passes`;
  report({ pointer: at(keyword), message, help: 'change `type`, or the value: text stands in quotes, a number does not' });
}

function isOfType(node: JsonNode, type: string): boolean {
  switch (type) {
    case 'boolean':
      return node.kind === 'true' || node.kind === 'false';
    case 'integer':
      // A number that cannot be read was reported; it is not also of the wrong type.
      return node.kind === 'number' && (parseDecimal(node.lexeme())?.scale ?? 0) === 0;
    default:
      return node.kind === type;
  }
}
