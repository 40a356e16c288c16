import type { ApprovalModel } from './document.ts';
import { APPROVAL_WAYS } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { pointer } from './pointer.ts';
import { printable, quoted } from './printable.ts';
import { isPlainWhole } from './check-window.ts';
import { readDuration } from './check-duration.ts';
import { oneOf, unknownKey, wordOf } from './check-words.ts';

const APPROVAL_KEYS = ['timeout', 'wait', 'approvers', 'via'] as const;
const APPROVERS_KEYS = ['needed', 'of'] as const;
const MOST_APPROVERS = 20;
const LONGEST_NAME = 100;
const MINUTE = 60;
const DAY = 86_400;

/** Checks `approval`. policy.md, "Rule" and "Approval". */
export function checkApproval(node: SourceNode, at: string, reporter: Reporter): ApprovalModel | null {
  if (node.kind === 'broken') return null;
  if (node.kind !== 'map') {
    reporter.error('wrong_type', node.span, at, `\`approval\` is ${found(node)}; expected a map`, 'write for example `approval: { timeout: 1h, approvers: [alice, bob] }`');
    return null;
  }
  const fields = new Map<string, SourceEntry>();
  for (const entry of node.entries) {
    if ((APPROVAL_KEYS as readonly string[]).includes(entry.key)) fields.set(entry.key, entry);
    else unknownKey(reporter, entry, at + pointer(entry.key), '`approval`', APPROVAL_KEYS, null);
  }
  if (node.entries.length === 0 && !node.damaged) {
    reporter.error('empty_approval', node.span, at, `\`approval\` is empty; expected ${oneOf(APPROVAL_KEYS)}`, 'remove it: every part has a default');
    return null;
  }
  const timeout = fields.get('timeout')?.value;
  const wait = fields.get('wait')?.value;
  const approvers = fields.get('approvers')?.value;
  const via = fields.get('via')?.value;
  const who = approvers === undefined ? { needed: null, names: null } : checkApprovers(approvers, `${at}/approvers`, reporter);
  const times = {
    timeoutSeconds: timeout === undefined ? null : readDuration(timeout, `${at}/timeout`, '`timeout`', MINUTE, 7 * DAY, reporter),
    waitSeconds: wait === undefined ? null : readDuration(wait, `${at}/wait`, '`wait`', 0, 10 * MINUTE, reporter),
  };
  if (wait !== undefined && times.timeoutSeconds !== null && times.waitSeconds !== null && times.waitSeconds > times.timeoutSeconds) {
    reporter.error('bad_duration', wait.span, `${at}/wait`, `\`wait\` is longer than \`timeout\` (${times.timeoutSeconds} s), so the call would be held for a request that has ended`, 'make it at most as long');
  }
  return {
    ...times,
    needed: who.needed,
    approvers: who.names,
    via: via === undefined ? null : checkVia(via, `${at}/via`, reporter),
  };
}

interface Who {
  readonly needed: number | null;
  readonly names: readonly string[] | null;
}

const NOBODY: Who = { needed: null, names: null };

