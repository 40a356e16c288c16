import type { Limit, OldApproval, OldPolicy, OldTool } from './model.ts';
import { NOTHING } from './model.ts';
import type { NoteCode } from './notes.ts';

/** A rule of this language, before it is written. */
export interface NewRule {
  /** The names of the old rules that it comes from, and what could not be kept. */
  readonly comments: readonly string[];
  readonly when: string | null;
  readonly action: 'allow' | 'deny' | 'hide' | 'require_approval' | null;
  readonly reason: string | null;
  readonly timeout: string | null;
  readonly guards: OldTool | null;
}

export interface NewPolicy {
  readonly description: string | null;
  readonly default: 'allow' | 'deny' | 'hide';
  /** Rules by selector, in order. More than one: a list. */
  readonly tools: ReadonlyMap<string, readonly NewRule[]>;
  readonly notes: readonly { readonly code: NoteCode; readonly tool: string }[];
  /** Why there is none; then the rest means nothing. */
  readonly problem: { readonly tool: string; readonly message: string; readonly help: string } | null;
}

const PLAIN: NewRule = { comments: [], when: null, action: null, reason: null, timeout: null, guards: null };

/**
 * Says in rules of this language what the old policy says. The differences that matter: here one rule decides the action, the most
 * specific one, and only guards add up; there the rules for `*` came on top of everything, and unlisted tools never met them under
 * `default: deny`.
 */
export function compose(old: OldPolicy): NewPolicy {
  const tools = new Map<string, readonly NewRule[]>();
  const notes: { code: NoteCode; tool: string }[] = [];
  const done = (fallback: NewPolicy['default'], problem: NewPolicy['problem'] = null): NewPolicy => ({ description: old.description, default: fallback, tools, notes, problem });
  if (old.hidden.includes('*')) {
    if (old.tools.size > 0 || old.hidden.length > 1 || old.everything !== NOTHING) notes.push({ code: 'everything_hidden', tool: '*' });
    return done('hide');
  }
  const { everything } = old;
  const hidden = new Set(old.hidden);
  for (const name of hidden) {
    if (old.tools.has(name)) notes.push({ code: 'hidden_wins', tool: name });
    tools.set(name, [{ ...PLAIN, action: 'hide' }]);
  }
  if (everything.denied !== null) {
    if (old.tools.size > 0) notes.push({ code: 'everything_denied', tool: '*' });
    tools.set('*', [{ ...PLAIN, ...named(everything.denied.name), action: 'deny', reason: everything.denied.reason }]);
    return done(old.default);
  }
  const asking = everything.approvals;
  const conditional = asking.some((approval) => approval.when !== null) && !asking.some((approval) => approval.when === null);
  if (conditional && hasGuards(everything) && old.default === 'allow') {
    return done(old.default, { tool: '*', message: 'the rules for `*` have limits or conditions beside an approval that is asked for sometimes, which cannot be said for every tool at once', help: 'ask for the approval always, or move the approval to the tools that need it' });
  }
  for (const [name, tool] of old.tools) {
    if (hidden.has(name)) continue;
    if (tool.denied === null && asking.length > 0) notes.push({ code: 'approval_for_all', tool: name });
    composeTool(name, { ...tool, approvals: [...tool.approvals, ...asking] }, tools, notes);
  }
  composeEverything(old, tools, notes);
  return done(old.default);
}

function composeTool(name: string, tool: OldTool, tools: Map<string, readonly NewRule[]>, notes: { code: NoteCode; tool: string }[]): void {
  if (tool.denied !== null) {
    tools.set(name, [{ ...PLAIN, ...named(tool.denied.name), action: 'deny', reason: tool.denied.reason }]);
    return;
  }
  const always = tool.approvals.find((approval) => approval.when === null);
  const reasons = reasonsOf(tool.limits, name, notes);
  if (always !== undefined || tool.approvals.length === 0) {
    const action = always === undefined ? 'allow' : 'require_approval';
    const comments = [...named(always?.name ?? null).comments, ...reasons.comments];
    tools.set(name, [{ ...PLAIN, comments, action, reason: reasons.reason ?? always?.reason ?? null, timeout: shortest(tool.approvals), guards: tool }]);
    return;
  }
  const asking = tool.approvals.map((approval): NewRule => ({ ...PLAIN, ...named(approval.name), when: approval.when, action: 'require_approval', reason: approval.reason, timeout: approval.timeout }));
  tools.set(name, [...asking, { ...PLAIN, action: 'allow' }]);
  if (!hasGuards(tool)) return;
  // The rules of a list have counters of their own, so a limit in each of them would let through twice as much. A glob adds up.
  notes.push({ code: 'guards_apart', tool: name });
  tools.set(`${name}*`, [{ ...PLAIN, comments: [`limits and conditions of ${name} alone`, ...reasons.comments], when: `tool.name == ${JSON.stringify(name)}`, reason: reasons.reason, guards: tool }]);
}

function composeEverything(old: OldPolicy, tools: Map<string, readonly NewRule[]>, notes: { code: NoteCode; tool: string }[]): void {
  const { everything } = old;
  const reasons = reasonsOf(everything.limits, '*', notes);
  if (old.default === 'deny') {
    // Tools that are not listed stay refused; the guards add up at those that are.
    if (hasGuards(everything)) tools.set('*', [{ ...PLAIN, comments: ['adds up with the rules of the tools above; other tools stay refused', ...reasons.comments], action: 'deny', reason: reasons.reason, guards: everything }]);
    return;
  }
  if (everything.approvals.length > 0) composeTool('*', everything, tools, notes);
  else if (hasGuards(everything)) tools.set('*', [{ ...PLAIN, comments: reasons.comments, action: 'allow', reason: reasons.reason, guards: everything }]);
}

function hasGuards(tool: OldTool): boolean {
  return tool.require.length > 0 || tool.denyIf.length > 0 || tool.limits.length > 0;
}

/** A rule has one reason for its limits; several different ones become comments. */
function reasonsOf(limits: readonly Limit[], tool: string, notes: { code: NoteCode; tool: string }[]): { reason: string | null; comments: readonly string[] } {
  const reasons = [...new Set(limits.map((limit) => limit.reason))];
  const [first = null] = reasons;
  if (reasons.length < 2) return { reason: first, comments: [] };
  notes.push({ code: 'reasons_of_limits', tool });
  return { reason: null, comments: limits.flatMap((limit) => (limit.reason === null ? [] : [`${limit.max} per ${limit.window}: ${limit.reason}`])) };
}

function named(name: string | null): { comments: readonly string[] } {
  return { comments: name === null ? [] : [name] };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function shortest(approvals: readonly OldApproval[]): string | null {
  const given = approvals.flatMap(({ timeout }) => (timeout === null ? [] : [timeout]));
  const seconds = (text: string): number => Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 1);
  return given.toSorted((a, b) => seconds(a) - seconds(b))[0] ?? null;
}
