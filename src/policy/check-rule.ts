import type { Action, LimitModel, RuleModel } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { pointer } from './pointer.ts';
import { checkRateLimit } from './check-limit.ts';
import { unknownKey, wordOf } from './check-words.ts';

export const RULE_KEYS = ['action', 'reason', 'mode', 'rate_limit'] as const;
export const ACTIONS = ['allow', 'deny', 'hide'] as const;

/** Words of the language that this version cannot enforce. They are refused, never ignored: an ignored guard lets calls through. */
const NOT_YET: ReadonlySet<string> = new Set(['when', 'arguments', 'additional', 'schema', 'require', 'deny_if', 'budget', 'approval']);

/** Agents read reasons; a page of text is a mistake. */
const LONGEST_REASON = 1000;

/** Checks one selector's value: a word or a map. policy.md, "Rule". */
export function checkRule(entry: SourceEntry, at: string, reporter: Reporter): RuleModel | null {
  const { key: selector, value, keySpan: span } = entry;
  const none = { reason: null, observe: false, limits: [], limitsListed: false };
  switch (value.kind) {
    case 'broken':
      return null;
    case 'string': {
      const action = checkAction(value, at, 'the rule', reporter);
      return action === null ? null : { selector, action, ...none, span };
    }
    case 'map':
      return checkRuleMap(selector, value, entry, at, reporter);
    case 'list':
      reporter.error('not_supported_yet', value.span, at, 'a list of rules (with `when`) is part of the language but not supported by this version', 'write one rule');
      return null;
    default: {
      const help = value.kind === 'null' ? 'write an action, for example `deny`, or remove the line' : 'write an action, for example `deny`, or a map such as `{ action: deny, reason: ... }`';
      reporter.error('wrong_type', value.span, at, `the rule is ${found(value)}; expected an action or a map`, help);
      return null;
    }
  }
}

function checkRuleMap(selector: string, map: Extract<SourceNode, { kind: 'map' }>, entry: SourceEntry, at: string, reporter: Reporter): RuleModel | null {
  let action: Action | null = null;
  let reason: string | null = null;
  let observe = false;
  let limits: LimitModel[] = [];
  let limitsListed = false;
  for (const field of map.entries) {
    const here = at + pointer(field.key);
    switch (field.key) {
      case 'action':
        action = checkAction(field.value, here, '`action`', reporter);
        break;
      case 'reason':
        reason = checkReason(field.value, here, reporter);
        break;
      case 'mode':
        observe = checkRuleMode(field.value, here, reporter);
        break;
      case 'rate_limit':
        limits = checkRateLimit(field.value, here, reporter);
        limitsListed = field.value.kind === 'list';
        break;
      default:
        if (NOT_YET.has(field.key)) {
          reporter.error('not_supported_yet', field.keySpan, here, `\`${field.key}\` is part of the language but not supported by this version`, 'remove it, or deny the tool until it is supported');
        } else {
          unknownKey(reporter, field, here, 'a rule', RULE_KEYS, hintForRule(field.key));
        }
    }
  }
  const keys = new Set(map.entries.map((field) => field.key));
  if (!map.damaged && ![...keys].some((key) => key !== 'reason' && key !== 'mode')) {
    reporter.error('empty_rule', entry.keySpan, at, 'the rule has neither an action nor a limit', 'add `action: deny`, or write the action alone: `name: deny`');
    return null;
  }
  return { selector, action, reason, observe, limits, limitsListed, span: entry.keySpan };
}

function hintForRule(key: string): string | null {
  if (key === 'default') return '`default` belongs to the document; a rule has `action`';
  if (key === 'max' || key === 'window' || key === 'per') return `\`${key}\` belongs to a limit: write \`rate_limit: { max: 10, window: 60 }\``;
  return null;
}

/** Reads an action; `require_approval` is known and refused. `subject` starts the message. */
export function checkAction(node: SourceNode, at: string, subject: string, reporter: Reporter): Action | null {
  if (node.kind !== 'string' || node.value !== 'require_approval') return wordOf(node, ACTIONS, at, subject, 'bad_action', reporter);
  reporter.error('not_supported_yet', node.span, at, '`require_approval` is part of the language but not supported by this version', 'use `deny` until it is');
  return null;
}

function checkReason(node: SourceNode, at: string, reporter: Reporter): string | null {
  if (node.kind === 'broken') return null;
  if (node.kind !== 'string') {
    reporter.error('wrong_type', node.span, at, `\`reason\` is ${found(node)}; expected a string`, 'put the text in quotes');
    return null;
  }
  if (node.value.trim() === '') {
    reporter.error('empty_reason', node.span, at, '`reason` is empty; expected a sentence for the agent', 'write why, or remove `reason`');
    return null;
  }
  if (node.value.length > LONGEST_REASON) {
    reporter.error('too_long', node.span, at, `\`reason\` has ${node.value.length} characters; expected at most ${LONGEST_REASON}`, null);
    return null;
  }
  return node.value;
}

function checkRuleMode(node: SourceNode, at: string, reporter: Reporter): boolean {
  if (node.kind === 'string' && node.value === 'enforce') {
    reporter.error('bad_mode', node.span, at, 'the `mode` of a rule is `enforce`; expected `observe`', 'rules are enforced unless they say `observe`: remove the line');
    return false;
  }
  return wordOf(node, ['observe'], at, 'the `mode` of a rule', 'bad_mode', reporter) !== null;
}
