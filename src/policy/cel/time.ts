/** Instants and lengths of time as text, and the calendar in a time zone. */

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
/** 0001-01-01T00:00:00Z and the last nanosecond of the year 9999, as CEL has them. */
const FIRST = -62_135_596_800n * SECOND;
const LAST = 253_402_300_800n * SECOND - 1n;
/** Lengths of time are 64 bits of nanoseconds, about 292 years. */
const LONGEST = 2n ** 63n;

export function isInstant(ns: bigint): boolean {
  return ns >= FIRST && ns <= LAST;
}

export function isLength(ns: bigint): boolean {
  return ns >= -LONGEST && ns < LONGEST;
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Reads an RFC 3339 date and time; nanoseconds since the epoch, or null. No leap seconds. */
export function parseInstant(text: string): bigint | null {
  const match = text.length > 40 ? null : RFC_3339.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = '', sign = '+', offsetHours = '0', offsetMinutes = '0'] = match.slice(7);
  const [hours, minutes] = [Number(offsetHours), Number(offsetMinutes)];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 || hours > 23 || minutes > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // The 31st of a shorter month is the 1st of the next one to JavaScript.
  if (date.getUTCMonth() !== month - 1) return null;
  const offset = (hours * 60 + minutes) * 60 * (sign === '-' ? -1 : 1);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  const ns = BigInt(seconds) * SECOND + BigInt(fraction.padEnd(9, '0'));
  return isInstant(ns) ? ns : null;
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3600n * SECOND],
  ['m', 60n * SECOND],
  ['s', SECOND],
  ['ms', MILLISECOND],
  ['us', 1000n],
  ['µs', 1000n],
  ['ns', 1n],
]);

const PART = /(\d{1,18})(?:\.(\d{1,18}))?(ns|us|µs|ms|s|m|h)/y;

/** Reads a length of time as CEL writes it: `90s`, `1h30m`, `-1.5h`. Nanoseconds, or null. */
export function parseLength(text: string): bigint | null {
  if (text.length > 100) return null;
  const negative = text.startsWith('-');
  const from = negative || text.startsWith('+') ? 1 : 0;
  if (text.slice(from) === '0') return 0n;
  let total = 0n;
  PART.lastIndex = from;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (match === null) return null;
    const [, whole = '', fraction = '', unit = ''] = match;
    const scale = UNITS.get(unit) ?? 0n;
    total += BigInt(whole) * scale + (BigInt(fraction === '' ? 0 : fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  if (text.length === from || !isLength(total)) return null;
  return negative ? -total : total;
}

/** An instant as RFC 3339 writes it in UTC, with no more of a fraction than it has. */
export function formatInstant(ns: bigint): string {
  const date = localDate(ns, null);
  const text = date === null ? '' : date.toISOString().slice(0, 19);
  return `${text}${fraction(((ns % SECOND) + SECOND) % SECOND)}Z`;
}

/** A length of time in seconds: `90s`, `-0.5s`. */
export function formatLength(ns: bigint): string {
  const whole = ns < 0n ? -ns : ns;
  return `${ns < 0n ? '-' : ''}${whole / SECOND}${fraction(whole % SECOND)}s`;
}

function fraction(ns: bigint): string {
  return ns === 0n ? '' : `.${ns.toString().padStart(9, '0').replace(/0+$/, '')}`;
}

const OFFSET = /^([+-]?)(\d{2}):(\d{2})$/;
const FORMATS = new Map<string, Intl.DateTimeFormat | number | null>();

/** Whether a time zone can be computed with: an IANA name, `UTC`, or an offset such as `+02:00`. */
export function isTimeZone(zone: string): boolean {
  return zoneOf(zone) !== null;
}

/** Zones come from policies only (the checker wants literals), so the map is bounded by them. An offset is kept in seconds. */
function zoneOf(zone: string): Intl.DateTimeFormat | number | null {
  let found = FORMATS.get(zone);
  if (found === undefined) {
    found = makeZone(zone);
    FORMATS.set(zone, found);
  }
  return found;
}

function makeZone(zone: string): Intl.DateTimeFormat | number | null {
  const offset = OFFSET.exec(zone);
  if (offset !== null) {
    const [, sign, hours, minutes] = offset;
    if (Number(hours) > 23 || Number(minutes) > 59) return null;
    return (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1);
  }
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(zone)) return null;
  try {
    const digits = 'numeric';
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone, calendar: 'gregory', era: 'short', hourCycle: 'h23',
      year: digits, month: digits, day: digits, hour: digits, minute: digits, second: digits,
    });
  } catch {
    return null;
  }
}

/**
 * The calendar in a zone: a Date whose UTC fields are the local ones. Null for an unknown zone.
 *
 * @param zone null is UTC
 */
export function localDate(ns: bigint, zone: string | null): Date | null {
  const remainder = ns % MILLISECOND;
  const ms = Number((ns - remainder) / MILLISECOND) - (remainder < 0n ? 1 : 0);
  if (zone === null || zone === 'UTC') return new Date(ms);
  const found = zoneOf(zone);
  if (found === null) return null;
  if (typeof found === 'number') return new Date(ms + found * 1000);
  const fields = new Map(found.formatToParts(ms).map((part) => [part.type, part.value]));
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(fields.get(name));
  const year = fields.get('era') === 'BC' ? 1 - field('year') : field('year');
  const date = new Date(0);
  date.setUTCFullYear(year, field('month') - 1, field('day'));
  date.setUTCHours(field('hour'), field('minute'), field('second'), ((ms % 1000) + 1000) % 1000);
  return date;
}
