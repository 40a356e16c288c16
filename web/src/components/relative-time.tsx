import { useEffect, useState, type ReactNode } from 'react';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** Words for a time that is `seconds` away; negative: in the past. */
export function awayInWords(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 5) return 'now';
  const [unit, length] = UNITS.find(([, unitLength]) => size >= unitLength) ?? (['second', 1] as const);
  return relative.format(Math.trunc(seconds / length), unit);
}

/** Date and time in the reader's time zone. */
export function exactTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : exact.format(date);
}

/** The time, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** "3 min. ago", with the exact time as its title. */
export function RelativeTime({ at, never = 'never' }: { readonly at: string | null | undefined; readonly never?: string }): ReactNode {
  const now = useNow(10_000);
  if (at === null || at === undefined) return <span>{never}</span>;
  return (
    <time dateTime={at} title={exactTime(at)} className="pl-num">
      {awayInWords((Date.parse(at) - now) / 1000)}
    </time>
  );
}

/** What is left until `until` as m:ss or h:mm:ss; `0:00` after it. */
export function Countdown({ until }: { readonly until: string }): ReactNode {
  const left = Math.max(0, Math.floor((Date.parse(until) - useNow(1000)) / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(left / 3600);
  const text = hours > 0 ? `${hours}:${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}` : `${Math.floor(left / 60)}:${two(left % 60)}`;
  return (
    <span className="pl-num" role="timer" title={`Until ${exactTime(until)}`}>
      {text}
    </span>
  );
}
