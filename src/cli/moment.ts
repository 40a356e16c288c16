import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Reads `30s`, `10m`, `2h`, `1d` as so long ago, or a date and time in ISO 8601. @throws UsageError naming the option */
export function parseMoment(text: string, option: string): Date {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = unit === undefined ? (ISO.test(text) ? Date.parse(text) : Number.NaN) : Date.now() - Number(amount) * (UNITS[unit] ?? 0);
  if (Number.isFinite(at)) return new Date(at);
  throw new UsageError(`${option} ${text} is not a time`, 'write 30s, 10m, 2h, 1d, 2026-11-20 or 2026-11-20T12:00:00Z');
}
