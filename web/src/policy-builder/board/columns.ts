import { isMap } from '../yaml/render.ts';
import type { RuleChange } from '../yaml/edit-rules.ts';

export const COLUMNS = ['allow', 'rate_limit', 'require_approval', 'deny', 'hide'] as const;
export type Column = (typeof COLUMNS)[number];

export const COLUMN_TITLES: Readonly<Record<Column, string>> = { allow: 'Allow', rate_limit: 'Rate limit', require_approval: 'Require approval', deny: 'Deny', hide: 'Hide' };
export const COLUMN_HINTS: Readonly<Record<Column, string>> = {
  allow: 'Calls are forwarded',
  rate_limit: 'Forwarded, up to a limit',
  require_approval: 'A person says yes first',
  deny: 'Refused with a reason',
  hide: 'As if it did not exist',
};

/** The limit of a tool that comes to the column of limits without one. */
export const FIRST_LIMIT = '10/minute';

export interface Move {
  readonly changes: readonly RuleChange[];
  /** Selectors that have a list of rules: a move would have to throw the list away. */
  readonly refused: readonly string[];
}

/**
 * What has to change in the policy so that selectors stand in a column. Guards stay, but for what cannot stand beside the new action: an approval
 * without `require_approval` is an error, and a tool that leaves the column of limits loses its own limit.
 * @param ruleOf the rule of a selector as it is written; undefined: none of its own
 */
export function moveTo(column: Column, selectors: readonly string[], ruleOf: (selector: string) => unknown, limit: unknown = FIRST_LIMIT): Move {
  const changes: RuleChange[] = [];
  const refused: string[] = [];
  for (const selector of selectors) {
    const rule = ruleOf(selector);
    if (Array.isArray(rule)) {
      refused.push(selector);
      continue;
    }
    const now = isMap(rule) ? rule : {};
    const set: Record<string, unknown> = {};
    if (column === 'rate_limit') {
      // A limit alone allows; on a selector of several tools the action is written, so that nobody has to know that.
      if (rule !== undefined || /[*@]/.test(selector)) set['action'] = 'allow';
      if (now['rate_limit'] === undefined) set['rate_limit'] = limit;
    } else {
      set['action'] = column;
      if (now['rate_limit'] !== undefined && column === 'allow') set['rate_limit'] = undefined;
    }
    if (column !== 'require_approval' && now['approval'] !== undefined) set['approval'] = undefined;
    changes.push({ selector, set });
  }
  return { changes, refused };
}

/** Takes the own rules of tools away, so that a glob, a class or the default decides again. */
export function resetOf(selectors: readonly string[], ruleOf: (selector: string) => unknown): readonly RuleChange[] {
  return selectors.filter((selector) => ruleOf(selector) !== undefined).map((selector) => ({ selector, remove: true }));
}

export interface Origin {
  readonly kind: 'own' | 'glob' | 'class' | 'every' | 'default';
  /** The selector; `default` for that. */
  readonly selector: string;
}

/** Which rule of the document decides, in words of the board. @param pointer `/tools/get_*`, `/tools/x/0/when`, `/default` */
export function originOf(pointer: string | null, tool: string): Origin {
  const [, section, selector] = (pointer ?? '/default').split('/');
  if (section !== 'tools' || selector === undefined) return { kind: 'default', selector: 'default' };
  const name = selector.replaceAll('~1', '/').replaceAll('~0', '~');
  if (name === tool) return { kind: 'own', selector: name };
  if (name === '*') return { kind: 'every', selector: name };
  return { kind: name.startsWith('@') ? 'class' : 'glob', selector: name };
}

/** Guards as badges: `{kind}` or a word or a pointer. */
export function guardLabels(guards: readonly unknown[]): string[] {
  const words: Readonly<Record<string, string>> = { arguments: 'arguments', additional: 'closed', schema: 'schema', require: 'condition', deny_if: 'condition', rate_limit: 'limit', budget: 'budget', approval: 'approval', when: 'when', observe: 'observes' };
  const out = new Set<string>();
  for (const guard of guards) {
    const kind = typeof guard === 'string' ? guard : isMap(guard) && typeof guard['kind'] === 'string' ? guard['kind'] : '';
    const word = kind.split('/').findLast((part) => Object.hasOwn(words, part));
    out.add(word === undefined ? kind : (words[word] ?? kind));
  }
  out.delete('');
  return [...out];
}
