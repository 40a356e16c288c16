import type { CompiledSources } from './compile-sources.ts';
import type { ConditionModel, ConstraintModel, ExpressionModel, RuleModel } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import { openEnds } from './pattern-ends.ts';
import { printable } from './printable.ts';
import type { Span } from './source-text.ts';

/** Conditions that are the same for every call, and patterns that match more than they seem to. */
export function lintConditions(rule: RuleModel, sources: CompiledSources, reporter: Reporter): void {
  for (const constraint of rule.arguments.constraints) lintSchemaPatterns(constraint, reporter);
  if (rule.when !== null) {
    const always = sources.condition(rule.when.source).constant;
    if (always !== null) {
      const what = always ? 'always holds, so the rule always applies' : 'never holds, so the rule never applies';
      reporter.warning('constant_condition', rule.when.span, rule.when.at, `this \`when\` ${what}`, always ? 'remove it' : 'remove the rule');
    }
    if (rule.action !== 'deny' && rule.action !== 'hide') lintPatterns(rule.when, sources, reporter);
  }
  for (const condition of rule.require) lintConstant(condition, sources, true, reporter);
  for (const condition of rule.denyIf) lintConstant(condition, sources, false, reporter);
  // To forbid whatever holds a text somewhere is what `deny_if` with a search means.
  for (const condition of rule.require) lintPatterns(condition, sources, reporter);
}

function lintConstant(condition: ConditionModel, sources: CompiledSources, passing: boolean, reporter: Reporter): void {
  const always = sources.condition(condition.source).constant;
  if (always === null) return;
  const effect = always === passing ? 'so it never refuses a call' : 'so it refuses every call';
  reporter.warning('constant_condition', condition.span, condition.at, `this condition is always ${always}, ${effect}`, always === passing ? 'remove it' : 'to refuse every call, write `action: deny`');
}

/** `matches` is a search, as CEL says: `args.host.matches("example.com")` also holds for `example.com.evil.net`. */
function lintPatterns(expression: ExpressionModel, sources: CompiledSources, reporter: Reporter): void {
  for (const pattern of sources.condition(expression.source).unanchored) warnOfOpenEnds(pattern, expression, reporter);
}

/** `pattern` of JSON Schema is a search too. Only where it stands for the value itself: below `not` a search is what is meant. */
function lintSchemaPatterns(constraint: ConstraintModel, reporter: Reporter): void {
  const visit = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
    const { pattern, items, properties } = schema as Record<string, unknown>;
    if (typeof pattern === 'string') warnOfOpenEnds(pattern, constraint, reporter);
    visit(items);
    if (typeof properties === 'object' && properties !== null) Object.values(properties).forEach(visit);
  };
  visit(JSON.parse(constraint.schema));
}

const OPEN = {
  both: ['matches anywhere in the text', 'write `^...$` to match the whole text'],
  start: ['is open at its start: anything may stand before what it matches', 'begin it with `^` to match the whole text'],
  end: ['is open at its end: anything may follow what it matches', 'end it with `$` to match the whole text'],
} as const;

function warnOfOpenEnds(pattern: string, place: { readonly span: Span; readonly at: string }, reporter: Reporter): void {
  const open = openEnds(pattern);
  if (open === null) return;
  const [what, help] = OPEN[open];
  reporter.warning('unanchored_pattern', place.span, place.at, `the pattern "${printable(pattern, 60)}" ${what}`, help);
}
