import type { SourceNode } from '../../policy/source-node.ts';
import { CODES, EFFECTS, wordOf, type Code, type Effect, type Judged } from '../../control/policy-tools/judged.ts';
import type { Path, SourceReader } from './source-reader.ts';

/** What a case says must come of its call. What is left out may be anything. */
export interface Expectation {
  readonly effect?: Effect;
  /** `allow` for a call that is let through. */
  readonly code?: Code | 'allow';
  readonly rule?: string;
  /** With or without the hash. */
  readonly policy?: string;
  readonly reason?: string | null;
  readonly wouldPass?: string | null;
  readonly retryAfterMs?: number | null;
  /** `would_deny`, ..., or the code of what was only observed; null: nothing was. */
  readonly observed?: string | null;
}

export interface Difference {
  readonly field: keyof Expectation;
  readonly expected: string | number | null;
  readonly found: string | number | null;
}

const WORDS = ['allow', ...CODES] as const;

/** Reads `expect`: one word, or a map. */
export function readExpectation(reader: SourceReader, node: SourceNode, path: Path): Expectation | null {
  if (node.kind !== 'map') {
    const code = reader.choice(node, path, WORDS);
    return code === null ? null : { code };
  }
  const read: { -readonly [Field in keyof Expectation]: Expectation[Field] } = {};
  let sound = true;
  const keep = <Field extends keyof Expectation>(field: Field, value: Expectation[Field] | null, isNull = false): void => {
    if (value === null && !isNull) sound = false;
    else read[field] = value as Expectation[Field];
  };
  const text = (field: 'rule' | 'policy') => (value: SourceNode, at: Path) => keep(field, reader.text(value, at));
  const textOrNull = (field: 'reason' | 'wouldPass' | 'observed') => (value: SourceNode, at: Path) =>
    keep(field, value.kind === 'null' ? null : reader.text(value, at, 'text, or null for none'), value.kind === 'null');
  reader.fields(node, path, 'an expectation', {
    effect: (value, at) => keep('effect', reader.choice(value, at, EFFECTS)),
    code: (value, at) => keep('code', reader.choice(value, at, WORDS)),
    rule: (value, at) => keep('rule', readPointer(reader, value, at)),
    policy: text('policy'),
    reason: textOrNull('reason'),
    wouldPass: textOrNull('wouldPass'),
    retryAfterMs: (value, at) => keep('retryAfterMs', value.kind === 'null' ? null : reader.integer(value, at, 1, Number.MAX_SAFE_INTEGER), value.kind === 'null'),
    observed: textOrNull('observed'),
  });
  if (!sound) return null;
  if (node.entries.length > 0) return read;
  return reader.error('empty_expectation', node, path, 'this expects nothing, so the case could not fail', 'write `expect: allow`, a code, or a map with `code`');
}

function readPointer(reader: SourceReader, node: SourceNode, path: Path): string | null {
  const text = reader.text(node, path, 'a JSON Pointer such as /tools/create_charge');
  if (text === null || text.startsWith('/')) return text;
  return reader.error('bad_pointer', node, path, '`rule` is a JSON Pointer, which begins with `/`', text.startsWith('tools/') ? `write "/${text}"` : `write "/tools/${text}"`);
}

/** Everything in which a call came out otherwise than its case says; empty when it passed. */
export function differences(expected: Expectation, found: Judged): Difference[] {
  const all: Difference[] = [];
  const compare = (field: keyof Expectation, actual: string | number | null, equal = expected[field] === actual): void => {
    if (expected[field] !== undefined && !equal) all.push({ field, expected: expected[field], found: actual });
  };
  compare('effect', found.effect);
  compare('code', wordOf(found));
  compare('rule', found.rule);
  compare('policy', found.policy, expected.policy === found.policy || expected.policy === found.policy?.replace(/@[^@]*$/, ''));
  compare('reason', found.reason);
  compare('wouldPass', found.wouldPass);
  compare('retryAfterMs', found.retryAfterMs);
  const seen = found.observed.flatMap(({ observed, code }) => (code === null ? [observed] : [observed, code]));
  const first = found.observed[0] ?? null;
  compare('observed', first?.observed ?? null, expected.observed === null ? first === null : seen.includes(expected.observed ?? ''));
  return all;
}
