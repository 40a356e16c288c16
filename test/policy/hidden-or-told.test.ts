import { describe, expect, it } from 'vitest';
import type { CallContext, PolicySet } from '../../src/policy/index.ts';
import { callOf } from '../../src/policy/index.ts';
import { scan } from '../../src/wire/scan.ts';
import { setOf } from './load.ts';

// Every small document: a list of two rules for one name, one rule of a glob behind it, and a default. Each condition has a claim or an
// argument of its own, which is right, wrong, of the wrong type or missing. What must come of a call is written down here once more.

type Asks = 'nothing' | 'argument' | 'claim';
type Says = 'yes' | 'no' | 'error';

interface Rule {
  readonly asks: Asks;
  readonly action: string;
}

interface Example {
  readonly lists: readonly (readonly Rule[])[];
  readonly fallback: string;
}

/** The argument is not there, but one of almost its name. */
const LOOKALIKE = 'under another spelling';
const ACTIONS = ['allow', 'deny', 'hide', 'require_approval'];
const KINDS: readonly Asks[] = ['nothing', 'argument', 'claim'];
/** By what is asked: each value as JSON, and what a condition about it says. */
const VALUES: Readonly<Record<Asks, readonly (readonly [string | null, Says])[]>> = {
  nothing: [[null, 'yes']],
  argument: [['5', 'yes'], ['1', 'no'], ['"5"', 'error'], [null, 'no'], [LOOKALIKE, 'no']],
  claim: [['true', 'yes'], ['false', 'no'], [null, 'error']],
};

function* examples(first: Asks, one: string, second: Asks, fallback: string): Generator<Example> {
  for (const two of ACTIONS.slice(0, 3)) {
    for (const third of [null, ...KINDS]) for (const three of third === null ? ['allow'] : ACTIONS.slice(0, 3)) {
      yield { lists: [[{ asks: first, action: one }, { asks: second, action: two }], third === null ? [] : [{ asks: third, action: three }]], fallback };
    }
  }
}

/** The claims and arguments are called x0, x1 and x2. */
function written(rule: Rule, index: number): string {
  const when = { nothing: '', argument: `when: args.x${index} > 2, `, claim: `when: user.x${index} == true, ` }[rule.asks];
  return `{ ${when}action: ${rule.action} }`;
}

async function load(all: readonly Example[]): Promise<PolicySet> {
  const tools = all.flatMap(({ lists: [list = [], behind = []] }, index) => {
    const number = String(index).padStart(4, '0');
    const rules = `  a${number}z: [${list.map((rule, at) => written(rule, at)).join(', ')}]\n`;
    return behind.length === 0 ? [rules] : [rules, `  "a${number}*": ${behind.map((rule) => written(rule, 2)).join('')}\n`];
  });
  return setOf(`version: "1"\ndefault: ${all[0]?.fallback ?? 'deny'}\ntools:\n${tools.join('')}`);
}

/** Every way to answer the conditions: for each rule its value and what it says. */
function answers(rules: readonly Rule[]): (readonly [string | null, Says])[][] {
  return rules.reduce<(readonly [string | null, Says])[][]>((all, rule) => all.flatMap((some) => VALUES[rule.asks].map((value) => [...some, value])), [[]]);
}

/**
 * Whether a call finds nothing there: what is certain hides, or a condition that failed may have stood before something hidden. If the
 * condition asks only for claims, one way to hide is enough; if it asks for an argument, it must be hidden whatever it had said.
 */
function isHidden(rules: readonly Rule[], says: readonly Says[], fallback: string): boolean {
  const [rule, ...rest] = rules;
  if (rule === undefined) return fallback === 'hide';
  const otherwise = (): boolean => isHidden(rest, says.slice(1), fallback);
  if (says[0] === 'no') return otherwise();
  const here = rule.action === 'hide';
  if (says[0] === 'yes') return here;
  return rule.asks === 'claim' ? here || otherwise() : here && otherwise();
}

function expected(example: Example, values: readonly (string | null)[], says: readonly Says[]): string {
  const effect = ruled(example, says);
  return values.includes(LOOKALIKE) && (effect === 'allow' || effect === 'require_approval') ? 'deny' : effect;
}

function ruled({ lists: [list = [], behind = []], fallback }: Example, says: readonly Says[]): string {
  if (isHidden([...list, ...behind], says, fallback)) return 'hide';
  const at = list.findIndex((_, index) => says[index] !== 'no');
  const failed = says[at] === 'error' || (behind.length > 0 && says[2] === 'error');
  if (failed) return 'deny';
  return list[at]?.action ?? (says[2] === 'yes' ? behind[0]?.action : undefined) ?? fallback;
}

function objectOf(rules: readonly Rule[], values: readonly (string | null)[], asks: Asks): string {
  const members = rules.flatMap((rule, index) => {
    const value = values[index] ?? null;
    if (rule.asks !== asks || value === null) return [];
    return [value === LOOKALIKE ? `"X${index}":5` : `"x${index}":${value}`];
  });
  return `{${members.join(',')}}`;
}

function contextOf(claims: string): CallContext {
  const user = scan(Buffer.from(claims), { maxBytes: 1e6, maxDepth: 64, maxKeys: 1e5 });
  if (!user.ok) throw new Error(user.message);
  return { server: 's', grant: { label: 'g', tags: [] }, user: user.root, client: { name: null, version: null }, session: 's1', now: 0 };
}

const groups = KINDS.slice(1).flatMap((first) => ACTIONS.flatMap((one) => KINDS.flatMap((second) => ['allow', 'hide'].map((fallback) => ({ first, one, second, fallback })))));

describe('a list of two rules before a glob and a default', () => {
  it.each(groups)('$one by one $first and then asking for one $second, by default $fallback: each call gets its answer, and a listing shows it if it is always the same', async ({ first, one, second, fallback }) => {
    const all = [...examples(first, one, second, fallback)];
    const set = await load(all);
    for (const [index, example] of all.entries()) {
      const name = `a${String(index).padStart(4, '0')}z`;
      const [list = [], behind = []] = example.lists;
      const rules = [...list, ...behind];
      const effects = new Map<string, Set<string>>();
      for (const answer of answers(rules)) {
        const values = answer.map(([value]) => value);
        const claims = objectOf(rules, values, 'claim');
        const context = contextOf(claims);
        const found = set.decide(callOf({ tool: name, argsJson: objectOf(rules, values, 'argument'), context })).effect;
        if (found !== expected(example, values, answer.map(([, says]) => says))) expect.fail(`${JSON.stringify(example)} ${claims} ${values.join()}: ${found}`);
        effects.set(claims, (effects.get(claims) ?? new Set()).add(found));
      }
      for (const [claims, some] of effects) {
        const shown = set.visibility({ kind: 'tool', name, tool: null, context: contextOf(claims) });
        const [only = ''] = some;
        if (shown !== (some.size === 1 ? only : 'depends')) expect.fail(`${JSON.stringify(example)} ${claims}: listed as ${shown}, calls get ${[...some].join()}`);
      }
    }
    expect(all.length).toBe(30);
  });
});
