import type { GuardExplanation, PolicyExplanation, RuleExplanation } from '../../policy/explain.ts';
import { printable } from '../../policy/printable.ts';
import { refusalText } from '../../policy/refusal-text.ts';
import type { ApprovalDemand, LimitClaim, ToolFacts, Verdict } from '../../policy/types.ts';
import type { Style } from '../terminal.ts';
import { codeOf, type ExplainedCall } from '../../control/policy-tools/explain-call.ts';
import { count, duration, wrap } from './words.ts';

/** The explanation for people, as lines. */
export function explainLines(explained: ExplainedCall, width: number, style: Style): string[] {
  const { explanation, before } = explained;
  const lines = [...callLines(explained, width, style), ''];
  if (before?.code !== 'unknown') for (const policy of explanation.policies) lines.push(...policyLines(policy, width, style), '');
  return [...lines, ...outcomeLines(explained, width, style)];
}

function callLines({ call, tool, asksForClass }: ExplainedCall, width: number, style: Style): string[] {
  const { grant, tags, session, user, client } = call.caller;
  const rows: [string, string][] = [
    [call.kind, printable(call.name, 300)],
    ['arguments', call.args === null ? 'none' : printable(call.args.lexeme(), 600)],
    ...(asksForClass && call.kind === 'tool' ? [['class', classWords(tool)] satisfies [string, string]] : []),
    ['caller', [`grant ${printable(grant, 80)}`, tags.length === 0 ? 'no tags' : `tags ${tags.map((tag) => printable(tag, 40)).join(', ')}`, session === null ? 'no session' : `session ${printable(session, 60)}`].join(', ')],
    ...(user === null ? [] : [['user', printable(user.lexeme(), 300)] satisfies [string, string]]),
    ...(client.name === null ? [] : [['client', printable(client.name, 80)] satisfies [string, string]]),
    ['server', `${printable(call.server, 80)} at ${new Date(call.at).toISOString()}`],
  ];
  return rows.flatMap(([label, text]) => wrap(text, width - 13).map((line, index) => `${index === 0 ? style.dim(label.padEnd(11)) : ' '.repeat(11)}  ${line}`));
}

function classWords(tool: ToolFacts | null): string {
  if (tool === null || tool.category === null) return 'not known: name the tools of the server with --definitions';
  const also = (tool.effects ?? []).filter((effect) => effect !== tool.category);
  return `${printable(tool.category, 20)}${also.length === 0 ? '' : ` (and ${also.map((effect) => printable(effect, 20)).join(', ')})`}, risk ${printable(tool.risk ?? 'not known', 20)}`;
}

function policyLines(policy: PolicyExplanation, width: number, style: Style): string[] {
  const lines = [`${style.bold(`policy ${printable(policy.policyId, 100)}`)}${policy.observes ? '  (mode: observe, blocks nothing)' : ''}`];
  if (policy.unreadable !== null) return [...lines, ...indented(`No rule was asked: ${printable(policy.unreadable, 300)}`, 2, width)];
  for (const [index, selectors] of policy.readings.entries()) {
    // A URI is read twice, the second time as a lenient server would; most are the same either way.
    if (index > 0 && JSON.stringify(selectors) === JSON.stringify(policy.readings[0])) continue;
    if (index > 0) lines.push(...indented('and as a lenient server could read the URI:', 2, width));
    if (selectors.length === 0) lines.push('  no rule has a selector that matches');
    for (const { selector, rules } of selectors) for (const rule of rules) lines.push(...ruleLines(selector, rule, width, style));
  }
  const used = policy.defaultDecides ? style.bold('decides') : style.dim('not used');
  return [...lines, `  default: ${policy.default}  ${used}`];
}

const STATE: Readonly<Record<RuleExplanation['state'], string>> = {
  applies: 'applies',
  does_not_apply: 'its `when` does not hold',
  absent: 'its `when` needs an argument that the call does not have, so it does not hold',
  refuses: 'its `when` could not be evaluated, which is a refusal',
  unknown: 'its `when` depends on something that is not known',
  not_reached: 'not reached: an earlier rule of its list applies',
};

/** A rule without `when` can only fail to say whether it applies when its selector is a class. */
const NO_CLASS = 'whether it applies cannot be told, which is a refusal';

function ruleLines(selector: string, rule: RuleExplanation, width: number, style: Style): string[] {
  const heading = `${printable(rule.rule, 300)}: ${rule.action}`;
  const lines = indented(`${heading}${rule.observes ? ' (observes only)' : ''}`, 2, width).map((line) => (rule.decides ? style.bold(line) : line));
  // A pointer writes `/` as `~1`, which nobody reads.
  if (rule.rule.includes('~')) lines.push(...indented(`selector: ${printable(selector, 300)}`, 4, width));
  lines.push(...indented(`${rule.state === 'refuses' && rule.when === null ? NO_CLASS : STATE[rule.state]}${rule.decides && rule.state === 'applies' ? ', and decides the action' : ''}`, 4, width));
  if (rule.when !== null) lines.push(...indented(`when: ${printable(rule.when, 400)}`, 6, width));
  if (rule.problem !== null) lines.push(...indented(printable(rule.problem, 400), 6, width));
  for (const guard of rule.guards) lines.push(...guardLines(guard, width, style));
  for (const limit of rule.limits) lines.push(...indented(`${'limit'.padEnd(9)}${limitText(limit)}${limit.enforce ? '' : ' (observes only)'}`, 4, width, 9));
  return lines;
}

