import type { JsonNode } from '../wire/json-node.ts';
import { classify } from './classify.ts';
import { LIMITS } from './limits.ts';
import { cut, parameterFacts } from './parameter-facts.ts';
import { approximateTokens, type ServerRecord, type ToolRecord } from './record-types.ts';

export interface ScannedTool {
  readonly definition: JsonNode;
  /** See ToolRecord.sha256. */
  readonly sha256: string | null;
}

const FACT_CHARACTERS = 128;
const TITLE_CHARACTERS = 64;

/**
 * Makes the record of a server from what it listed. Pure: the same scan gives the same record.
 * @param tools every element of the list, in the order of the server
 */
export function serverRecord(scan: Pick<ServerRecord, 'slug' | 'package' | 'server' | 'scannedOn' | 'classifiedOn'>, tools: readonly ScannedTool[]): ServerRecord {
  const records = tools.map((tool) => toolRecord(tool, scan.package.name)).filter((tool) => tool !== null);
  const bytes = records.reduce((sum, tool) => sum + tool.bytes, 0);
  return {
    format: 1,
    slug: scan.slug,
    package: { registry: scan.package.registry, name: scan.package.name, version: scan.package.version },
    server: { name: short(scan.server.name), version: short(scan.server.version), protocol: short(scan.server.protocol) },
    scannedOn: scan.scannedOn,
    classifiedOn: scan.classifiedOn,
    status: new Set(records.map(({ name }) => name)).size < records.length ? 'duplicate_tools' : 'ok',
    bytes,
    approximateTokens: approximateTokens(bytes),
    unnamed: tools.length - records.length,
    tools: records,
  };
}

/** The text of a record's file: one tool per line, so that a difference between two scans can be read. */
export function serverRecordText(record: ServerRecord): string {
  const { tools, ...facts } = record;
  const head = Object.entries(facts).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',\n');
  return `{${head},\n"tools":[\n${tools.map((tool) => JSON.stringify(tool)).join(',\n')}\n]}\n`;
}

/** Null for an item without a name: no client can call it, no rule can name it. */
function toolRecord({ definition, sha256 }: ScannedTool, server: string): ToolRecord | null {
  const name = definition.get('name')?.text() ?? null;
  if (name === null) return null;
  const annotations = definition.get('annotations');
  const title = definition.get('title')?.text() ?? annotations?.get('title')?.text() ?? null;
  return {
    name: cut(name, LIMITS.nameCharacters),
    title: title !== null && isTitle(title) ? title : null,
    parameters: parameterFacts(definition.get('inputSchema')),
    annotations: annotations === null ? null : flags(annotations),
    bytes: definition.bytes().length,
    descriptionBytes: Buffer.byteLength(definition.get('description')?.text() ?? ''),
    sha256,
    classification: classify(definition, { server }),
  };
}

/** Some servers write their description there; records hold no sentences of others. */
function isTitle(text: string): boolean {
  return text.length <= TITLE_CHARACTERS && !/[.!?](?:\s|$)|[\r\n]/.test(text);
}

function flags(annotations: JsonNode): Readonly<Record<string, boolean>> | null {
  const found = annotations.members().filter(({ value }) => value.kind === 'true' || value.kind === 'false').slice(0, 16);
  return found.length === 0 ? null : Object.fromEntries(found.map(({ key, value }) => [cut(key, 64), value.kind === 'true']));
}

function short(text: string | null): string | null {
  return text === null ? null : cut(text, FACT_CHARACTERS);
}
