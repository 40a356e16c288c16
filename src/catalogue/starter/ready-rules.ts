import { entryLines, limitText, ruleLines, validationLines } from './rule-yaml.ts';
import { selectorOf } from './selector.ts';
import { type Group, groupOf, type Treatment, TREATMENTS } from './treatment.ts';
import type { ReadyRule, RuleKind, StarterTool } from './types.ts';
import { yamlKey } from './yaml-text.ts';

/** Why the recommended rule is the recommended one, by group. */
const WHY: Readonly<Record<Group, string>> = {
  suspicious: 'The definition itself carries something hostile, so its text should not reach a model at all.',
  secrets: 'It handles secrets. What a model has read stays in its context and in transcripts, so it should not see the tool.',
  financial: 'It moves money or binds somebody to pay. A person looks at each call; a limit keeps the requests few.',
  destructive: 'What it removes does not come back by ordinary means. A person looks at each call; a limit keeps the requests few.',
  powerful: 'It reaches far: code, commands, queries or addresses of the caller\'s choice, or many things at once. A person reads each call before it runs.',
  permissions: 'It changes who may do what. That is decided by a person.',
  execute: 'It starts something whose effects reach further than the record it touches: few calls a minute, and arguments that are what they claim to be.',
  wide_write: 'It changes more than one ordinary record: few calls a minute, and arguments that are what they claim to be.',
  write: 'It changes state that can be changed back: a limit stops an agent that loops.',
  wide_read: 'It reads, but widely or by its name alone: a low limit until you know it.',
  read: 'It only returns data: a generous limit stops an agent that loops and hinders nobody else.',
};

/** The same where the tool declares nothing that its arguments could be checked against. */
const WHY_UNCHECKED: Readonly<Partial<Record<Group, string>>> = {
  execute: 'It starts something whose effects reach further than the record it touches, and declares nothing to check its arguments against: few calls a minute.',
  wide_write: 'It changes more than one ordinary record, and declares nothing to check its arguments against: few calls a minute.',
};

/**
 * What can be done about one tool, the recommended rule first: each a whole document, so that it can be copied, checked and tried by
 * itself. A name that no selector can say exactly gets only rules that forbid or ask.
 */
export function readyRules(tool: StarterTool): readonly ReadyRule[] {
  const selector = selectorOf(tool.name);
  if (selector.kind === 'none') return [{ kind: 'recommended', title: 'Recommended: deny', why: 'No selector can name this tool, so only the default decides it.', yaml: 'version: "1"\ndefault: deny\n' }];
  const group = groupOf(tool);
  const make = (kind: RuleKind, title: string, why: string, lines: readonly string[]): ReadyRule => ({ kind, title, why, yaml: document(selector.text, lines) });
  if (selector.kind === 'glob') {
    const wide = 'The name cannot be written exactly: the pattern also fits other names.';
    return [
      make('recommended', 'Recommended: deny', wide, ['deny']),
      make('hide', 'Hide', `${wide} Every tool that it fits is absent from lists.`, ['hide']),
      make('approval', 'Require approval', `${wide} A person decides each call of any tool that it fits.`, ['require_approval']),
    ];
  }
  const treatment = TREATMENTS[group];
  const checks = validationLines(tool, false);
  const limit = treatment.action === 'allow' && treatment.limit !== null ? treatment.limit : { max: 10, window: '1m' };
  const basic = [
    make('rate_limit', `Allow at most ${limit.max} calls a minute`, 'The call after the last is refused and told when there is room again. Counted per grant, so that a reconnect does not start at zero.', [`{ rate_limit: ${limitText(limit)} }`]),
    ...(checks.length === 0 ? [] : [make('validate', 'Allow with checked arguments', 'A call whose arguments are not what the tool declares, or not what their names promise, never reaches the server.', ['action: allow', ...checks])]),
    make('approval', 'Require approval', 'The call waits until a person has seen its exact arguments. An approval is for that one call and is used once.', ['require_approval']),
    make('deny', 'Deny', 'The agent sees the tool and is told why it may not use it.', ['{ action: deny, reason: Not for agents }']),
    make('hide', 'Hide', 'The tool is absent from lists, and a call is answered as if it did not exist.', ['hide']),
    make('allow', 'Allow', 'Every call passes and is recorded. For tools that you know.', ['allow']),
  ];
  const lines = ruleLines(treatment, tool);
  const checked = treatment.validated && lines.some((line) => /schema: upstream|^arguments:|require: /.test(line));
  const recommended = make('recommended', recommendedTitle(treatment, checked), (checked ? undefined : WHY_UNCHECKED[group]) ?? WHY[group], lines);
  return [recommended, ...basic.filter((rule) => rule.yaml !== recommended.yaml)];
}

function recommendedTitle({ action, limit }: Treatment, checked: boolean): string {
  if (action === 'hide') return 'Recommended: hide';
  if (limit === null) return `Recommended: ${action}`;
  const rate = `${limit.max} calls ${limit.window === '1h' ? 'an hour' : 'a minute'}`;
  if (action === 'require_approval') return `Recommended: require approval, at most ${rate}`;
  return `Recommended: at most ${rate}${checked ? ', arguments checked' : ''}`;
}

function document(selector: string, lines: readonly string[]): string {
  const entry = entryLines(yamlKey(selector), lines, '');
  return ['version: "1"', 'default: deny', 'tools:', ...entry.map((line) => `  ${line}`), ''].join('\n');
}