function guardLines(guard: GuardExplanation, width: number, style: Style): string[] {
  const mark = (text: string): string => (guard.answer === 'passes' ? style.green(text) : guard.answer === 'refuses' ? style.red(text) : style.yellow(text));
  // A guard that refuses is quoted whole; of one that passes its place is enough.
  const what = guard.source === null ? printable(guard.rule, 300) : `${guard.kind}: ${printable(guard.source, 400)}`;
  const [first = '', ...rest] = indented(`${guard.answer.padEnd(9)}${what}`, 4, width, 9);
  const lines = [first.replace(guard.answer, mark(guard.answer)), ...rest];
  if (guard.answer !== 'refuses') return lines;
  lines.push(...indented(`${guard.code ?? 'denied'}${guard.reason === null ? '' : `: ${printable(guard.reason, 400)}`}`, 13, width));
  if (guard.wouldPass !== null) lines.push(...indented(`would pass: ${printable(guard.wouldPass, 300)}`, 13, width));
  return lines;
}

function limitText(limit: LimitClaim): string {
  const per = limit.per.join(' and ');
  const window = `${duration(limit.windowMs)} per ${per}`;
  return limit.type === 'rate' ? `1 of ${count(limit.max, 'call')} in ${window}` : `${limit.amount} of ${limit.max} in ${window}`;
}

function outcomeLines(explained: ExplainedCall, width: number, style: Style): string[] {
  const { call, explanation, before } = explained;
  const { decision } = explanation;
  const code = codeOf(explained);
  if (code === 'unknown') return [style.red('REFUSED  unknown'), ...indented(before?.reason ?? '', 2, width)];
  if (code === null) {
    const counted = decision.limits.filter((limit) => limit.enforce).length;
    const limits = counted === 0 ? '' : `, if ${counted === 1 ? 'the limit leaves' : 'its limits leave'} room (not counted here)`;
    return [style.green('ALLOWED'), ...indented(`by ${originOf(decision)}${limits}`, 2, width), ...observedLines(decision.wouldBe, width)];
  }
  const heading = code === 'approval_pending' ? style.yellow('NEEDS AN APPROVAL') : `${style.red('REFUSED')}  ${code}`;
  const lines = [heading, ...indented(`by ${originOf(decision)}`, 2, width)];
  if (code === 'hidden') return [...lines, ...indented('The agent is told that there is no such thing, and no list shows it.', 2, width)];
  if (code === 'approval_pending' && decision.approval !== null) return [...lines, ...indented(approvalText(decision.approval), 2, width), ...observedLines(decision.wouldBe, width)];
  const reason = decision.effect === 'deny' ? decision.reason : (before?.reason ?? decision.reason);
  const text = refusalText({ code, kind: call.kind, name: call.name, rule: decision.rule, reason });
  return [...lines, ...indented(`The agent reads: ${text}`, 2, width), ...observedLines(decision.wouldBe, width)];
}

function originOf(verdict: Verdict): string {
  return `${printable(verdict.rule, 300)} of ${verdict.policyId === '' ? 'no policy' : printable(verdict.policyId, 100)}`;
}

function approvalText(demand: ApprovalDemand): string {
  const { needed, approvers, via, waitMs, timeoutMs } = demand;
  const who = approvers === null ? (needed === 1 ? 'anybody who may' : `${needed} different people`) : `${needed === 1 ? 'one' : needed} of ${approvers.map((name) => printable(name, 60)).join(', ')}`;
  const held = waitMs === 0 ? 'the call is not held' : `the call is held for up to ${duration(waitMs)}`;
  const ways = via.length === 0 ? 'no way is left to give it, so the call is refused' : `via ${via.join(', ')}`;
  return `To be given by ${who}, ${ways}; ${held}, and the request expires after ${duration(timeoutMs)}.`;
}

function observedLines(wouldBe: Verdict | null, width: number): string[] {
  if (wouldBe === null) return [];
  return indented(`Without observation it would be ${wouldBe.effect}${wouldBe.code === null ? '' : ` (${wouldBe.code})`}, by ${originOf(wouldBe)}.`, 2, width);
}

/** @param hanging further indent of the lines behind the first */
function indented(text: string, by: number, width: number, hanging = 0): string[] {
  return wrap(text, width - by - hanging).map((line, index) => `${' '.repeat(by + (index === 0 ? 0 : hanging))}${line}`);
}

/** Everything, for `--json`. */
export function explainJson(explained: ExplainedCall): object {
  const { call, explanation, before } = explained;
  const code = codeOf(explained);
  return {
    ...(explained.asksForClass ? { class: { category: explained.tool?.category ?? null, risk: explained.tool?.risk ?? null } } : {}),
    call: { kind: call.kind, name: call.name, args: call.args?.lexeme() ?? null, server: call.server, caller: { ...call.caller, user: call.caller.user?.value() ?? null }, at: new Date(call.at).toISOString() },
    outcome: { code: code ?? 'allow', reason: explanation.decision.reason ?? before?.reason ?? null },
    ...explanation,
  };
}
