import { printable } from '../printable.ts';
import type { NewPolicy, NewRule } from './compose.ts';
import type { Demand, Limit } from './model.ts';

/** The policy as YAML with comments, in the style of the documentation. */
export function write(policy: NewPolicy, from: string): string {
  const lines = [`# Imported from ${from}. What changed meaning was reported by the import; read it before you use this file.`, 'version: "1"'];
  if (policy.description !== null) lines.push(`description: ${scalar(policy.description)}`);
  lines.push(`default: ${policy.default}`);
  if (policy.tools.size > 0) lines.push('', 'tools:');
  for (const [selector, rules] of policy.tools) {
    lines.push(...selectorLines(selector, rules));
  }
  return `${lines.join('\n')}\n`;
}

function selectorLines(selector: string, rules: readonly NewRule[]): string[] {
  const key = `  ${scalar(selector)}:`;
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) {
    if (isWord(only)) return [...comments(only.comments, '  '), `${key} ${only.action ?? 'allow'}`];
    return [key, ...comments(only.comments, '    '), ...ruleLines(only).map((line) => `    ${line}`)];
  }
  const items = rules.flatMap((rule) => {
    if (isWord(rule)) return [...comments(rule.comments, '    '), `    - ${rule.action ?? 'allow'}`];
    return [...comments(rule.comments, '    '), ...ruleLines(rule).map((line, index) => `    ${index === 0 ? '- ' : '  '}${line}`)];
  });
  return [key, ...items];
}

/** Whether a rule is its action and nothing else. */
function isWord(rule: NewRule): boolean {
  const { guards } = rule;
  const guarded = guards !== null && guards.require.length + guards.denyIf.length + guards.limits.length > 0;
  return rule.when === null && rule.reason === null && rule.timeout === null && !guarded && rule.action !== null;
}

function ruleLines({ when, action, reason, timeout, guards }: NewRule): string[] {
  const lines: string[] = [];
  if (when !== null) lines.push(`when: ${scalar(when)}`);
  if (action !== null) lines.push(`action: ${action}`);
  if (reason !== null) lines.push(`reason: ${scalar(reason)}`);
  if (timeout !== null) lines.push('approval:', `  timeout: ${timeout}`);
  if (guards === null) return lines;
  lines.push(...conditions('require', guards.require), ...conditions('deny_if', guards.denyIf));
  lines.push(...limits('rate_limit', guards.limits.filter((limit) => limit.sum === null)), ...limits('budget', guards.limits.filter((limit) => limit.sum !== null)));
  return lines;
}

function conditions(key: string, demands: readonly Demand[]): string[] {
  if (demands.length === 0) return [];
  const items = demands.flatMap(({ condition, reason, name }) => [
    ...comments(name === null ? [] : [name], '  '),
    ...(reason === null ? [`  - ${scalar(condition)}`] : [`  - if: ${scalar(condition)}`, `    reason: ${scalar(reason)}`]),
  ]);
  return [`${key}:`, ...items];
}

/** Of equal limits, which the loader refuses in one list, the first. */
function limits(key: string, all: readonly Limit[]): string[] {
  const seen = new Set<string>();
  const different = all.filter(({ max, window, per, sum }) => {
    const text = [max, window, per, sum].join();
    return seen.has(text) ? false : seen.add(text);
  });
  if (different.length === 0) return [];
  const items = different.flatMap(({ max, window, per, sum, name }) => {
    const fields = `{ ${sum === null ? '' : `sum: ${inFlow(sum)}, `}max: ${max}, window: ${window}, per: ${per} }`;
    return [...comments(name === null ? [] : [name], '  '), `  - ${fields}`];
  });
  return [`${key}:`, ...items];
}

function comments(texts: readonly string[], indent: string): string[] {
  return texts.filter((text) => text.trim() !== '').map((text) => `${indent}# ${printable(text.trim(), 200)}`);
}

/** A text inside braces, where brackets and commas mean something. */
function inFlow(text: string): string {
  return /^args[A-Za-z0-9_.]*$/.test(text) ? text : quote(text);
}

/** A text as YAML that every reader takes for that very text: plain where that is certain, in double quotes otherwise. */
function scalar(text: string): string {
  const plain = /^[A-Za-z(][\x20-\x7e]*$/.test(text) && !/: |:$| #| $/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : quote(text);
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
