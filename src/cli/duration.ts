import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `30s`, `10m`, `1h`, `1d`, `500ms` or whole seconds; in milliseconds. @throws UsageError naming the option */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text);
  const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? 's'] ?? Number.NaN);
  // setTimeout fires at once beyond 2^31 - 1 milliseconds.
  if (match !== null && ms > 0 && ms <= 2_147_483_647) return ms;
  throw new UsageError(`${option} is not a duration`, 'write 30s, 10m, 1h or whole seconds');
}
