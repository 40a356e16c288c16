import type { Diagnostic, PolicySet } from '../../policy/index.ts';
import { readDefinitions } from '../scan/definitions.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { differences, type Difference, type Expectation } from './expectation.ts';
import { judgeCall } from '../../control/policy-tools/judge-call.ts';
import { wordOf, type Judged } from '../../control/policy-tools/judged.ts';
import { KnownTools, type Tools } from '../../control/policy-tools/known-tools.ts';
import { readTextFile } from './read-source.ts';
import { TemporaryState } from '../../control/policy-tools/temporary-state.ts';
import { readTestFile, type TestCase } from './test-file.ts';
import { loadTestPolicies } from './test-policies.ts';
import { VirtualClock } from '../../control/policy-tools/virtual-clock.ts';

export interface CaseResult {
  readonly title: string;
  /** Where the case begins in its file, from 1. */
  readonly line: number;
  readonly call: { readonly kind: string; readonly name: string };
  readonly passed: boolean;
  readonly expected: Expectation;
  readonly found: Judged;
  /** Empty when it passed. */
  readonly differences: readonly Difference[];
  /** What came of the calls before it: how many times which word. */
  readonly before: Readonly<Record<string, number>>;
}

export interface TestFileResult {
  readonly file: string;
  /** Not empty: the file, its policies or its definitions cannot be used, and no case ran. */
  readonly errors: readonly Diagnostic[];
  readonly cases: readonly CaseResult[];
}

export interface RunOptions {
  /** Which cases run; default: all. */
  readonly only?: (title: string) => boolean;
}

/** Runs one test file (docs: the author's tools) against the real engine and a real state. Never throws for what the file holds. */
export async function runTestFile(path: string, options: RunOptions = {}): Promise<TestFileResult> {
  const text = readTextFile(path);
  return typeof text === 'string' ? runTestText(text, path, options) : { file: path, errors: [text], cases: [] };
}

/** As `runTestFile`, for a text. @param path where relative paths begin, and how messages call the text */
export async function runTestText(text: string, path: string, options: RunOptions = {}): Promise<TestFileResult> {
  const read = await readTestFile(text, path);
  if (!read.ok) return { file: path, errors: read.errors, cases: [] };
  const { file } = read;
  const loaded = await loadTestPolicies(file.policies, path);
  const tools = file.definitions === null ? null : await readTools(file.definitions);
  const errors = [...(loaded.ok ? [] : loaded.errors), ...(typeof tools === 'string' ? [badDefinitions(path, tools)] : [])];
  if (!loaded.ok || typeof tools === 'string') return { file: path, errors, cases: [] };
  const cases: CaseResult[] = [];
  for (const one of file.cases) {
    if (options.only?.(one.title) ?? true) cases.push(await runCase(one, loaded.set, tools));
  }
  return { file: path, errors: [], cases };
}

/** One case, with a state of its own: what one case counts is not seen by another. */
async function runCase(one: TestCase, policies: PolicySet, tools: Tools): Promise<CaseResult> {
  const temporary = new TemporaryState(new VirtualClock(one.at - Math.max(0, ...one.before.map(({ agoMs }) => agoMs))));
  const before: Record<string, number> = {};
  try {
    for (const { times, agoMs, ...call } of one.before) {
      for (let time = 0; time < times; time += 1) {
        const word = wordOf(await judgeCall(policies, { ...call, at: one.at - agoMs }, tools, temporary));
        before[word] = (before[word] ?? 0) + 1;
      }
    }
    const found = await judgeCall(policies, { ...one, undo: 'nothing' }, tools, temporary);
    const wrong = differences(one.expect, found);
    return { title: one.title, line: one.line, call: { kind: one.kind, name: one.name }, passed: wrong.length === 0, expected: one.expect, found, differences: wrong, before };
  } finally {
    await temporary.close();
  }
}

async function readTools(path: string): Promise<Tools | string> {
  try {
    return await KnownTools.of(readDefinitions(path));
  } catch (error) {
    if (error instanceof ScanFailure) return error.message;
    throw error;
  }
}

function badDefinitions(file: string, message: string): Diagnostic {
  return { severity: 'error', code: 'bad_definitions', file, line: 1, column: 1, pointer: '/definitions', message, help: '`definitions` names a recorded tools/list result', excerpt: null };
}
