import { CATEGORIES } from '../severity.ts';
import { entryLines, ruleLines } from './rule-yaml.ts';
import { selectorOf } from './selector.ts';
import { type Group, GROUPS, groupOf, hostileFindings, TREATMENTS } from './treatment.ts';
import type { StarterTool } from './types.ts';
import { commentText, yamlKey, yamlString } from './yaml-text.ts';

/** What a group is and why it is treated so: the reviewer's question, answered once per group. */
const HEADINGS: Readonly<Record<Group, readonly [title: string, ...why: readonly string[]]>> = {
  suspicious: ['hidden: the definition itself is suspicious', 'Its text would reach the model with every list. Look at it with `policylayer scan` first.'],
  secrets: ['hidden: secrets', 'Returns or sets credentials. What a model has read stays in its context and in transcripts.'],
  financial: ['a person decides: money', 'Moves money or binds somebody to pay. Add a `maximum` and a `budget` in your currency.'],
  destructive: ['a person decides: destructive', 'What it removes does not come back by ordinary means.'],
  powerful: ['a person decides: far-reaching', 'Code, commands, queries or addresses of the caller\'s choice, or many things at once.'],
  permissions: ['a person decides: permissions', 'Changes who may do what.'],
  execute: ['limited and checked: starts something', 'Effects reach further than the record it touches. Few calls, arguments that are what they claim to be.'],
  wide_write: ['limited and checked: changes much', 'Changes many records, or more than a record.'],
  write: ['limited: changes something', 'Can be changed back by ordinary means. The limit stops an agent that loops.'],
  wide_read: ['read, with a low cap', 'Reads widely, or is known by its name alone. Raise the cap once you know it.'],
  read: ['read', 'Returns data and changes nothing. The cap stops an agent that loops.'],
};

/**
 * A policy for the tools of one server that a reviewer can sign: every tool named exactly, reads capped, writes limited, execution
 * limited and checked, destruction and money behind an approval, secrets hidden, everything else denied. Nothing that the server wrote
 * is copied but names, in a form that loads.
 *
 * @param tools in any order; of a name that is there twice the most careful treatment counts
 * @param options `origin`: what was scanned, for the heading; `name`: the server's name, for the description
 */
export function starterPolicy(tools: readonly StarterTool[], options: { readonly origin: string; readonly name?: string }): string {
  const plan = planOf(tools);
  const lines = [
    `# A starting point for ${commentText(options.origin)}, proposed by PolicyLayer. Read it before you sign it.`,
    `# ${summary(plan)}`,
    '#',
    '# Every tool is named. What is not named here is denied, also what the server adds later, and its',
    '# resources and prompts: add `resources:` and `prompts:` where an agent needs them.',
    '# Classes are judged from definitions that the server wrote about itself.',
    '# Limits count per grant: one per session would start at zero with every reconnect.',
    '',
    'version: "1"',
    `description: ${yamlString(`Starter policy for ${commentText(options.name ?? options.origin, 80)}`)}`,
    'default: deny',
    'client:',
    '  sampling: deny       # the server would use your model and its budget',
    '  elicitation: deny    # the server would ask your user questions, for passwords too',
  ];
  if (plan.length === 0) return [...lines, 'tools: {}', ''].join('\n');
  const rules = GROUPS.flatMap((group) => groupLines(group, plan.filter((entry) => entry.group === group)));
  const named = plan.some(({ tool }) => selectorOf(tool.name).kind !== 'none');
  return [...lines, named ? 'tools:' : 'tools: {}', ...rules, ''].join('\n');
}

function summary(plan: readonly Planned[]): string {
  const counts = CATEGORIES.map((category) => [category, plan.filter(({ tool }) => tool.classification.category === category).length] as const).filter(([, count]) => count > 0);
  const tools = plan.length === 1 ? '1 tool' : `${plan.length} tools`;
  return counts.length === 0 ? `${tools}.` : `${tools}: ${counts.map(([category, count]) => `${count} ${category}`).join(', ')}.`;
}

interface Planned {
  readonly tool: StarterTool;
  readonly group: Group;
  /** The name is listed twice, and the definitions differ in what can be checked. */
  readonly twice: boolean;
}

function planOf(tools: readonly StarterTool[]): readonly Planned[] {
  const byName = new Map<string, Planned>();
  for (const tool of tools) {
    const group = groupOf(tool);
    const before = byName.get(tool.name);
    const stricter = before === undefined || GROUPS.indexOf(group) < GROUPS.indexOf(before.group);
    byName.set(tool.name, stricter ? { tool, group, twice: before !== undefined } : { ...before, twice: true });
  }
  return [...byName.values()].toSorted((a, b) => (a.tool.name < b.tool.name ? -1 : 1));
}

function groupLines(group: Group, entries: readonly Planned[]): readonly string[] {
  if (entries.length === 0) return [];
  const [title, ...why] = HEADINGS[group];
  return ['', `  # ---- ${title} (${entries.length})`, ...why.map((line) => `  # ${line}`), ...entries.flatMap((entry) => toolLines(entry).map((line) => `  ${line}`))];
}

function toolLines({ tool, group, twice }: Planned): readonly string[] {
  const selector = selectorOf(tool.name);
  if (selector.kind === 'none') return [`# ${commentText(tool.name, 80)}: no selector can name it; the default denies it`];
  if (selector.kind === 'glob') return entryLines(yamlKey(selector.text), ['deny'], 'cannot be named exactly: this pattern fits other names too, so it only forbids');
  const treatment = TREATMENTS[group];
  // Which of two definitions a call means, nobody can say: what one of them declares is no check.
  const rule = twice ? ruleLines({ ...treatment, validated: false }, { ...tool, parameters: [] }) : ruleLines(treatment, tool);
  return entryLines(yamlKey(selector.text), rule, remark(tool, twice));
}

/** What a reviewer should know about this one tool, in words of ours. */
function remark(tool: StarterTool, twice: boolean): string {
  const { category, confidence, findings, signals } = tool.classification;
  const hostile = hostileFindings(tool);
  const parts = [
    ...(hostile.length > 0 ? hostile.map((finding) => finding.replaceAll('_', ' ')) : signals.filter((signal) => signal !== 'open_world' && signal !== 'many_parameters').map((signal) => signal.replaceAll('_', ' '))),
    ...(findings.includes('contradiction') ? ['says otherwise in its annotations'] : []),
    ...(confidence === 'low' ? ['low confidence'] : []),
    ...(twice ? ['listed twice'] : []),
  ];
  return parts.length === 0 ? '' : `${category}; ${parts.join(', ')}`;
}
