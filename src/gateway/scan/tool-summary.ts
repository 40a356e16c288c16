import { createHash } from 'node:crypto';
import { classify, type Classification, type ServerFacts } from '../../catalogue/index.ts';
import { type ParameterFact, parameterFacts } from '../../catalogue/parameter-facts.ts';
import { canonicalJson } from '../approvals/canonical.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** One item of a tool list, in any state, as a scan tells it. */
export interface ToolSummary {
  /** Null when it has none: no rule can name it and no client can call it. */
  readonly name: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly classification: Classification;
  readonly parameters: readonly ParameterFact[];
  /** Names of the required parameters. */
  readonly required: readonly string[];
  /** Size of the definition as the server wrote it. */
  readonly bytes: number;
  /** SHA-256 (hex) of the canonical definition (RFC 8785), as in the catalogue's records. */
  readonly sha256: string;
  /** What the server claims about the tool; nothing checks it. */
  readonly hints: { readonly readOnly: boolean | null; readonly destructive: boolean | null };
  readonly definition: JsonNode;
}

/** A tool with a name. */
export type NamedSummary = ToolSummary & { readonly name: string };

/** Reads and classifies one item of a tool list. Never fails: what is missing is null. */
export function summarise(definition: JsonNode, facts: ServerFacts = {}): ToolSummary {
  const annotations = definition.get('annotations');
  const parameters = parameterFacts(definition.get('inputSchema'));
  const bytes = definition.bytes();
  return {
    name: definition.get('name')?.text() ?? null,
    title: definition.get('title')?.text() ?? annotations?.get('title')?.text() ?? null,
    description: definition.get('description')?.text() ?? null,
    classification: classify(definition, facts),
    parameters,
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    bytes: bytes.length,
    sha256: createHash('sha256').update(canonicalJson(definition, 'keep') ?? bytes).digest('hex'),
    hints: { readOnly: flag(annotations?.get('readOnlyHint')), destructive: flag(annotations?.get('destructiveHint')) },
    definition,
  };
}

export function isNamed(tool: ToolSummary): tool is NamedSummary {
  return tool.name !== null;
}

function flag(node: JsonNode | null | undefined): boolean | null {
  if (node?.kind === 'true') return true;
  return node?.kind === 'false' ? false : null;
}
