import { dirname, isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import type { SourceNode } from '../../policy/source-node.ts';
import type { Settlement } from '../../state/types.ts';
import { NOBODY, type Caller, type DescribedCall } from '../../control/policy-tools/described-call.ts';
import { CallFields, readAgo, readCaller, readInstant } from './call-fields.ts';
import { readExpectation, type Expectation } from './expectation.ts';
import { parseSource } from './read-source.ts';
import { SourceReader, type FieldReader, type Path } from './source-reader.ts';

/** A policy of a test file: a file, or text in the file itself. */
export type PolicySource = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'inline'; readonly name: string; readonly text: string };

/** A call that came before the one that is tested. */
export interface EarlierCall extends DescribedCall {
  readonly server: string;
  readonly caller: Caller;
  readonly times: number;
  /** Milliseconds before the tested call. */
  readonly agoMs: number;
  readonly approved: boolean;
  readonly undo: Settlement['undo'];
}

export interface TestCase extends DescribedCall {
  /** Unique in its file. */
  readonly title: string;
  /** Where it begins in the file, from 1. */
  readonly line: number;
  readonly server: string;
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly approved: boolean;
  readonly before: readonly EarlierCall[];
  readonly expect: Expectation;
}

export interface TestFile {
  readonly policies: readonly PolicySource[];
  /** Path of recorded definitions, or null. */
  readonly definitions: string | null;
  readonly cases: readonly TestCase[];
}

export type ReadTestFile = { readonly ok: true; readonly file: TestFile } | { readonly ok: false; readonly errors: readonly Diagnostic[] };

/** When a case does not say when: always the same moment, a Monday noon, so that a file gives the same result every day. */
export const DEFAULT_AT = Date.parse('2026-01-05T12:00:00Z');
const DEFAULT_SERVER = 'test';
const MAX_TIMES = 100_000;

const OUTCOMES = ['ok', 'tool_error', 'error', 'unreached'] as const;
/** What the gateway gives back when a call ended so (policy.md, "Rule", budgets). */
const UNDO: Readonly<Record<(typeof OUTCOMES)[number], Settlement['undo']>> = { ok: 'nothing', tool_error: 'budgets', error: 'budgets', unreached: 'all' };

/** Reads `NAME.test.yaml`. Every mistake of the file is in `errors`. @param path the file's own, for messages and relative paths */
export async function readTestFile(text: string, path: string): Promise<ReadTestFile> {
  const { root, reporter, source } = await parseSource(text, path);
  const reader = new SourceReader(reporter);
  const file = root === null ? null : new FileReader(reader, dirname(path), (node) => source.locate(node.span.start).line).read(root);
  return file === null || reporter.failed ? { ok: false, errors: reporter.list('error') } : { ok: true, file };
}

interface Place {
  readonly node: SourceNode;
  readonly path: Path;
}

interface Defaults {
  readonly server: string;
  readonly caller: Caller;
}

class FileReader {
  readonly #reader: SourceReader;
  readonly #directory: string;
  readonly #lineOf: (node: SourceNode) => number;

  constructor(reader: SourceReader, directory: string, lineOf: (node: SourceNode) => number) {
    this.#reader = reader;
    this.#directory = directory;
    this.#lineOf = lineOf;
  }

