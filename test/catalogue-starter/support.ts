import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { classify, type Classification } from '../../src/catalogue/index.ts';
import { parameterFacts } from '../../src/catalogue/parameter-facts.ts';
import { readServerRecord, type ServerRecord } from '../../src/catalogue/server-record.ts';
import type { StarterTool } from '../../src/catalogue/starter/index.ts';
import { schemaUsable } from '../../src/gateway/scan/schema-usable.ts';
import { combine, type Decision, type Diagnostic, lintAgainst, loadPolicy, type PolicySet, toolFacts } from '../../src/policy/index.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { scan } from '../../src/wire/scan.ts';

const repository = resolve(import.meta.dirname, '../..');

export function node(definition: unknown): JsonNode {
  const parsed = scan(Buffer.from(typeof definition === 'string' ? definition : JSON.stringify(definition)), UPSTREAM_LIMITS);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.root;
}

export interface Defined extends StarterTool {
  readonly definition: JsonNode;
  readonly classification: Classification;
}

/** A definition as `scan` hands it to the starter policy. */
export function defined(definition: unknown, server = ''): Defined {
  const root = node(definition);
  return { name: root.get('name')?.text() ?? '', definition: root, classification: classify(root, { server }), parameters: parameterFacts(root.get('inputSchema')), schemaUsable: schemaUsable(root) };
}

/** A tool of which only facts are kept, as in a record of the catalogue. */
export function facts(name: string, classification: Partial<StarterTool['classification']> = {}, parameters: StarterTool['parameters'] = []): StarterTool {
  return { name, classification: { category: 'read', risk: 'low', confidence: 'high', signals: [], findings: [], ...classification }, parameters };
}

/** Loads a policy. @throws when it has an error */
export async function loaded(yaml: string): Promise<{ readonly set: PolicySet; readonly warnings: readonly Diagnostic[]; lint(tools: readonly JsonNode[]): readonly Diagnostic[]; readonly selectors: readonly string[]; actionOf(name: string): string }> {
  const result = await loadPolicy(yaml, { name: 'starter' });
  if (!result.ok) throw new Error(`${result.errors.map((error) => `${error.code}: ${error.message}`).join('\n')}\n${yaml}`);
  const { policy } = result;
  const rules = policy.document.rules.tool;
  return {
    set: combine([policy]),
    warnings: result.warnings,
    lint: (tools) => lintAgainst(policy, tools),
    selectors: rules.map((rule) => rule.selector),
    actionOf: (name) => rules.find((rule) => rule.selector === name)?.rules[0]?.action ?? 'allow',
  };
}

export function decide(set: PolicySet, tool: { readonly name: string; readonly definition?: JsonNode }, args: object = {}): Decision {
  return set.decide({ kind: 'tool', name: tool.name, args: node(args), tool: tool.definition === undefined ? null : toolFacts(tool.definition) });
}

/** Every record of the catalogue that ships. */
export function records(): readonly ServerRecord[] {
  const directory = join(repository, 'catalogue/servers');
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => name.endsWith('.json')).map((name) => readServerRecord(JSON.parse(readFileSync(join(directory, name), 'utf8')) as unknown));
}

/** Definitions by server, from the labelled data beside the repository; empty where it is not there. */
export function labelledServers(): ReadonlyMap<string, readonly Defined[]> {
  const path = join(repository, '../shared/data/tools-dev.jsonl');
  const servers = new Map<string, Defined[]>();
  if (!existsSync(path)) return servers;
  for (const line of readFileSync(path, 'utf8').split('\n').filter((text) => text !== '')) {
    const { server, tool } = JSON.parse(line) as { server: string; tool: unknown };
    const list = servers.get(server) ?? [];
    list.push(defined(tool, server));
    servers.set(server, list);
  }
  return servers;
}
