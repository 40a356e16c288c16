import type { Overload } from './signature.ts';
import { DURATION, INT, STRING, TIMESTAMP } from './static-type.ts';
import { formatInstant, formatLength, isInstant, localDate, parseInstant, parseLength } from './time.ts';
import { Duration, Failure, type Kind, Timestamp } from './value.ts';

const NO_INSTANT = Failure.error('a timestamp is not written as RFC 3339 has it, or lies outside of the years 1 to 9999');
const NO_LENGTH = Failure.error('a duration is not written as `1h30m` or `90s`, or is too long');
const NO_ZONE = Failure.error('a time zone is not known');
const DAY = 86_400_000;

const FIELDS: readonly (readonly [string, (date: Date) => number])[] = [
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  ['getDayOfYear', (date) => Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / DAY)],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
];

/** Steps of computing a local date: Intl takes about as long as that many small nodes. */
const ZONE_STEPS = 16;

function calendar(name: string, field: (date: Date) => number, zoned: boolean): Overload {
  return {
    name,
    receiver: 'timestamp',
    params: zoned ? ['string'] : [],
    result: INT,
    apply: ([instant, zone], run) => {
      if (zoned) run.steps -= ZONE_STEPS;
      const date = localDate((instant as Timestamp).ns, zoned ? (zone as string) : null);
      return date === null ? NO_ZONE : BigInt(field(date));
    },
  };
}

/** A length of time in whole units, without what is left over. */
function length(name: string, unit: bigint): Overload {
  return { name, receiver: 'duration', params: [], result: INT, apply: ([value]) => (value as Duration).ns / unit };
}

function conversion(name: string, from: Kind, result: Overload['result'], apply: Overload['apply']): Overload {
  return { name, receiver: null, params: [from], result, apply };
}

const same: Overload['apply'] = ([value]) => value ?? null;

/** Seconds since the epoch, rounded down. */
function wholeSeconds(ns: bigint): bigint {
  const seconds = ns / 1_000_000_000n;
  return ns % 1_000_000_000n < 0n ? seconds - 1n : seconds;
}

/** Names of functions of which the last argument is a time zone. */
export const ZONED: ReadonlySet<string> = new Set(FIELDS.map(([name]) => name));

export const TIME_FUNCTIONS: readonly Overload[] = [
  ...FIELDS.flatMap(([name, field]) => [calendar(name, field, false), calendar(name, field, true)]),
  length('getHours', 3_600_000_000_000n),
  length('getMinutes', 60_000_000_000n),
  length('getSeconds', 1_000_000_000n),
  conversion('timestamp', 'string', TIMESTAMP, ([text]) => {
    const ns = parseInstant(text as string);
    return ns === null ? NO_INSTANT : new Timestamp(ns);
  }),
  conversion('timestamp', 'int', TIMESTAMP, ([seconds]) => {
    const ns = (seconds as bigint) * 1_000_000_000n;
    return isInstant(ns) ? new Timestamp(ns) : NO_INSTANT;
  }),
  conversion('duration', 'string', DURATION, ([text]) => {
    const ns = parseLength(text as string);
    return ns === null ? NO_LENGTH : new Duration(ns);
  }),
  conversion('timestamp', 'timestamp', TIMESTAMP, same),
  conversion('duration', 'duration', DURATION, same),
  conversion('int', 'timestamp', INT, ([instant]) => wholeSeconds((instant as Timestamp).ns)),
  conversion('string', 'timestamp', STRING, ([instant]) => formatInstant((instant as Timestamp).ns)),
  conversion('string', 'duration', STRING, ([value]) => formatLength((value as Duration).ns)),
];
