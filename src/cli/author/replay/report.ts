import { printable } from '../../../policy/printable.ts';
import { clip, type Style } from '../../terminal.ts';
import { count, wrap } from '../words.ts';
import type { Skipped } from '../../../control/policy-tools/replay/recorded-call.ts';
import { CHANGES, type Change, type Missing, type NameTally, type RuleChange, type Tally } from '../../../control/policy-tools/replay/tally.ts';

/** A whole replay. */
export interface ReplayReport {
  /** `name@hash` of every candidate policy, joined with `+`. */
  readonly policies: string;
  readonly tally: Tally;
  readonly skipped: ReadonlyMap<Skipped, number>;
  /** Whether a limit or a budget of the candidate was counted. */
  readonly counted: boolean;
}

/** Names with their rules that are shown to people; `--json` has all. */
const SHOWN = 40;
const RULES_SHOWN = 12;

const SAID: Readonly<Record<Exclude<Change, 'same'>, string>> = {
  newly_refused: 'newly refused',
  newly_allowed: 'newly allowed',
  needs_approval: 'would need an approval',
  unknown: 'cannot be told',
};
const MISSING: Readonly<Record<Missing, string>> = {
  arguments: 'depends on arguments that were not recorded',
  class: 'depends on the class of the tool: name the tools of the server with --definitions',
  caller: 'depends on who signed in, or on what the client said of itself, which the journal does not hold',
};
const SKIPPED: Readonly<Record<Skipped, string>> = {
  not_a_call: 'about something else than a call, or about one step of a call',
  not_judged: 'never came before a policy (malformed, out of reach, withdrawn)',
  suppressed: 'in place of a flood of equal refusals that was not recorded one by one',
  no_such_target: 'for something that the server does not have',
  outage: 'refused because the state could not be reached',
  name_cut: 'with a name that was too long to be recorded whole',
};

/** The report for people, as lines. */
export function reportLines(report: ReplayReport, width: number, style: Style): string[] {
  const { tally } = report;
  const names = tally.names();
  if (tally.calls === 0) return [...wrap(`No recorded call to replay against ${report.policies}.`, width), ...notes(report, width)];
  const lines = [...wrap(`Replayed ${count(tally.calls, 'call')} from ${instant(tally.first ?? 0)} to ${instant(tally.last ?? 0)} against ${report.policies}.`, width), ''];
  lines.push(...totals(tally, names, style), '');
  const changed = names.filter((one) => one.calls > one.counts.same);
  if (changed.length > 0) lines.push(...nameTable(changed.slice(0, SHOWN), width, style), '');
  for (const name of changed.slice(0, SHOWN)) lines.push(...nameLines(name, width, style), '');
  if (changed.length > SHOWN) lines.push(`${count(changed.length - SHOWN, 'more name')} with changes; --json lists all of them.`, '');
  return [...lines, ...notes(report, width)];
}

function totals(tally: Tally, names: readonly NameTally[], style: Style): string[] {
  const otherwise = names.reduce((sum, name) => sum + name.otherwise, 0);
  const line = (amount: number, text: string): string => `${amount.toLocaleString('en-US').padStart(10)}  ${text}`;
  return [
    line(tally.total('same'), `as before${otherwise === 0 ? '' : `, ${otherwise.toLocaleString('en-US')} of them refused for another reason`}`),
    ...CHANGES.filter((change) => change !== 'same').map((change) => {
      const amount = tally.total(change);
      return amount === 0 ? style.dim(line(0, SAID[change])) : style.bold(line(amount, SAID[change]));
    }),
  ];
}

const COLUMNS: readonly (readonly [heading: string, value: (one: NameTally) => number])[] = [
  ['CALLS', (one) => one.calls],
  ['SAME', (one) => one.counts.same],
  ['REFUSED', (one) => one.counts.newly_refused],
  ['ALLOWED', (one) => one.counts.newly_allowed],
  ['APPROVAL', (one) => one.counts.needs_approval],
  ['UNKNOWN', (one) => one.counts.unknown],
];

