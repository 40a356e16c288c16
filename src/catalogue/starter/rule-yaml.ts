import { argumentChecks } from './argument-checks.ts';
import type { Treatment } from './treatment.ts';
import type { StarterTool } from './types.ts';

const UNCHECKABLE = ['missing_schema', 'invalid_schema', 'oversized'];

/** `{ max: 10, window: 1m, per: grant }` */
export function limitText(limit: { readonly max: number; readonly window: string }): string {
  return `{ max: ${limit.max}, window: ${limit.window}, per: grant }`;
}

/**
 * The lines of a rule's guards on arguments; none where nothing can be checked.
 * @param witnessed a person approves each call, so that only what people overlook is checked
 */
export function validationLines(tool: StarterTool, witnessed: boolean): readonly string[] {
  const { schemas, conditions } = argumentChecks(tool, witnessed);
  const { findings } = tool.classification;
  const upstream = tool.schemaUsable !== false && !UNCHECKABLE.some((finding) => findings.some((found) => found === finding));
  return [
    ...(upstream ? ['schema: upstream'] : []),
    ...(schemas.length === 0 ? [] : ['arguments:', ...schemas.map((line) => `  ${line}`)]),
    ...requireLines(conditions),
  ];
}

/** Where files are reached, a path that climbs is refused whatever the class. */
function pathLines(tool: StarterTool): readonly string[] {
  return tool.classification.signals.includes('filesystem_path') ? requireLines(argumentChecks(tool, true).conditions) : [];
}

function requireLines(conditions: readonly string[]): readonly string[] {
  const [only] = conditions;
  if (only === undefined) return [];
  return conditions.length === 1 ? [`require: '${only}'`] : ['require:', ...conditions.map((line) => `  - '${line}'`)];
}

/** A treatment as the lines of a rule; one line means that it fits behind the key, as a word or a flow map. */
export function ruleLines(treatment: Treatment, tool: StarterTool): readonly string[] {
  const { action, limit, validated } = treatment;
  const head = [...(action === 'allow' && limit !== null ? [] : [`action: ${action}`]), ...(limit === null ? [] : [`rate_limit: ${limitText(limit)}`])];
  const checks = action === 'hide' ? [] : validated ? validationLines(tool, action === 'require_approval') : pathLines(tool);
  if (checks.length > 1) return [...head, ...checks];
  const all = [...head, ...checks];
  const [only] = all;
  if (all.length === 1 && only === `action: ${action}`) return [action];
  return [`{ ${all.join(', ')} }`];
}

/** One entry of `tools`: the key, the rule, and a comment behind the key. */
export function entryLines(key: string, rule: readonly string[], comment: string): readonly string[] {
  const tail = comment === '' ? '' : `  # ${comment}`;
  const [first = ''] = rule;
  if (rule.length === 1) return [`${key}: ${first}${tail}`];
  return [`${key}:${tail}`, ...rule.map((line) => `  ${line}`)];
}
