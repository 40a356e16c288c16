import { formatDecimal } from '../../wire/decimal.ts';
import { found } from '../source-node.ts';
import { celPath, decimalIn } from './cel-text.ts';
import type { OldCondition } from './condition.ts';
import { argumentNames } from './condition.ts';
import type { Limit } from './model.ts';
import { WINDOWS } from './model.ts';
import type { At, OldReader } from './reader.ts';

/** A `state` of the old file: what is counted. */
export interface Counter {
  readonly where: At;
  readonly name: string;
  readonly window: string;
  /** How much each call counts. */
  readonly increment: number;
  /** CEL of the argument that is added up instead; null counts calls. */
  readonly sum: string | null;
}

export function readCounter(where: At, reader: OldReader): Counter | null {
  const fields = reader.fields(where, '`state`', ['counter', 'window', 'increment', 'increment_from']);
  if (fields === null) return null;
  for (const key of ['counter', 'window']) if (!fields.has(key)) reader.error('missing_key', where, `\`state\` has no \`${key}\``, null);
  const name = reader.text(fields.get('counter'), '`counter`');
  const window = WINDOWS.get(reader.word(fields.get('window'), '`window`', ['minute', 'hour', 'day']) ?? '');
  const increments = readIncrements(fields, reader);
  if (name === null || window === undefined || increments === null) return null;
  return { where, name, window, ...increments };
}

/** `increment` and `increment_from`. An `increment` of 0 meant 1. */
export function readIncrements(fields: ReadonlyMap<string, At>, reader: OldReader): { increment: number; sum: string | null } | null {
  const given = fields.get('increment');
  const isZero = given?.node.kind === 'number' && given.node.value === 0;
  const increment = given === undefined || isZero ? 1 : reader.count(given, '`increment`');
  const from = fields.get('increment_from');
  const path = reader.text(from, '`increment_from`');
  if (from === undefined || path === null || path === '') return increment === null ? null : { increment, sum: null };
  const names = argumentNames(path, from, reader);
  const sum = names === null ? null : celPath(names);
  return sum === null ? null : { increment: 1, sum };
}

/**
 * The limit that a condition on a counter sets: the counter after the call may be at most (`lte`), or must be less than (`lt`), the
 * value. `none`: no call fits; null: it cannot be said (reported).
 */
export function counterLimit({ op, value, where }: OldCondition, counter: Counter, reason: string | null, name: string | null, reader: OldReader): Limit | 'none' | null {
  if (op !== 'lte' && op !== 'lt') return reader.error('bad_counter_condition', where, `a counter is compared with \`${op}\`; only \`lte\` and \`lt\` are limits`, null);
  const limit = value.node.kind === 'number' ? decimalIn(value.node.value, value.node.text) : null;
  if (value.node.kind !== 'number' || limit === null || limit.digits < 0n) return reader.error('bad_value', value, `the limit is ${found(value.node)}; expected a number that is not negative`, null);
  reader.notes.add('sliding_windows', where.node.span, where.at);
  reader.notes.add('counters_per_server', where.node.span, where.at);
  const whole = limit.digits / 10n ** BigInt(limit.scale);
  const isWhole = limit.scale === 0;
  // The old counters were whole numbers: less than 5 is at most 4, less than 4.5 too.
  const most = op === 'lt' && isWhole ? whole - 1n : whole;
  if (op === 'lt') reader.notes.add('less_than_limit', where.node.span, where.at, where.at);
  const common = { window: counter.window, per: 'server', reason, name };
  if (counter.sum !== null) {
    reader.notes.add('amounts_exact', where.node.span, where.at);
    reader.notes.add('given_back', where.node.span, where.at);
    const max = op === 'lte' ? formatDecimal(limit) : String(most);
    return max === '0' || most < 0n ? none(where, reader) : { ...common, max, sum: counter.sum };
  }
  if (counter.increment > 1) reader.notes.add('increments', counter.where.node.span, counter.where.at, counter.name);
  const calls = most < 0n ? 0n : most / BigInt(counter.increment);
  if (calls === 0n) return none(where, reader);
  if (calls > 1_000_000n) return reader.error('bad_value', value, 'the limit is larger than 1000000 calls', 'remove it, or use a shorter window');
  return { ...common, max: String(calls), sum: null };
}

function none(where: At, reader: OldReader): 'none' {
  reader.notes.add('no_calls_left', where.node.span, where.at, where.at);
  return 'none';
}
