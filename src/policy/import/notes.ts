import type { Reporter } from '../diagnostic.ts';
import type { Span } from '../source-text.ts';

/** Every way in which a policy can mean something else after the import. */
const NOTES = {
  default_was_allow: ['the file had no `default`, which meant `allow`; it is written out', 'with `default: deny` only tools that are named can be called'],
  more_than_tools: ['`default: deny` now also refuses resources and prompts, which the old program let through', 'add `resources: { "*": allow }` and `prompts: { "*": allow }` to let them through again'],
  conditions_must_hold: ['the conditions of a rule say what must hold for a call to pass, and still do: they became `require`', 'if they were meant to describe calls to refuse, use `deny_if`'],
  other_types_refused: ['a condition about a value of another type now refuses the call with `policy_error`; it used to be false', 'an `exists: false` or a `deny_if` could be passed that way'],
  strict_equality: ['the number 5 and the text "5" are no longer equal; a list of forbidden values names both, a list of allowed ones does not', null],
  sliding_windows: ['windows slide: no interval of that length holds more than `max`. They used to begin anew with every minute, hour or day, so that twice the limit fitted around the change', null],
  counters_per_server: ['each server has counters of its own, over all sessions and grants; they used to be keyed by the name of the tool alone, and servers shared them', 'write `per: grant` or `per: session` to count for each caller'],
  counters_per_grant: ['each grant has counters of its own on each server', null],
  given_back: ['what a call took from a limit on amounts is given back whenever the server did not do the work: errors and `isError` included, in the window from which it was taken', null],
  amounts_exact: ['amounts are added exactly. A missing or negative amount refuses the call; fractions used to be cut off, and a negative amount filled the budget up again', null],
  counter_without_limit: ['a counter that no condition of its rule looked at never counted; it is left out', 'add `rate_limit` or `budget` if it was meant to limit'],
  counter_counts_now: ['a condition of another rule looked at this counter, which therefore never counted; the limit works now', null],
  less_than_limit: ['`lt` became the largest whole number that is still less', null],
  increments: ['each call counts once; the limit was divided by the `increment`', null],
  no_calls_left: ['the limit lets no call through that counts, so it became `deny`', null],
  reasons_of_limits: ['a rule has one `reason` for all its limits; the other messages stand in comments', null],
  hidden_wins: ['the tool is hidden, so its rules had no effect; they are left out', null],
  deny_wins: ['the rule denies every call, so the other rules of the tool had no effect; they are left out', null],
  everything_denied: ['the rules for `*` deny every call, so the rules of single tools had no effect; they are left out', null],
  everything_hidden: ['`hide` names `*`, so everything else had no effect; it is left out', null],
  hidden_like_unknown: ['a hidden tool now answers exactly like one that does not exist; the old message said that it was hidden', null],
  approval_for_all: ['approvals that `*` asks for stand at each tool too, because a rule for one tool decides before `*`', null],
  guards_apart: ['the limits and conditions of this tool stand under a glob with `when`, so that they count the same with and without an approval', null],
  approvals_bound: ['an approval is for one exact call: the same arguments, once', null],
} as const satisfies Record<string, readonly [message: string, help: string | null]>;

export type NoteCode = keyof typeof NOTES;

/** Says once per document what changes everywhere, and once per place what changes there. */
export class Notes {
  readonly #reporter: Reporter;
  readonly #said = new Set<string>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** @param tool the tool that the note is about; left out for what is said once */
  add(code: NoteCode, span: Span, at: string, tool?: string): void {
    const key = `${code}/${tool ?? ''}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    const [message, help] = NOTES[code];
    this.#reporter.warning(code, span, at, message, help);
  }
}
