import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counter, Histogram, measured } from '../../../src/gateway/metrics/families.ts';
import { parse } from './exposition.ts';

describe('Prometheus text', () => {
  test('a counter counts by its labels, and one without labels is there from the start', () => {
    const calls = new Counter('calls_total', 'Calls.', ['server', 'code']);
    const errors = new Counter('errors_total', 'Errors.');
    calls.add('a', 'x');
    calls.add('a', 'x');
    calls.add('b', '');
    expect(parse(calls.text() + errors.text())).toEqual(new Map([['calls_total{server="a",code="x"}', 2], ['calls_total{server="b",code=""}', 1], ['errors_total', 0]]));
  });

  test('label values that hold quotes, backslashes and line feeds stay one line each, and stay apart', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(fc.string({ unit: fc.constantFrom('"', '\\', '\n', 'a', '}', ',', '=', 'n') }), fc.string()), { maxLength: 20, selector: ([a, b]) => `${a}\0${b}` }), (labels) => {
      const counter = new Counter('x_total', 'X.', ['a', 'b']);
      const clean = labels.map(([a, b]) => [a, b.replaceAll('\0', '')] as const).filter(([, b], index, all) => all.findIndex((other) => other[0] === all[index]?.[0] && other[1] === b) === index);
      for (const [a, b] of clean) counter.add(a, b);
      expect(parse(counter.text()).size).toBe(clean.length);
    }));
  });

  test('series beyond the bound are counted together, so that nothing that scrapes us can run out of memory', () => {
    const counter = new Counter('x_total', 'X.', ['a']);
    for (let index = 0; index < 5_000; index += 1) counter.add(`v${index}`);
    const values = parse(counter.text());
    expect(values.size).toBe(2_001);
    expect(values.get('x_total{a="other"}')).toBe(3_000);
  });

  test('buckets of a histogram are cumulative, end with all, and agree with sum and count', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 50 }), (values) => {
      const bounds = [0.5, 1, 5];
      const histogram = new Histogram('t_seconds', 'T.', ['s'], bounds);
      histogram.observe(0, 'x');
      for (const value of values) histogram.observe(value, 'x');
      const all = [0, ...values];
      const read = parse(histogram.text());
      for (const bound of bounds) expect(read.get(`t_seconds_bucket{s="x",le="${bound}"}`)).toBe(all.filter((value) => value <= bound).length);
      expect(read.get('t_seconds_bucket{s="x",le="+Inf"}')).toBe(all.length);
      expect(read.get('t_seconds_count{s="x"}')).toBe(all.length);
      expect(read.get('t_seconds_sum{s="x"}')).toBeCloseTo(all.reduce((sum, value) => sum + value, 0), 6);
    }));
  });

  test('what is measured on demand is written with its labels', () => {
    expect(parse(measured('g', 'gauge', 'G.', ['server'], [[['a'], 1], [['b'], 0]]))).toEqual(new Map([['g{server="a"}', 1], ['g{server="b"}', 0]]));
  });
});
