import { quoted } from '../printable.ts';
import { found } from '../source-node.ts';
import { conditionText, readCondition } from './condition.ts';
import type { OldCondition } from './condition.ts';
import { counterLimit, readCounter } from './counter.ts';
import type { Counter } from './counter.ts';
import type { Limit, OldPolicy, OldTool } from './model.ts';
import { NOTHING, WINDOWS } from './model.ts';
import type { At, OldReader } from './reader.ts';

const ACTIONS = ['evaluate', 'deny', 'require_approval'] as const;
const RULE_KEYS = ['name', 'action', 'rate_limit', 'conditions', 'on_deny', 'state', 'approval_timeout'] as const;

/** One rule of the old file, read and checked. */
interface OldRule {
  readonly where: At;
  readonly name: string | null;
  readonly action: (typeof ACTIONS)[number];
  readonly reason: string | null;
  readonly conditions: readonly OldCondition[];
  readonly limit: Limit | null;
  readonly counter: Counter | null;
  readonly timeout: string | null;
}

/** Reads a policy of the Intercept proxy: `tools.NAME.rules[]`. */
export function readIntercept(root: At, reader: OldReader): OldPolicy | null {
  const fields = reader.fields(root, 'the policy', ['version', 'description', 'default', 'hide', 'tools']);
  if (fields === null) return null;
  const head = reader.head(fields, root);
  const tools = new Map<string, OldTool>();
  for (const { name, value } of reader.tools(fields.get('tools'))) {
    const inside = reader.fields(value, 'a tool', ['rules']);
    const rules = inside?.get('rules');
    const read = (rules?.node.kind === 'null' ? [] : reader.list(rules, '`rules`')).flatMap((rule) => readRule(rule, reader) ?? []);
    tools.set(name, readTool(name, read, reader));
  }
  const everything = tools.get('*') ?? NOTHING;
  tools.delete('*');
  return { dialect: 'intercept', ...head, everything, tools };
}

function readRule(where: At, reader: OldReader): OldRule | null {
  const hint = ({ key }: { key: string }): string | null => (key === 'spend' ? 'payment limits of this kind have no counterpart: write a `budget` into the imported file' : null);
  const fields = reader.fields(where, 'a rule', RULE_KEYS, hint);
  if (fields === null) return null;
  const action = fields.has('action') ? reader.word(fields.get('action'), '`action`', ACTIONS) : 'evaluate';
  const given = fields.get('conditions');
  const conditions = (given?.node.kind === 'null' ? [] : reader.list(given, '`conditions`')).flatMap((condition) => readCondition(condition, reader)?.condition ?? []);
  const state = fields.get('state');
  const rate = fields.get('rate_limit');
  const timeout = fields.get('approval_timeout');
  const name = reader.text(fields.get('name'), '`name`');
  const reason = reader.reason(fields.get('on_deny'));
  if (rate !== undefined && (given !== undefined || state !== undefined || action !== 'evaluate')) {
    reader.error('mixed_rule', rate, '`rate_limit` stands beside `conditions`, `state` or an `action`, which the old program refused', 'write two rules');
  }
  if (action === 'deny' && (conditions.length > 0 || state !== undefined)) {
    reader.error('mixed_rule', where, 'a rule with `action: deny` has `conditions` or `state`; it denied every call and could have none', 'remove `action` if they say what must hold, or remove them');
  }
  if (action === 'evaluate' && rate === undefined && conditions.length === 0 && given?.node.kind !== 'list' && state === undefined) {
    reader.error('empty_rule', where, 'the rule has neither conditions nor a limit nor an action', 'remove it, or add what is missing');
  }
  if (timeout !== undefined && action !== 'require_approval') reader.error('mixed_rule', timeout, '`approval_timeout` stands in a rule that asks for no approval', 'add `action: require_approval`');
  if (action === null) return null;
  const limit = rate === undefined ? null : readRate(rate, name, reason, reader);
  const counter = state === undefined ? null : readCounter(state, reader);
  return { where, name, action, reason, conditions, limit, counter, timeout: timeout === undefined ? null : readTimeout(timeout, reader) };
}

