import type { LimitModel } from './document.ts';
import type { CounterWords } from './check-counter.ts';
import { checkCounter, checkCounterList } from './check-counter.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { printable, quoted } from './printable.ts';
import { suggest } from './suggest.ts';
import { isPlainWhole, LETTER_SECONDS, readWindow, spellingHelp, UNIT_SECONDS } from './check-window.ts';
import { oneOf } from './check-words.ts';

export const MAX_CALLS = 1_000_000;

const RATE_LIMIT: CounterWords = {
  place: 'a limit',
  subject: 'the limit',
  keys: ['max', 'window', 'per', 'on_state_error'],
  required: { max: 'add the number of calls: `max: 10`', window: 'add the time in seconds: `window: 60`' },
  hint: hintForLimit,
};

/** Checks `rate_limit`: a map, a shorthand such as `10/minute`, or a list of those. policy.md, "Rule". */
export function checkRateLimit(node: SourceNode, at: string, reporter: Reporter): LimitModel[] {
  const same = (a: LimitModel, b: LimitModel): boolean => a.max === b.max && a.windowSeconds === b.windowSeconds && a.per.join() === b.per.join();
  return checkCounterList(node, at, 'rate_limit', 'limit', (item, here) => checkLimit(item, here, reporter), same, reporter);
}

function checkLimit(node: SourceNode, at: string, reporter: Reporter): LimitModel | null {
  if (node.kind === 'broken') return null;
  if (node.kind === 'string') return checkShorthand(node.value, node, at, reporter);
  if (node.kind === 'map') return checkLimitMap(node, at, reporter);
  reporter.error('wrong_type', node.span, at, `the limit is ${found(node)}; expected \`{ max, window }\` or a text such as \`10/minute\``, 'write for example `rate_limit: 10/minute`');
  return null;
}

function checkShorthand(text: string, node: SourceNode, at: string, reporter: Reporter): LimitModel | null {
  const refuse = (message: string, help: string): null => {
    reporter.error('bad_rate', node.span, at, message, help);
    return null;
  };
  const match = /^([^/]*)\/((?:0|[1-9]\d*)?)([^/\d]*)$/.exec(text);
  const max = match?.[1] ?? '';
  const count = match?.[2] ?? '';
  const unit = match?.[3] ?? '';
  if (match === null || !/^\d+$/.test(max)) {
    const meant = /^0*(\d{1,7})\s*(?:\/|per|an?|each)\s*0*(second|minute|hour|day|[1-9]\d{0,7}[smhd])s?$/i.exec(text.trim());
    const help = meant === null ? 'write for example `10/minute`, `100/hour` or `10/30s`' : `did you mean \`${meant[1]}/${meant[2]?.toLowerCase()}\`?`;
    return refuse(`the limit is ${found(node)}; expected a number of calls, \`/\` and a time, without spaces`, help);
  }
  const seconds = count === '' ? (UNIT_SECONDS.get(unit) ?? LETTER_SECONDS.get(unit)) : LETTER_SECONDS.get(unit);
  if (seconds === undefined) {
    const units = [...(count === '' ? UNIT_SECONDS : LETTER_SECONDS).keys()];
    const what = unit === '' ? 'no time unit' : `the time unit ${quoted(unit, 60)}`;
    const near = nearUnit(count, unit);
    const help = near === null ? 'write for example `10/minute` or `10/30s`' : `did you mean \`${printable(max, 12)}/${count}${near}\`?`;
    return refuse(`the limit ${quoted(text, 60)} has ${what}; expected ${oneOf(units)}`, help);
  }
  const calls = readCalls(Number(max), max, node, at, 'the number of calls', reporter);
  const window = readWindow(Number(count === '' ? '1' : count) * seconds, quoted(text.slice(text.indexOf('/') + 1), 60), node, at, reporter);
  if (calls === null || window === null) return null;
  return { max: calls, windowSeconds: window, per: ['session'], onStateError: 'deny', span: node.span };
}

/** `min` is `minute`; after a count, as in `10/2minute`, the letter `m`. */
function nearUnit(count: string, unit: string): string | null {
  if (unit === '') return count === '' ? null : 's';
  const words = [...UNIT_SECONDS.keys()];
  const word = suggest(unit, words) ?? words.find((candidate) => candidate.startsWith(unit.toLowerCase())) ?? null;
  return count === '' ? word : (word?.slice(0, 1) ?? null);
}

function checkLimitMap(map: Extract<SourceNode, { kind: 'map' }>, at: string, reporter: Reporter): LimitModel | null {
  const counter = checkCounter(map, at, RATE_LIMIT, reporter);
  const max = counter.fields.get('max')?.value;
  const calls = max === undefined ? null : checkMax(max, `${at}/max`, reporter);
  return calls === null || counter.model === null ? null : { max: calls, ...counter.model };
}

function hintForLimit(key: string): string | null {
  if (key === 'reason') return 'write `reason` beside `rate_limit`, in the rule';
  if (key === 'sum') return '`sum` belongs to `budget`: a `rate_limit` counts calls, a `budget` adds amounts';
  return null;
}

function checkMax(node: SourceNode, at: string, reporter: Reporter): number | null {
  if (node.kind === 'number') return readCalls(node.value, node.text, node, at, '`max`', reporter);
  if (node.kind !== 'broken') {
    const help = node.kind === 'string' && /^\d+$/.test(node.value) ? 'remove the quotes' : 'write a number, for example `max: 10`';
    reporter.error('wrong_type', node.span, at, `\`max\` is ${found(node)}; expected a whole number`, help);
  }
  return null;
}

function readCalls(value: number, text: string, node: SourceNode, at: string, subject: string, reporter: Reporter): number | null {
  if (isPlainWhole(text) && value >= 1 && value <= MAX_CALLS) return value;
  const help = value === 0 ? 'to forbid every call, use `deny`' : spellingHelp(value, text);
  reporter.error('bad_max', node.span, at, `${subject} is ${printable(text, 40)}; expected a whole number from 1 to ${MAX_CALLS}`, help);
  return null;
}

