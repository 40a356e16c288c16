import type { JsonNode } from '../wire/json-node.ts';
import { isClassSelector, spansNames } from './class-selector.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Definitions } from './definitions.ts';
import { definitionsOf, environmentsOf, toolsOf } from './definitions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { Reporter } from './diagnostic.ts';
import type { RuleModel, SelectorModel } from './document.ts';
import { hasGuards } from './check-rule.ts';
import { lintArguments } from './lint-arguments.ts';
import { parseGlob } from './glob.ts';
import { printable, quoted } from './printable.ts';
import { suggest } from './suggest.ts';
import type { Classify } from './tool-facts.ts';
import type { ToolFacts } from './types.ts';

/** Names that one message tells; the rest are counted. */
const MOST_NAMES = 10;
/** `lint-limits.ts` speaks of longer windows whatever the tool. */
const QUOTA_SECONDS = 3600;

/**
 * What only the live tools can tell (policy.md, "Tools for the author"): rules that can never match, arguments that do not exist,
 * tools that no rule covers, limits that a reconnect resets. Warnings only: the tools of a server change.
 * @param tools what `readDefinitions` gives, or the elements of `tools` of a `tools/list` result
 * @param classify what tools do to the world, for elements; left out, class rules are held against nothing
 */
export function lintAgainst(policy: CompiledPolicy, tools: Definitions | readonly JsonNode[], classify?: Classify): Diagnostic[] {
  const definitions = isList(tools) ? definitionsOf(tools, classify) : tools;
  const reporter = new Reporter(policy.text);
  const selectors = policy.document.rules.tool;
  policy.sources.checkAgainst(environmentsOf(definitions), reporter);
  for (const selector of selectors) {
    // Which tools a class rule is about cannot be said of definitions that nobody classified.
    if (isClassSelector(selector.selector) && !classified(definitions)) continue;
    const matching = toolsOf(selector.selector, definitions);
    if (matching.length === 0) {
      lintUnmatched(selector, definitions, reporter);
      continue;
    }
    lintShadowed(selector, matching, selectors, definitions, reporter);
    for (const rule of selector.rules) {
      lintArguments(rule, matching, definitions, policy.sources, reporter);
      lintSessionLimits(rule, matching, definitions, reporter);
    }
  }
  lintUncovered(policy, definitions, reporter);
  return reporter.list('warning');
}

function isList(tools: Definitions | readonly JsonNode[]): tools is readonly JsonNode[] {
  return Array.isArray(tools);
}

function classified(definitions: Definitions): boolean {
  return [...definitions.values()].every((facts) => facts.category !== null && facts.risk !== null);
}

function lintUnmatched(selector: SelectorModel, definitions: Definitions, reporter: Reporter): void {
  const [rule] = selector.rules;
  if (rule === undefined || definitions.size === 0) return;
  const at = selector.listed ? rule.at.replace(/\/0$/, '') : rule.at;
  if (isClassSelector(selector.selector)) {
    reporter.warning('unmatched_selector', selector.span, at, `no tool of this server is of the class \`${selector.selector}\``, 'keep it for tools that are still to come, or remove it');
    return;
  }
  if (selector.selector.includes('*')) {
    reporter.warning('unmatched_selector', selector.span, at, `${quoted(selector.selector, 60)} matches no tool of this server`, 'correct or remove it');
    return;
  }
  const near = suggest(selector.selector, [...definitions.keys()]);
  reporter.warning('unknown_tool', selector.span, at, `this server has no tool ${quoted(selector.selector, 60)}, so the rule never applies`, near === null ? null : `did you mean ${quoted(near, 60)}?`);
}

/** A pattern of which every tool has a more specific rule with an action of its own says nothing. Its guards would still count. */
function lintShadowed(selector: SelectorModel, matching: readonly string[], selectors: readonly SelectorModel[], definitions: Definitions, reporter: Reporter): void {
  const [rule] = selector.rules;
  if (rule === undefined || selector.listed || hasGuards(rule) || rule.observe || !spansNames(selector.selector)) return;
  const rank = rankOf(selector.selector);
  const stronger = selectors.filter((other) => rankOf(other.selector) > rank && !(isClassSelector(other.selector) && !classified(definitions)) && other.rules.some((own) => own.when === null && !own.observe));
  const covered = new Set(stronger.flatMap((other) => toolsOf(other.selector, definitions)));
  if (matching.every((name) => covered.has(name))) {
    reporter.warning('shadowed_rule', selector.span, rule.at, `every tool that ${quoted(selector.selector, 60)} matches has a more specific rule, so this one decides nothing`, 'remove it, or keep it for tools that are still to come');
  }
}

/** Exact names, globs by their literal characters, of which each has one at least, classes, `*`. */
function rankOf(selector: string): number {
  if (isClassSelector(selector)) return 0;
  if (!selector.includes('*')) return Number.POSITIVE_INFINITY;
  return selector === '*' ? -1 : parseGlob(selector).literals;
}

/** A session is as easily begun anew as a connection, so what it may do once it may do again. */
function lintSessionLimits(rule: RuleModel, matching: readonly string[], definitions: Definitions, reporter: Reporter): void {
  const counters = [
    ...rule.limits.map((limit, index) => ({ limit, at: `${rule.at}/rate_limit${rule.limitsListed ? `/${index}` : ''}` })),
    ...rule.budgets.map((limit, index) => ({ limit, at: `${rule.at}/budget${rule.budgetsListed ? `/${index}` : ''}` })),
  ];
  const grave = matching.map((name) => [name, gravity(definitions.get(name))] as const).find(([, why]) => why !== null);
  if (grave === undefined) return;
  const [tool, why] = grave;
  for (const { limit, at } of counters) {
    if (!limit.per.includes('session') || limit.windowSeconds >= QUOTA_SECONDS) continue;
    reporter.warning('session_limit', limit.span, at, `this is counted per session, and ${quoted(tool, 60)} ${why}: a client that reconnects starts again at zero`, 'count it for the whole grant: `per: grant`');
  }
}

/** Why calls of a tool matter; null: they do not much. What the server says of itself counts only where nothing classified the tool. */
function gravity(facts: ToolFacts | undefined): string | null {
  const risk = facts?.risk ?? null;
  if (risk !== null) return risk === 'high' || risk === 'critical' ? `has the risk class ${risk}` : null;
  return facts?.annotations?.get('readOnlyHint')?.kind === 'true' ? null : 'may change something';
}

function lintUncovered(policy: CompiledPolicy, definitions: Definitions, reporter: Reporter): void {
  const covered = new Set(policy.document.rules.tool.flatMap(({ selector }) => toolsOf(selector, definitions)));
  const rest = [...definitions.keys()].filter((name) => !covered.has(name));
  if (rest.length === 0) return;
  const names = rest.slice(0, MOST_NAMES).map((name) => printable(name, 60)).join(', ');
  const more = rest.length > MOST_NAMES ? ` and ${rest.length - MOST_NAMES} more` : '';
  reporter.warning('uncovered_tools', { start: 0, end: 0 }, '/default', `no rule names ${rest.length === 1 ? 'this tool' : `these ${rest.length} tools`}, so \`default: ${policy.document.default}\` decides: ${names}${more}`, null);
}
