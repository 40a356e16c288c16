import type { JsonNode } from '../wire/json-node.ts';
import { LIMITS } from './limits.ts';
import { readParameters } from './read-parameters.ts';
import type { SchemaState } from './schema-state.ts';
import { schemaState } from './schema-state.ts';
import type { Place } from './types.ts';
import { flattenText, visibleForm } from './words.ts';

export interface Parameter {
  /** As written. */
  readonly name: string;
  /** Without case and separators. */
  readonly key: string;
  readonly pointer: string;
  readonly type: string | null;
  readonly description: string;
  /** Values of `enum`, `const` and the branches of `anyOf`/`oneOf`, strings only. */
  readonly values: readonly string[];
  readonly required: boolean;
}

export interface Hints {
  readonly readOnly: boolean | null;
  readonly destructive: boolean | null;
  readonly openWorld: boolean | null;
}

/** What the classifier knows of one definition: decoded once, bounded. */
export interface Definition {
  /** As served. */
  readonly rawName: string;
  /** As an eye reads it. */
  readonly name: string;
  readonly title: string;
  /** Where the title stood: the member or, in older servers, the annotation. */
  readonly titlePointer: string;
  /** Flattened to one line. */
  readonly description: string;
  /** As served, at most as long as the limit. */
  readonly rawTexts: readonly { readonly place: Place; readonly pointer: string; readonly text: string }[];
  readonly parameters: readonly Parameter[];
  readonly hints: Hints;
  readonly schema: SchemaState;
  /** Something was longer than the limits. */
  readonly oversized: boolean;
  /** And what was not read could be what the tool does. */
  readonly unknown: boolean;
}

/**
 * Reads a tool definition in any state; wrong types count as absent. The work is bounded by LIMITS.
 *
 * @param node one element of `tools` of a `tools/list` result
 */
export function readDefinition(node: JsonNode): Definition {
  const huge = node.end - node.start > LIMITS.definitionBytes;
  const rawName = textOf(node.get('name'), LIMITS.nameCharacters);
  const annotations = node.get('annotations');
  const ownTitle = node.get('title');
  const hasOwnTitle = ownTitle !== null && ownTitle.kind === 'string';
  const titlePointer = hasOwnTitle ? '/title' : '/annotations/title';
  const title = textOf(hasOwnTitle ? ownTitle : (annotations?.get('title') ?? null), LIMITS.nameCharacters);
  const rawDescription = textOf(node.get('description'), LIMITS.descriptionCharacters);
  const inputSchema = node.get('inputSchema');
  const read = huge || inputSchema === null ? { parameters: [], oversized: huge, unknown: huge } : readParameters(inputSchema);
  const rawTexts: Definition['rawTexts'] = [
    { place: 'name', pointer: '/name', text: rawName.text },
    { place: 'title', pointer: titlePointer, text: title.text },
    { place: 'description', pointer: '/description', text: rawDescription.text },
    ...read.parameters.map((p) => ({ place: 'parameter' as const, pointer: p.pointer, text: `${p.name} ${p.description}` })),
  ];
  return {
    rawName: rawName.text,
    name: visibleForm(rawName.text),
    title: flattenText(title.text),
    titlePointer,
    description: flattenText(rawDescription.text),
    rawTexts,
    parameters: read.parameters,
    hints: {
      readOnly: flag(annotations?.get('readOnlyHint')),
      destructive: flag(annotations?.get('destructiveHint')),
      openWorld: flag(annotations?.get('openWorldHint')),
    },
    schema: huge ? { state: 'unread', term: '' } : schemaState(inputSchema),
    oversized: read.oversized || rawName.cut || rawDescription.cut,
    unknown: read.unknown || rawName.cut || rawDescription.cut,
  };
}

function textOf(node: JsonNode | null, limit: number): { text: string; cut: boolean } {
  if (node === null || node.kind !== 'string') return { text: '', cut: false };
  const text = node.text() ?? '';
  return text.length > limit ? { text: text.slice(0, limit), cut: true } : { text, cut: false };
}

function flag(node: JsonNode | null | undefined): boolean | null {
  if (node?.kind === 'true') return true;
  return node?.kind === 'false' ? false : null;
}
