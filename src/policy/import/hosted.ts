import { parseDecimal, formatDecimal } from '../../wire/decimal.ts';
import { found } from '../source-node.ts';
import { conditionText, readCondition } from './condition.ts';
import { readIncrements } from './counter.ts';
import type { Demand, Limit, OldPolicy, OldTool } from './model.ts';
import { NOTHING, WINDOWS } from './model.ts';
import type { At, OldReader } from './reader.ts';

const LIMIT_KEYS = ['counter', 'window', 'max', 'scope', 'increment', 'increment_from', 'on_deny'] as const;
const SCOPES = ['grant', 'server', 'session'] as const;

/** Reads a policy of the hosted gateway: `tools.NAME.{require, deny_if, limits}` and `all_tools.limits`. */
export function readHosted(root: At, reader: OldReader): OldPolicy | null {
  const fields = reader.fields(root, 'the policy', ['version', 'description', 'default', 'hide', 'all_tools', 'tools']);
  if (fields === null) return null;
  const head = reader.head(fields, root);
  const all = fields.get('all_tools');
  const allFields = all === undefined ? null : reader.fields(all, '`all_tools`', ['limits']);
  const everything: OldTool = { ...NOTHING, ...splitLimits(readLimits(allFields?.get('limits'), reader)) };
  const tools = new Map<string, OldTool>();
  for (const { name, value, key } of reader.tools(fields.get('tools'))) {
    if (name === '*') reader.error('no_glob', key, '`*` names no tool in this dialect', 'limits for every tool go under `all_tools`');
    else tools.set(name, readTool(value, reader));
  }
  return { dialect: 'hosted', ...head, everything, tools };
}

function readTool(value: At, reader: OldReader): OldTool {
  const fields = reader.fields(value, 'a tool', ['require', 'deny_if', 'limits']);
  if (fields === null) return NOTHING;
  return {
    ...NOTHING,
    require: readConditions(fields.get('require'), 'require', reader),
    denyIf: readConditions(fields.get('deny_if'), 'deny_if', reader),
    ...splitLimits(readLimits(fields.get('limits'), reader)),
  };
}

function readConditions(value: At | undefined, key: 'require' | 'deny_if', reader: OldReader): readonly Demand[] {
  return reader.list(value, `\`${key}\``).flatMap((where): Demand[] => {
    const read = readCondition(where, reader, ['on_deny']);
    if (read === null) return [];
    if (!read.condition.path.startsWith('args.')) {
      reader.error('bad_path', where, 'a condition reads a counter', 'counters are limited under `limits`');
      return [];
    }
    const condition = conditionText(read.condition, key === 'require', reader);
    return condition === null ? [] : [{ condition, reason: reader.reason(read.fields.get('on_deny')), name: null }];
  });
}

function splitLimits(limits: readonly (Limit | 'none')[]): Pick<OldTool, 'limits' | 'denied'> {
  return { limits: limits.filter((limit) => limit !== 'none'), denied: limits.includes('none') ? { reason: null, name: null } : null };
}

function readLimits(value: At | undefined, reader: OldReader): readonly (Limit | 'none')[] {
  const seen = new Set<string>();
  return reader.list(value, '`limits`').flatMap((where): (Limit | 'none')[] => {
    const fields = reader.fields(where, 'a limit', LIMIT_KEYS);
    if (fields === null) return [];
    for (const key of ['counter', 'window', 'max']) if (!fields.has(key)) reader.error('missing_key', where, `the limit has no \`${key}\``, null);
    const name = reader.text(fields.get('counter'), '`counter`');
    const window = WINDOWS.get(reader.word(fields.get('window'), '`window`', ['minute', 'hour', 'day']) ?? '');
    const per = fields.has('scope') ? reader.word(fields.get('scope'), '`scope`', SCOPES) : 'grant';
    const increments = readIncrements(fields, reader);
    const reason = reader.reason(fields.get('on_deny'));
    const max = fields.get('max');
    if (name === null || window === undefined || per === null || increments === null || max === undefined) return [];
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) || name.startsWith('args.')) {
      reader.error('bad_counter', fields.get('counter') ?? where, `the counter is ${found((fields.get('counter') ?? where).node)}; expected a name`, 'an amount is added up with `increment_from`');
      return [];
    }
    const key = `${name}/${window}`;
    if (seen.has(key)) reader.error('duplicate_counter', where, 'two limits of one tool have the same counter and window', 'remove the looser one');
    seen.add(key);
    reader.notes.add('sliding_windows', where.node.span, where.at);
    reader.notes.add(per === 'server' ? 'counters_per_server' : 'counters_per_grant', where.node.span, where.at);
    const limit = parseDecimal(max.node.kind === 'number' ? max.node.text : '');
    if (limit === null || limit.digits < 0n) {
      reader.error('bad_value', max, `\`max\` is ${found(max.node)}; expected a number that is not negative`, null);
      return [];
    }
    const common = { window, per, reason, name };
    if (increments.sum !== null) {
      reader.notes.add('amounts_exact', where.node.span, where.at);
      reader.notes.add('given_back', where.node.span, where.at);
      if (limit.digits > 0n) return [{ ...common, max: formatDecimal(limit), sum: increments.sum }];
      reader.notes.add('no_calls_left', where.node.span, where.at, where.at);
      return ['none'];
    }
    if (increments.increment > 1) reader.notes.add('increments', where.node.span, where.at, where.at);
    const calls = limit.digits / 10n ** BigInt(limit.scale) / BigInt(increments.increment);
    if (calls === 0n) {
      reader.notes.add('no_calls_left', where.node.span, where.at, where.at);
      return ['none'];
    }
    if (calls > 1_000_000n) {
      reader.error('bad_value', max, 'the limit is larger than 1000000 calls', 'remove it, or use a shorter window');
      return [];
    }
    return [{ ...common, max: String(calls), sum: null }];
  });
}
