import type { ConstraintModel } from './document.ts';
import type { RuleContext } from './sources.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { readArgumentPath, writeArgumentPath } from './argument-path.ts';
import { pointer } from './pointer.ts';
import { printable, quoted } from './printable.ts';
import { describeNoSchema, jsonText } from './schema-text.ts';
import { wordOf } from './check-words.ts';

/** Each is looked at in every call. */
const MOST = 200;

/** Checks `arguments`: a map of argument names to JSON Schemas. The schemas are compiled later. policy.md, "Rule". */
export function checkArguments(node: SourceNode, at: string, context: RuleContext): ConstraintModel[] {
  const { reporter } = context;
  if (node.kind === 'broken') return [];
  if (node.kind !== 'map') {
    reporter.error('wrong_type', node.span, at, `\`arguments\` is ${found(node)}; expected a map of argument names to JSON Schemas`, 'write for example `arguments: { amount: { type: number, maximum: 500 } }`');
    return [];
  }
  if (node.entries.length === 0 && !node.damaged) {
    reporter.error('empty_arguments', node.span, at, '`arguments` is empty; expected at least one argument', 'remove it; `additional: false` alone forbids every argument');
    return [];
  }
  if (node.entries.length > MOST) {
    reporter.error('too_long', node.span, at, `\`arguments\` names ${node.entries.length} arguments; expected at most ${MOST}`, null);
    return [];
  }
  const constraints = node.entries.flatMap((entry) => checkConstraint(entry, at + pointer(entry.key), context) ?? []);
  return constraints.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function checkConstraint(entry: SourceEntry, at: string, context: RuleContext): ConstraintModel | null {
  const { reporter } = context;
  const reading = readArgumentPath(entry.key);
  if (!reading.ok) {
    reporter.error('bad_argument_name', entry.keySpan, at, `the argument name ${quoted(entry.key, 60)} ${reading.problem}`, reading.help);
    return null;
  }
  const { value } = entry;
  if (value.kind === 'broken') return null;
  if (entry.key === 'additional' && value.kind === 'boolean') {
    // Read as a schema, `false` would forbid one argument called "additional" and let every other through.
    reporter.error('misplaced_additional', entry.keySpan, at, '`additional` stands among the argument names; expected it beside `arguments`, in the rule', 'move it one level up; for an argument of that name write a map: `additional: { not: {} }`');
    return null;
  }
  if (value.kind !== 'map' && value.kind !== 'boolean') {
    const help = value.kind === 'null' ? `write for example \`${printable(entry.key, 40)}: { type: string }\`` : 'write for example `{ type: number, maximum: 500 }`, `{ enum: [eur, usd] }` or `{ const: main }`';
    reporter.error('wrong_type', value.span, at, describeNoSchema(value), help);
    return null;
  }
  const name = writeArgumentPath(reading.path);
  const schema = jsonText(value, at, reporter);
  if (schema === null) return null;
  context.sources.schemas.push({ node: value, at, schema });
  return { name, path: reading.path, schema, at, span: entry.keySpan };
}

/** Checks `additional`, whose only value is `false`. @returns whether arguments that are not named are allowed */
export function checkAdditional(node: SourceNode, at: string, context: RuleContext): boolean {
  if (node.kind === 'boolean' && !node.value) return false;
  if (node.kind === 'boolean') {
    context.reporter.error('bad_additional', node.span, at, '`additional` is the boolean true; expected false', 'arguments that are not named are allowed unless it says `false`: remove the line');
  } else if (node.kind !== 'broken') {
    context.reporter.error('wrong_type', node.span, at, `\`additional\` is ${found(node)}; expected false`, 'write `additional: false` to forbid arguments that are not named');
  }
  return true;
}

/** Checks `schema`, whose only value is `upstream`. @returns whether it is there */
export function checkUpstreamSchema(node: SourceNode, at: string, context: RuleContext): boolean {
  return wordOf(node, ['upstream'], at, '`schema`', 'bad_schema_source', context.reporter) !== null;
}