  read(root: SourceNode): TestFile {
    const policies: PolicySource[] = [];
    const own = { named: false, definitions: null as string | null, cases: null as Place | null };
    const defaults = { server: DEFAULT_SERVER, caller: NOBODY };
    const addPolicies: FieldReader = (node, path, entry) => {
      own.named = true;
      const items = node.kind === 'list' ? node.items.map((item, index) => [item, [...path, index]] as const) : [[node, path] as const];
      if (node.kind === 'list' && items.length === 0) this.#reader.wrong(node, path, 'at least one policy');
      for (const [item, at] of items) {
        const source = this.#readPolicy(item, at, entry.key === 'inline', policies.length);
        if (source !== null) policies.push(source);
      }
    };
    const isMap = this.#reader.fields(root, [], 'a test file', {
      policy: addPolicies,
      inline: addPolicies,
      definitions: (node, path) => {
        const file = this.#reader.text(node, path, 'the path of a file');
        if (file !== null) own.definitions = this.#beside(file);
      },
      server: (node, path) => void (defaults.server = this.#reader.text(node, path, 'the name of a server') ?? DEFAULT_SERVER),
      caller: (node, path) => void (defaults.caller = readCaller(this.#reader, node, path, NOBODY)),
      // Read last: the defaults may stand below.
      cases: (node, path) => void (own.cases = { node, path }),
    }, ['cases']);
    if (isMap && !own.named) this.#reader.error('missing_key', root, [], 'a test file has no `policy`', 'add `policy: ./NAME.policy.yaml`, or `inline: |` with the text of one');
    return { policies, definitions: own.definitions, cases: own.cases === null ? [] : this.#readCases(own.cases, defaults) };
  }

  #readPolicy(node: SourceNode, path: Path, inline: boolean, index: number): PolicySource | null {
    const name = index === 0 ? 'inline' : `inline-${index + 1}`;
    if (node.kind === 'map') {
      const read: { name: string; text: string | null } = { name, text: null };
      this.#reader.fields(node, path, 'an inline policy', {
        name: (value, at) => void (read.name = this.#reader.text(value, at) ?? name),
        inline: (value, at) => void (read.text = this.#reader.text(value, at, 'the text of a policy')),
      }, ['inline']);
      return read.text === null ? null : { kind: 'inline', name: read.name, text: read.text };
    }
    const text = this.#reader.text(node, path, inline ? 'the text of a policy' : 'the path of a policy file');
    if (text === null) return null;
    if (inline) return { kind: 'inline', name, text };
    if (!text.includes('\n')) return { kind: 'file', path: this.#beside(text) };
    return this.#reader.error('inline_policy', node, path, '`policy` is the path of a file, and this has several lines', 'write the text of a policy as `inline: |`');
  }

  /** As short as the path of the test file itself, because messages show it. */
  #beside(path: string): string {
    return isAbsolute(path) ? path : join(this.#directory, path);
  }

  #readCases({ node, path }: Place, defaults: Defaults): TestCase[] {
    const items = this.#reader.items(node, path, 'a list of cases') ?? [];
    if (node.kind === 'list' && items.length === 0) this.#reader.wrong(node, path, 'at least one case');
    const titles = new Set<string>();
    return items.map((item, index) => this.#readCase(item, [...path, index], defaults, titles)).filter((one) => one !== null);
  }

  #readCase(node: SourceNode, path: Path, defaults: Defaults, titles: Set<string>): TestCase | null {
    const call = new CallFields(this.#reader);
    const own = { title: null as string | null, ...defaults, at: DEFAULT_AT, approved: false, expect: null as Expectation | null, before: null as Place | null };
    this.#reader.fields(node, path, 'a case', {
      name: (value, at) => void (own.title = this.#readTitle(value, at, titles)),
      ...call.fields,
      ...this.#readWho(own, defaults),
      at: (value, at) => void (own.at = readInstant(this.#reader, value, at) ?? DEFAULT_AT),
      before: (value, at) => void (own.before = { node: value, path: at }),
      expect: (value, at) => void (own.expect = readExpectation(this.#reader, value, at)),
    }, ['name', 'expect']);
    const target = call.finish(node, path, 'this case');
    const earlier = own.before === null ? [] : this.#readBefore(own.before, own);
    if (target === null || own.title === null || own.expect === null) return null;
    return { ...target, title: own.title, line: this.#lineOf(node), server: own.server, caller: own.caller, at: own.at, approved: own.approved, before: earlier, expect: own.expect };
  }

  #readTitle(node: SourceNode, path: Path, titles: Set<string>): string | null {
    const title = this.#reader.text(node, path, 'what the case shows, in words');
    if (title === null || titles.size < titles.add(title).size) return title;
    return this.#reader.error('duplicate_name', node, path, 'another case of this file has this name', 'give every case its own name');
  }

  /** The fields that say whose call it is, and whether it was approved. */
  #readWho(own: { server: string; caller: Caller; approved: boolean }, base: Defaults): Readonly<Record<string, FieldReader>> {
    return {
      server: (value, at) => void (own.server = this.#reader.text(value, at, 'the name of a server') ?? base.server),
      caller: (value, at) => void (own.caller = readCaller(this.#reader, value, at, base.caller)),
      approved: (value, at) => {
        if (value.kind === 'boolean') own.approved = value.value;
        else this.#reader.wrong(value, at, 'true or false');
      },
    };
  }

  #readBefore({ node, path }: Place, defaults: Defaults): EarlierCall[] {
    const calls: EarlierCall[] = [];
    for (const [index, item] of (this.#reader.items(node, path, 'a list of earlier calls, oldest first') ?? []).entries()) {
      const at = [...path, index];
      const read = this.#readEarlier(item, at, defaults);
      if (read === null) continue;
      const last = calls.at(-1);
      if (last !== undefined && read.agoMs > last.agoMs) {
        this.#reader.error('wrong_order', item, at, `this call is ${read.agoMs / 1000} s ago, but the one before it only ${last.agoMs / 1000} s`, 'list the oldest call first');
      }
      calls.push(read);
    }
    return calls;
  }

  #readEarlier(node: SourceNode, path: Path, defaults: Defaults): EarlierCall | null {
    const call = new CallFields(this.#reader);
    const own = { server: defaults.server, caller: defaults.caller, approved: false, times: 1, agoMs: 0, outcome: 'ok' as (typeof OUTCOMES)[number] };
    this.#reader.fields(node, path, 'an earlier call', {
      ...call.fields,
      ...this.#readWho(own, defaults),
      times: (value, at) => void (own.times = this.#reader.integer(value, at, 1, MAX_TIMES) ?? 1),
      ago: (value, at) => void (own.agoMs = readAgo(this.#reader, value, at) ?? 0),
      outcome: (value, at) => void (own.outcome = this.#reader.choice(value, at, OUTCOMES) ?? 'ok'),
    });
    const target = call.finish(node, path, 'this earlier call');
    return target === null ? null : { ...target, server: own.server, caller: own.caller, times: own.times, agoMs: own.agoMs, approved: own.approved, undo: UNDO[own.outcome] };
  }
}
