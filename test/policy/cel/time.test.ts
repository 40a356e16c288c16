import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, localDate, parseInstant, parseLength } from '../../../src/policy/cel/time.ts';
import { evaluate } from './evaluate.ts';

describe('time in conditions', () => {
  // now is 2026-01-05T22:30:15.250Z, a Monday.
  it.each([
    ['now.getFullYear() == 2026 && now.getMonth() == 0 && now.getDate() == 5 && now.getDayOfMonth() == 4', 'true'],
    ['now.getDayOfWeek() == 1 && now.getDayOfYear() == 4', 'true'],
    ['now.getHours() == 22 && now.getMinutes() == 30 && now.getSeconds() == 15 && now.getMilliseconds() == 250', 'true'],
    ['now.getHours("Europe/Berlin") == 23', 'true'],
    ['now.getHours("Asia/Tokyo") == 7 && now.getDate("Asia/Tokyo") == 6 && now.getDayOfWeek("Asia/Tokyo") == 2', 'true'],
    ['now.getDayOfYear("Asia/Tokyo") == 5', 'true'],
    ['now.getHours("+02:00") == 0 && now.getDate("+02:00") == 6', 'true'],
    ['now.getHours("-05:30") == 17 && now.getMinutes("-05:30") == 0', 'true'],
    ['now.getHours("UTC") == 22', 'true'],
    ['now.getMinutes("Asia/Kathmandu") == 15', 'true'],
    ['now.getMilliseconds("Asia/Tokyo") == 250', 'true'],
    ['now.getDayOfWeek() in [0, 6] || now.getHours("Europe/Berlin") < 8', 'false'],
    ['now > timestamp("2026-01-05T22:30:15Z") && now < timestamp("2026-01-05T23:30:16+01:01")', 'false'],
    ['now == timestamp("2026-01-05T22:30:15.25Z")', 'true'],
    ['now == timestamp("2026-01-06T00:00:15.250000000+01:30")', 'true'],
    ['now - duration("24h") == timestamp("2026-01-04T22:30:15.25Z")', 'true'],
    ['duration("1h") + now > now', 'true'],
    ['now - timestamp("2026-01-05T21:00:00Z") > duration("1h30m")', 'true'],
    ['(now - timestamp("2026-01-05T21:00:00Z")).getMinutes() == 90', 'true'],
    ['duration("90m").getHours() == 1 && duration("-90m").getHours() == -1', 'true'],
    ['duration("1h30m") == duration("5400s") && duration("1.5s") == duration("1500ms")', 'true'],
    ['int(now) == 1767652215', 'true'],
    ['string(timestamp(0)) == "1970-01-01T00:00:00Z"', 'true'],
    ['string(duration("90m")) == "5400s" && string(duration("-1500ms")) == "-1.5s"', 'true'],
    ['now > now', 'false'],
    ['now + duration("1h") > now', 'true'],
  ])('%s: %s', (source, outcome) => {
    expect(evaluate(source)).toBe(outcome);
  });

  it.each([
    ['timestamp(args.t) < now', '{"t":"2020-02-30T00:00:00Z"}'],
    ['timestamp(args.t) < now', '{"t":"2020-01-01"}'],
    ['timestamp(args.t) < now', '{"t":"2020-01-01T00:00:00"}'],
    ['timestamp(args.t) < now', '{"t":"2020-01-01T24:00:00Z"}'],
    ['timestamp(args.t) < now', '{"t":"2020-01-01T00:00:60Z"}'],
    ['timestamp(args.t) < now', '{"t":"Jan 1 2020"}'],
    ['timestamp(args.t) < now', '{"t":" 2020-01-01T00:00:00Z"}'],
    ['timestamp(args.t) < now', '{"t":"0000-01-01T00:00:00Z"}'],
    ['timestamp(args.t) < now', '{"t":5}'],
    ['timestamp(int(args.t)) < now', '{"t":1e15}'],
    ['duration(args.t) < duration("1h")', '{"t":"1x"}'],
    ['duration(args.t) < duration("1h")', '{"t":"1"}'],
    ['duration(args.t) < duration("1h")', '{"t":""}'],
    ['duration(args.t) < duration("1h")', '{"t":"s"}'],
    ['duration(args.t) < duration("1h")', '{"t":"1h "}'],
    ['duration(args.t) < duration("1h")', '{"t":"99999999999h"}'],
    ['now + duration(args.t) > now', '{"t":"2600000h"}'],
    ['timestamp(args.t) + duration("24h") > now', '{"t":"9999-12-31T23:00:00Z"}'],
  ])('%s over %s is an error', (source, args) => {
    expect(evaluate(source, args)).toBe('error');
  });

  it('every instant survives being written and read', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n }), (ns) => {
        expect(parseInstant(formatInstant(ns))).toBe(ns);
      }),
    );
  });

  it('the calendar in a zone is that of Intl, for every day since 1970', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'), (second, zone) => {
        const local = localDate(BigInt(second) * 1_000_000_000n, zone);
        const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(second * 1000);
        expect(local?.toISOString().slice(0, 19).replace('T', ' ')).toBe(shown);
      }),
    );
  });

  it('lengths add up part by part', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
        expect(parseLength(`${h}h${m}m${s}s${ms}ms`)).toBe(((BigInt(h) * 60n + BigInt(m)) * 60n + BigInt(s)) * 1_000_000_000n + BigInt(ms) * 1_000_000n);
      }),
    );
  });
});
