import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import { describe, expect, it } from 'vitest';
import { evaluateRaw, type Raw } from './raw.ts';
import { inputOf } from './evaluate.ts';

/** The conformance tests of the CEL specification, as far as they need nothing that JSON has no form of (protobuf, extensions). */
const SUITES: readonly string[] = [
  'basic', 'comparisons', 'conversions', 'fp_math', 'integer_math', 'lists', 'logic', 'macros', 'parse', 'plumbing', 'string', 'timestamps', 'fields', 'string_ext',
];

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: Original }[];
}

interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly value?: Readonly<Record<string, unknown>>;
  readonly evalError?: unknown;
  readonly bindings?: unknown;
  readonly container?: string;
  readonly disableMacros?: boolean;
}

function testsOf(suite: Suite): readonly Original[] {
  return [...(suite.tests ?? []).map((test) => test.original), ...(suite.suites ?? []).flatMap(testsOf)];
}

const ALL = (tests as Suite).suites ?? [];
const CASES = ALL.filter((suite) => SUITES.includes(suite.name)).flatMap(testsOf).filter((test) => test.bindings === undefined && test.disableMacros !== true);

/** An expected value in the form of raw.ts; undefined for a form that we have not (bytes, unsigned numbers, messages). */
function expected(value: Readonly<Record<string, unknown>>): unknown {
  const [[kind, of] = ['', undefined]] = Object.entries(value);
  switch (kind) {
    case 'boolValue':
      return of;
    case 'int64Value':
      return `int ${String(of)}`;
    case 'doubleValue':
      return `double ${String(of)}`;
    case 'stringValue':
      return `string ${String(of)}`;
    case 'nullValue':
      return null;
    case 'typeValue':
      return `type ${String(of)}`;
    case 'listValue':
      return ((of as { values?: readonly Readonly<Record<string, unknown>>[] }).values ?? []).map(expected);
    case 'mapValue': {
      const { entries = [] } = of as { entries?: readonly { key: Readonly<Record<string, unknown>>; value: Readonly<Record<string, unknown>> }[] };
      return entries.map((entry) => [expected(entry.key), expected(entry.value)]).sort((a, b) => String(a[0]).localeCompare(String(b[0])));
    }
    default:
      return undefined;
  }
}

function verdict(test: Original): { readonly raw: Raw; readonly wrong: string | null } {
  const raw = evaluateRaw(test.expr, inputOf({ args: '{}' }));
  const show = `${test.name ?? ''}: ${test.expr.slice(0, 120)} -> ${JSON.stringify(raw)}`;
  if (test.evalError !== undefined) return { raw, wrong: raw.kind === 'value' ? show : null };
  const value = test.value === undefined ? true : expected(test.value);
  if (raw.kind !== 'value') return { raw, wrong: null };
  // The data is JSON, which has lost the sign of zero.
  return { raw, wrong: JSON.stringify(raw.value).replaceAll('double -0"', 'double 0"') === JSON.stringify(value) ? null : `${show}, expected ${JSON.stringify(value)}` };
}

describe('the conformance tests of CEL', () => {
  const results = CASES.map((test) => ({ test, ...verdict(test) }));

  it('never get another value than the specification gives', () => {
    expect(results.flatMap(({ wrong }) => wrong ?? [])).toEqual([]);
  });

  it('fail at run time only where the specification says so, or where this language is stricter on purpose', () => {
    const failed = results.filter(({ test, raw }) => test.evalError === undefined && raw.kind === 'failed').map(({ test }) => test.expr);
    expect(failed).toEqual([]);
  });

  it('are refused at load only for a reason that is known', () => {
    const refused = results.filter(({ test, raw }) => test.evalError === undefined && raw.kind === 'refused' && !explained(test.expr, raw.codes));
    expect(refused.map(({ test, raw }) => [test.expr, raw])).toEqual([]);
  });

  it('are for the most part really evaluated', () => {
    expect(results.filter(({ raw }) => raw.kind === 'value').length).toBeGreaterThan(600);
  });
});

/** What this language leaves out: forms that JSON has no use for, extensions, and mistakes that CEL finds only when they happen. */
function explained(source: string, codes: readonly string[]): boolean {
  const leftOut = /\b\d[\da-fA-Fx]*[uU]\b|\bb?[bB][rR]?['"]|\bbytes\b|\buint\b|google|TestAll|`|charAt|replace|format|quote|reverse|\.join|^\.99| a?\.\d/;
  if (leftOut.test(source)) return true;
  return codes.every((code) => ['always_fails', 'inexact_number', 'not_boolean', 'type_mismatch', 'unknown_variable', 'unknown_function', 'wrong_call'].includes(code));
}