function readRate(value: At, name: string | null, reason: string | null, reader: OldReader): Limit | null {
  const text = value.node.kind === 'string' ? value.node.value : '';
  const match = /^([1-9][0-9]{0,6})\/(minute|hour|day)$/.exec(text);
  const window = WINDOWS.get(match?.[2] ?? '');
  if (match === null || window === undefined) return reader.error('bad_rate', value, `\`rate_limit\` is ${found(value.node)}; expected a number of calls and \`/minute\`, \`/hour\` or \`/day\``, 'for example `5/hour`');
  reader.notes.add('sliding_windows', value.node.span, value.at);
  reader.notes.add('counters_per_server', value.node.span, value.at);
  return { max: match[1] ?? '', window, per: 'server', sum: null, reason, name };
}

function readTimeout(value: At, reader: OldReader): string | null {
  const match = value.node.kind === 'string' ? /^([1-9][0-9]{0,6})([smhd])$/.exec(value.node.value) : null;
  const seconds = match === null ? 0 : Number(match[1]) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? ''] ?? 0);
  if (match !== null && seconds >= 60 && seconds <= 7 * 86_400) return match[0];
  return reader.error('bad_timeout', value, `\`approval_timeout\` is ${found(value.node)}; expected 1 minute to 7 days, such as \`30m\``, null);
}

/** Puts the rules of one tool together. */
function readTool(name: string, rules: readonly OldRule[], reader: OldReader): OldTool {
  const denying = rules.find((rule) => rule.action === 'deny');
  if (denying !== undefined && rules.length > 1) reader.notes.add('deny_wins', denying.where.node.span, denying.where.at, name);
  const scope = name === '*' ? '_global' : name;
  const counters = new Map<string, { counter: Counter; rule: OldRule; used: boolean }>();
  for (const rule of rules) {
    if (rule.counter === null) continue;
    if (counters.has(rule.counter.name)) reader.error('duplicate_counter', rule.counter.where, `two rules of one tool have the counter ${quoted(rule.counter.name, 60)}`, 'give one of them another name');
    counters.set(rule.counter.name, { counter: rule.counter, rule, used: false });
  }
  const tool = { denied: denying === undefined ? null : { reason: denying.reason, name: denying.name }, require: [] as OldTool['require'][number][], denyIf: [], limits: [] as Limit[], approvals: [] as OldTool['approvals'][number][] };
  for (const rule of rules) {
    const onArguments: string[] = [];
    for (const condition of rule.conditions) {
      if (condition.path.startsWith('args.')) {
        const text = conditionText(condition, rule.action === 'evaluate', reader);
        if (text !== null) onArguments.push(text);
        continue;
      }
      if (rule.action === 'require_approval') {
        reader.error('bad_path', condition.where, 'an approval depends on a counter, which cannot be said here', 'ask for the approval always, or make it a limit');
        continue;
      }
      const prefix = `state.${scope}.`;
      const entry = condition.path.startsWith(prefix) ? counters.get(condition.path.slice(prefix.length)) : undefined;
      if (entry === undefined) {
        reader.error('unknown_counter', condition.where, `the condition reads ${quoted(condition.path, 80)}, which is no counter of this tool`, 'a limit over several tools is a rule whose selector spans them: write it into the imported file');
        continue;
      }
      if (entry.rule !== rule) reader.notes.add('counter_counts_now', condition.where.node.span, condition.where.at, condition.path);
      entry.used = true;
      const limit = counterLimit(condition, entry.counter, rule.reason, rule.name, reader);
      if (limit === 'none') tool.denied ??= { reason: rule.reason, name: rule.name };
      else if (limit !== null) tool.limits.push(limit);
    }
    if (rule.limit !== null) tool.limits.push(rule.limit);
    if (rule.action === 'require_approval') {
      reader.notes.add('approvals_bound', rule.where.node.span, rule.where.at);
      tool.approvals.push({ when: joined(onArguments), timeout: rule.timeout, reason: rule.reason, name: rule.name });
    } else {
      const condition = joined(onArguments);
      if (condition === null) continue;
      reader.notes.add('conditions_must_hold', rule.where.node.span, rule.where.at);
      tool.require.push({ condition, reason: rule.reason, name: rule.name });
    }
  }
  for (const { counter, used } of counters.values()) if (!used) reader.notes.add('counter_without_limit', counter.where.node.span, counter.where.at, counter.name);
  return tool;
}

/** Every condition that holds an `||` stands in brackets of its own. */
function joined(conditions: readonly string[]): string | null {
  return conditions.length === 0 ? null : conditions.join(' && ');
}
