import type { TargetKind } from '../../../policy/types.ts';
import { wordOf, type Judged } from '../judged.ts';
import type { RecordedCall } from './recorded-call.ts';

/** What the candidate would change about a call that was recorded. */
export type Change = 'same' | 'newly_refused' | 'newly_allowed' | 'needs_approval' | 'unknown';

export const CHANGES: readonly Change[] = ['same', 'newly_refused', 'newly_allowed', 'needs_approval', 'unknown'];

/** Why it cannot be told what the candidate would say. */
export type Missing = 'arguments' | 'caller' | 'class';

/** What the candidate says of a recorded call. */
export type Replayed =
  | { readonly now: 'allowed' | 'approval' | 'refused'; readonly judged: Judged }
  | { readonly now: 'unknown'; readonly missing: Missing };

/** A recorded call that shows a change; `id` and `at` find it in the journal. */
export interface Example {
  readonly id: string;
  readonly at: string;
  readonly grant: string;
  /** `allow`, or the code. */
  readonly was: string;
  readonly now: string;
}

/** All calls of one name that one rule of the candidate changes in one way. */
export interface RuleChange {
  readonly change: Exclude<Change, 'same'>;
  /** The code of the candidate; null: the call goes through, or it cannot be told. */
  readonly code: string | null;
  /** The rule of the candidate, with its policy; null where it cannot be told. */
  readonly rule: string | null;
  readonly policy: string | null;
  readonly missing: Missing | null;
  calls: number;
  readonly examples: Example[];
}

export interface NameTally {
  readonly server: string;
  readonly kind: TargetKind;
  readonly name: string;
  calls: number;
  readonly counts: Record<Change, number>;
  /** Refused before and now, for another reason: the agent would read something else. */
  otherwise: number;
  /** Let through, but an observed rule of the candidate would not have. */
  observed: number;
  readonly rules: RuleChange[];
}

const EXAMPLES = 3;
/** Clients choose the names of resources: what comes beyond so many names is counted together. */
const MOST_NAMES = 50_000;
const OTHERS = '(further names)';

/** What changes, by name and by the rule that changes it. */
export class Tally {
  readonly #names = new Map<string, NameTally>();
  readonly #rules = new Map<string, RuleChange>();
  calls = 0;
  first: number | null = null;
  last: number | null = null;

  add(row: RecordedCall, replayed: Replayed): void {
    const name = this.#nameOf(row);
    const change = changeOf(row, replayed);
    this.calls += 1;
    this.first = Math.min(this.first ?? row.at, row.at);
    this.last = Math.max(this.last ?? row.at, row.at);
    name.calls += 1;
    name.counts[change] += 1;
    if (replayed.now !== 'unknown') {
      if (change === 'same' && replayed.now === 'refused' && replayed.judged.code !== row.code) name.otherwise += 1;
      if (replayed.now === 'allowed' && replayed.judged.observed.length > 0) name.observed += 1;
    }
    if (change !== 'same') this.#note(name, row, change, replayed);
  }

  /** Most changed first, then most called. */
  names(): NameTally[] {
    const changed = (one: NameTally): number => one.calls - one.counts.same;
    return [...this.#names.values()].sort((a, b) => changed(b) - changed(a) || b.calls - a.calls || (a.name < b.name ? -1 : 1));
  }

  total(change: Change): number {
    return [...this.#names.values()].reduce((sum, { counts }) => sum + counts[change], 0);
  }

  #nameOf({ server, kind, name }: Pick<RecordedCall, 'server' | 'kind' | 'name'>): NameTally {
    const key = JSON.stringify([server, kind, name]);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (this.#names.size >= MOST_NAMES && name !== OTHERS) return this.#nameOf({ server, kind, name: OTHERS });
    const fresh: NameTally = { server, kind, name, calls: 0, counts: { same: 0, newly_refused: 0, newly_allowed: 0, needs_approval: 0, unknown: 0 }, otherwise: 0, observed: 0, rules: [] };
    this.#names.set(key, fresh);
    return fresh;
  }

  #note(name: NameTally, row: RecordedCall, change: Exclude<Change, 'same'>, replayed: Replayed): void {
    const judged = replayed.now === 'unknown' ? null : replayed.judged;
    const missing = replayed.now === 'unknown' ? replayed.missing : null;
    const key = JSON.stringify([name.server, name.kind, name.name, change, judged?.code, judged?.rule, judged?.policy, missing]);
    let rule = this.#rules.get(key);
    if (rule === undefined) {
      rule = { change, code: judged?.code ?? null, rule: judged?.rule ?? null, policy: judged?.policy ?? null, missing, calls: 0, examples: [] };
      this.#rules.set(key, rule);
      name.rules.push(rule);
    }
    rule.calls += 1;
    if (rule.examples.length < EXAMPLES) {
      rule.examples.push({ id: row.id, at: new Date(row.at).toISOString(), grant: row.grant, was: row.code ?? 'allow', now: judged === null ? 'unknown' : wordOf(judged) });
    }
  }
}

/** What a replay says of a call, compared with what was recorded. */
export function changeOf(row: RecordedCall, { now }: Replayed): Change {
  if (now === 'unknown') return 'unknown';
  if (now === row.recorded) return 'same';
  if (now === 'refused') return 'newly_refused';
  return now === 'allowed' ? 'newly_allowed' : 'needs_approval';
}
