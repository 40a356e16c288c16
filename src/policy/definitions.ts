import { JsonNode } from '../wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../wire/limits.ts';
import type { ClassFacts } from './class-selector.ts';
import { classOf, isClassSelector, matchesClass, RISKS } from './class-selector.ts';
import type { Environments } from './compile-sources.ts';
import { matchesGlob, parseGlob } from './glob.ts';
import { jsonOf, nodeOf } from './plain-json.ts';
import type { Classify } from './tool-facts.ts';
import { factsOf } from './tool-facts.ts';
import type { ToolFacts } from './types.ts';

/** The tools of a server by name, as it lists them. */
export type Definitions = ReadonlyMap<string, ToolFacts>;

/**
 * What a tool's definition says, for conditions and checks. Parts of the wrong type count as not there.
 * @param definition one element of `tools` of a `tools/list` result: JSON text, a plain object, or a node
 * @param classify left out: the class of the tool is not known, and rules that ask for it refuse
 * @throws TypeError when it is no JSON, or has no JSON form
 */
export function toolFacts(definition: JsonNode | string | object, classify?: Classify): ToolFacts {
  const tool = asNode(definition, 'the definition is', 'definition');
  return { ...factsOf(tool), ...classFacts(tool, classify) };
}

function classFacts(tool: JsonNode, classify: Classify | undefined): ClassFacts {
  if (classify === undefined) return { category: null, risk: null };
  const { category, risk, effects = [] } = classify(tool);
  return { category, risk, effects };
}

const SEVERITY: readonly (readonly string[])[] = [['read'], ['write'], ['execute'], ['destructive', 'financial']];

/**
 * The class of a name with two definitions, of which nobody can tell which one runs: the more severe category, the higher risk, the
 * effects of both. Not known if it is not known of one of them.
 */
function mostSevere(a: ClassFacts, b: ClassFacts): ClassFacts {
  const severity = ({ category }: ClassFacts): number => SEVERITY.findIndex((names) => category !== null && names.includes(category));
  const level = ({ risk }: ClassFacts): number => (risk === null ? -1 : RISKS.indexOf(risk));
  const effects = new Set([...(a.effects ?? []), ...(b.effects ?? []), ...[a.category, b.category].filter((name) => name !== null)]);
  return {
    category: Math.min(severity(a), severity(b)) < 0 ? null : severity(b) > severity(a) ? b.category : a.category,
    risk: Math.min(level(a), level(b)) < 0 ? null : level(b) > level(a) ? b.risk : a.risk,
    effects: [...effects],
  };
}

/**
 * Reads a list of tools: a result of `tools/list`, a whole JSON-RPC response, or the bare array. Of two tools of one name the first
 * counts, with the class of the more severe. Null when there is no such list in it.
 * @param tools JSON text, plain values (members that are `undefined` count as not there), or a node
 * @param classify as for `toolFacts`
 * @throws TypeError when it is no JSON, or has no JSON form
 */
export function readDefinitions(tools: JsonNode | string | object, classify?: Classify): Definitions | null {
  const json = asNode(tools, 'the definitions are', 'definitions');
  const list = json.kind === 'array' ? json : (json.get('tools') ?? json.get('result')?.get('tools') ?? null);
  if (list?.kind !== 'array') return null;
  return definitionsOf(list.elements(), classify);
}

function asNode(value: JsonNode | string | object, subject: string, name: string): JsonNode {
  if (value instanceof JsonNode) return value;
  return nodeOf(typeof value === 'string' ? value : jsonOf(value, name, true), subject, UPSTREAM_LIMITS);
}

export function definitionsOf(tools: readonly JsonNode[], classify?: Classify): Definitions {
  const definitions = new Map<string, ToolFacts>();
  for (const tool of tools) {
    const name = tool.get('name')?.text() ?? null;
    if (name === null) continue;
    const first = definitions.get(name);
    definitions.set(name, first === undefined ? toolFacts(tool, classify) : { ...first, ...mostSevere(first, classFacts(tool, classify)) });
  }
  return definitions;
}

/** The tools that a selector is, or may be, about, in the order of the list. */
export function toolsOf(selector: string, definitions: Definitions): string[] {
  if (isClassSelector(selector)) return [...definitions].flatMap(([name, facts]) => (matchesClass(selector, classOf(facts)) === 'no' ? [] : [name]));
  if (!selector.includes('*')) return definitions.has(selector) ? [selector] : [];
  const glob = parseGlob(selector);
  return [...definitions.keys()].filter((name) => matchesGlob(glob, name));
}

export function environmentsOf(definitions: Definitions): Environments {
  return ({ kind, selector }) => {
    if (kind !== 'tool') return [];
    return toolsOf(selector, definitions).map((tool) => ({ tool, inputSchema: definitions.get(tool)?.inputSchema ?? null }));
  };
}