function nameTable(names: readonly NameTally[], width: number, style: Style): string[] {
  const widths = COLUMNS.map(([heading, value]) => Math.max(heading.length, ...names.map((one) => value(one).toLocaleString('en-US').length)) + 2);
  const room = Math.max(12, width - widths.reduce((sum, each) => sum + each, 0));
  const title = (one: NameTally): string => clip(printable(`${one.kind === 'tool' ? '' : `${one.kind} `}${one.name}`, 300), room);
  const row = (first: string, cells: readonly string[]): string => first.padEnd(room) + cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('');
  return [
    style.dim(row('NAME', COLUMNS.map(([heading]) => heading))),
    ...names.map((one) => row(title(one), COLUMNS.map(([, value]) => (value(one) === 0 ? '-' : value(one).toLocaleString('en-US'))))),
  ];
}

function nameLines(name: NameTally, width: number, style: Style): string[] {
  const where = `${name.kind} ${printable(name.name, 200)} of ${printable(name.server, 80)}`;
  const rules = [...name.rules].sort((a, b) => b.calls - a.calls);
  const lines = [style.bold(clip(where, width)), ...rules.slice(0, RULES_SHOWN).flatMap((rule) => ruleLines(rule, width, style))];
  return rules.length > RULES_SHOWN ? [...lines, `  and ${count(rules.length - RULES_SHOWN, 'more rule')}`] : lines;
}

function ruleLines(rule: RuleChange, width: number, style: Style): string[] {
  const origin = `by ${printable(rule.rule ?? '', 300)} of ${printable(rule.policy ?? '', 100)}`;
  const why = rule.missing !== null ? `: ${MISSING[rule.missing]}` : rule.change === 'newly_refused' ? `: ${rule.code ?? 'denied'} ${origin}` : ` ${origin}`;
  const amount = rule.calls.toLocaleString('en-US').padStart(6);
  const [first = '', ...rest] = wrap(`${SAID[rule.change]}${why}`, width - 8);
  const example = (one: RuleChange['examples'][number]): string => clip(`        ${one.id}  ${instant(Date.parse(one.at))}  was ${one.was}`, width);
  return [`${amount}  ${first}`, ...rest.map((line) => `        ${line}`), ...rule.examples.map((one) => style.dim(example(one)))];
}

function notes(report: ReplayReport, width: number): string[] {
  const all: string[] = [];
  const observed = report.tally.names().reduce((sum, name) => sum + name.observed, 0);
  if (observed > 0) all.push(`${count(observed, 'call goes', 'calls go')} through only because a rule of the candidate observes; enforced, it would refuse ${observed === 1 ? 'it' : 'them'}.`);
  const servers = new Set(report.tally.names().map(({ server }) => server));
  if (servers.size > 1) all.push(`These are calls of ${servers.size} servers; a policy is meant for one: choose it with --server.`);
  if (report.counted) {
    const open = report.tally.total('unknown') > 0 ? ' Calls of which it cannot be told took nothing.' : '';
    all.push(`Limits and budgets were counted from the first replayed call on; what came before it is not known.${open}`);
  }
  for (const [why, rows] of report.skipped) all.push(`Not replayed: ${count(rows, 'row')}, ${SKIPPED[why]}.`);
  return all.flatMap((note) => wrap(note, width - 2).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`)));
}

function instant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Everything, for `--json`. */
export function reportJson(report: ReplayReport): object {
  const { tally } = report;
  const at = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());
  return {
    policies: report.policies,
    calls: tally.calls,
    from: at(tally.first),
    to: at(tally.last),
    changes: Object.fromEntries(CHANGES.map((change) => [change, tally.total(change)])),
    names: tally.names(),
    notReplayed: Object.fromEntries(report.skipped),
    limitsCounted: report.counted,
  };
}
