import { compileAmount, compileCondition, type CelProblem } from '../../../../src/policy/cel/index.ts';
import { json } from '../evaluate.ts';

export const SCHEMA_TEXT = `{
  "type": "object",
  "properties": {
    "amount": { "type": "number" }, "count": { "type": "integer" }, "currency": { "type": "string" }, "note": { "type": ["string", "null"] },
    "dry_run": { "type": "boolean" }, "tags": { "type": "array", "items": { "type": "string" } }, "meta": { "type": "object" },
    "card": { "type": "object", "properties": { "number": { "type": "string" }, "cvc": { "type": "string" } } },
    "open": { "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": { "type": "number" } },
    "items": { "type": "array", "items": { "$ref": "#/$defs/item" } }, "either": { "anyOf": [{ "type": "string" }, { "type": "number" }] },
    "size": { "enum": ["s", "m"] }, "foo-bar": { "type": "number" }, "tree": { "$ref": "#/$defs/tree" }, "any": {}, "yes": true
  },
  "$defs": { "item": { "type": "object", "properties": { "price": { "type": "number" }, "name": { "type": "string" } } },
             "tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/tree" }, "value": { "type": "number" } } } }
}`;
export const SCHEMA = json(SCHEMA_TEXT);

/** What comes of an expression when a policy is loaded, in one line: its problems, each whole, or what is known of it. */
export function compiledInWords(source: string, amount: boolean, schema: boolean): string {
  const env = schema ? { inputSchema: SCHEMA } : {};
  const made = amount ? compileAmount(source, env) : compileCondition(source, env);
  if (!made.ok) return `refused: ${made.problems.map(problemInWords).join('; ')}`;
  const facts = 'amount' in made ? made.amount : made.condition;
  const known: readonly (readonly [string, readonly string[]])[] = [
    ['variables', [...facts.variables].sort()], ['arguments', facts.argumentPaths], ['not made sure of', facts.optionalUse],
    ['fields of the tool', facts.toolFields], ['unanchored', facts.unanchored],
  ];
  const constant = 'condition' in made && made.condition.constant !== null ? [`always ${made.condition.constant}`] : [];
  return ['accepted', ...known.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.map((name) => name === '' ? '(all)' : name).join(', ')}`), ...constant].join('; ');
}

function problemInWords({ start, end, code, message, help }: CelProblem): string {
  return `${start}-${end} ${code}: ${message} (${help ?? '-'})`;
}