/** `2`, `[alice, bob]` or `{ needed: 2, of: [alice, bob, carol] }`. */
function checkApprovers(node: SourceNode, at: string, reporter: Reporter): Who {
  if (node.kind === 'number') return { needed: checkNeeded(node, at, '`approvers`', reporter), names: null };
  if (node.kind === 'list') return { needed: 1, names: checkNames(node, at, reporter) };
  if (node.kind !== 'map') {
    if (node.kind !== 'broken') {
      const help = node.kind === 'string' ? `write a list: \`approvers: [${printable(node.value, 40)}]\`` : 'write for example `approvers: 2`, `approvers: [alice, bob]` or `approvers: { needed: 2, of: [alice, bob, carol] }`';
      reporter.error('wrong_type', node.span, at, `\`approvers\` is ${found(node)}; expected a number, a list of names, or \`{ needed, of }\``, help);
    }
    return NOBODY;
  }
  let needed: number | null = null;
  let names: readonly string[] | null = null;
  for (const entry of node.entries) {
    const here = at + pointer(entry.key);
    if (entry.key === 'needed') needed = checkNeeded(entry.value, here, '`needed`', reporter);
    else if (entry.key === 'of') names = checkNames(entry.value, here, reporter);
    else unknownKey(reporter, entry, here, '`approvers`', APPROVERS_KEYS, null);
  }
  for (const key of APPROVERS_KEYS) {
    if (!node.damaged && !node.entries.some((entry) => entry.key === key)) reporter.error('missing_key', { start: node.span.start, end: node.span.start }, at, `\`approvers\` has no \`${key}\``, 'write for example `{ needed: 2, of: [alice, bob, carol] }`');
  }
  if (needed !== null && names !== null && needed > names.length) {
    reporter.error('bad_approvers', node.span, at, `${needed} approvals are needed of ${names.length} names, so no call could ever be approved`, 'name more approvers, or lower `needed`');
  }
  return { needed, names };
}

function checkNeeded(node: SourceNode, at: string, subject: string, reporter: Reporter): number | null {
  if (node.kind === 'number' && isPlainWhole(node.text) && node.value >= 1 && node.value <= MOST_APPROVERS) return node.value;
  if (node.kind !== 'broken') reporter.error('bad_approvers', node.span, at, `${subject} is ${found(node)}; expected a whole number from 1 to ${MOST_APPROVERS}`, null);
  return null;
}

function checkNames(node: SourceNode, at: string, reporter: Reporter): readonly string[] | null {
  if (node.kind === 'broken') return null;
  if (node.kind !== 'list' || node.items.length === 0 || node.items.length > MOST_APPROVERS) {
    const what = node.kind === 'list' ? `${node.items.length} names` : found(node);
    reporter.error(node.kind === 'list' ? 'bad_approvers' : 'wrong_type', node.span, at, `the list of approvers is ${what}; expected a list of 1 to ${MOST_APPROVERS} names`, 'write for example `[alice, bob]`');
    return null;
  }
  const names = new Set<string>();
  for (const [index, item] of node.items.entries()) {
    if (item.kind === 'broken') continue;
    const here = at + pointer(index);
    if (item.kind !== 'string' || item.value.trim() !== item.value || item.value === '' || item.value.length > LONGEST_NAME) {
      reporter.error('bad_approvers', item.span, here, `an approver is ${found(item)}; expected a name of 1 to ${LONGEST_NAME} characters`, item.kind === 'number' ? 'put the name in quotes' : null);
    } else if (names.has(item.value)) {
      reporter.error('duplicate_approver', item.span, here, `${quoted(item.value, 60)} is in the list twice`, 'remove one of the two');
    } else names.add(item.value);
  }
  return [...names].sort();
}

function checkVia(node: SourceNode, at: string, reporter: Reporter): ApprovalModel['via'] {
  if (node.kind !== 'list') {
    const way = wordOf(node, APPROVAL_WAYS, at, '`via`', 'bad_via', reporter);
    return way === null ? null : [way];
  }
  if (node.items.length === 0) {
    reporter.error('empty_list', node.span, at, '`via` is an empty list, so nobody could ever approve', `write one of ${oneOf(APPROVAL_WAYS)}`);
    return null;
  }
  const ways = node.items.map((item, index) => wordOf(item, APPROVAL_WAYS, at + pointer(index), 'an entry of `via`', 'bad_via', reporter));
  for (const [index, item] of node.items.entries()) {
    const way = ways[index] ?? null;
    if (way !== null && ways.indexOf(way) < index) reporter.error('duplicate_via', item.span, at + pointer(index), `\`${way}\` is in \`via\` twice`, 'remove one of the two');
  }
  return APPROVAL_WAYS.filter((way) => ways.includes(way));
}
