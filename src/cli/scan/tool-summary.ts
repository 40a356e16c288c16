import { createHash } from 'node:crypto';
import type { JsonNode } from '../../wire/json-node.ts';

export interface ParameterSummary {
  readonly name: string;
  /** The JSON Schema type; several joined by `|`; `enum` or `any` where the schema names none. */
  readonly type: string;
  readonly required: boolean;
}

export interface ToolSummary {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly parameters: readonly ParameterSummary[];
  /** Names of the required parameters. */
  readonly required: readonly string[];
  /** Size of the definition as the server wrote it. */
  readonly bytes: number;
  /** SHA-256 (hex) of those bytes. */
  readonly sha256: string;
  /** What the server claims about the tool; nothing checks it. */
  readonly hints: { readonly readOnly: boolean | null; readonly destructive: boolean | null };
}

/** A model reads about four bytes of JSON as one token; exact counts differ by model. */
export const BYTES_PER_TOKEN = 4;

/** Reads one tool definition; null when it has no name, so that no rule could name it. */
export function summarise(definition: JsonNode): ToolSummary | null {
  const name = definition.get('name')?.text() ?? null;
  if (name === null) return null;
  const schema = definition.get('inputSchema');
  const requiredNames = new Set((schema?.get('required')?.elements() ?? []).map((item) => item.text()).filter((text) => text !== null));
  const parameters = (schema?.get('properties')?.members() ?? []).map((member) => ({
    name: member.key,
    type: typeOf(member.value),
    required: requiredNames.has(member.key),
  }));
  const bytes = definition.bytes();
  const annotations = definition.get('annotations');
  return {
    name,
    title: definition.get('title')?.text() ?? annotations?.get('title')?.text() ?? null,
    description: definition.get('description')?.text() ?? null,
    parameters,
    required: [...requiredNames],
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    hints: { readOnly: flag(annotations?.get('readOnlyHint')), destructive: flag(annotations?.get('destructiveHint')) },
  };
}

function typeOf(schema: JsonNode): string {
  const type = schema.get('type');
  const single = type?.text() ?? null;
  if (single !== null) return single;
  const several = (type?.elements() ?? []).map((item) => item.text()).filter((text) => text !== null);
  if (several.length > 0) return several.join('|');
  return schema.get('enum') === null ? 'any' : 'enum';
}

function flag(node: JsonNode | null | undefined): boolean | null {
  if (node?.kind === 'true') return true;
  return node?.kind === 'false' ? false : null;
}
