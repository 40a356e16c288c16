import type { JsonNode } from '../../wire/json-node.ts';
import type { Response } from '../message.ts';
import { eraOf, LATEST_LEGACY, LATEST_MODERN } from '../versions.ts';
import { serverCapabilities } from './capabilities.ts';
import { envelopeText, type ModernEnvelope } from './requests.ts';
import { SERVER_INFO_KEY } from './meta-keys.ts';
import { metaOf } from '../meta.ts';

/** Who a client is when it did not say, or said it in a way that a server would refuse. */
const UNNAMED = '{"name":"unknown","version":"0"}';

/** The text of an `Implementation`, or null when there is none that both eras accept. */
export function implementationText(node: JsonNode | null): string | null {
  return node?.kind === 'object' && node.get('name')?.kind === 'string' && node.get('version')?.kind === 'string' ? node.lexeme() : null;
}

/** `params` of the `initialize` that opens a legacy session on behalf of a modern client. JSON texts. */
export function initializeParams(capabilities: string, clientInfo: string | null): string {
  return `{"protocolVersion":"${LATEST_LEGACY}","capabilities":${capabilities},"clientInfo":${clientInfo ?? UNNAMED}}`;
}

/** `params` of the `server/discover` that asks for the era of a server. */
export function discoverParams(envelope: ModernEnvelope): string {
  return `{"_meta":${envelopeText(envelope)}}`;
}

/** What a server said of itself when a legacy session was opened. */
export interface InitializedServer {
  readonly version: string;
  readonly capabilities: JsonNode | null;
  readonly serverInfo: string | null;
  readonly instructions: string | null;
}

/** Reads the result of `initialize`; null when it is an error, or a revision that we do not know (V1). */
export function readInitialized(response: Response): InitializedServer | null {
  const version = response.result?.get('protocolVersion')?.text() ?? null;
  if (response.result === null || version === null || eraOf(version) !== 'legacy') return null;
  const instructions = response.result.get('instructions');
  return {
    version,
    capabilities: response.result.get('capabilities'),
    serverInfo: implementationText(response.result.get('serverInfo')),
    instructions: instructions?.kind === 'string' ? instructions.lexeme() : null,
  };
}

/** True for an answer to `server/discover` that a server of a modern revision known to us gives. */
export function isDiscovered(response: Response): boolean {
  return response.result?.get('supportedVersions')?.elements().some((version) => eraOf(version.text() ?? '') === 'modern') === true;
}

/** The result of `server/discover` for a server that only knows `initialize`. */
export function discoverResult(server: InitializedServer): string {
  const members = [
    '"resultType":"complete"',
    `"supportedVersions":["${LATEST_MODERN}"]`,
    `"capabilities":${serverCapabilities(server.capabilities)}`,
    ...(server.instructions === null ? [] : [`"instructions":${server.instructions}`]),
    '"ttlMs":0',
    '"cacheScope":"private"',
    ...(server.serverInfo === null ? [] : [`"_meta":{${JSON.stringify(SERVER_INFO_KEY)}:${server.serverInfo}}`]),
  ];
  return `{${members.join(',')}}`;
}

/**
 * The result of `initialize` for a server that only knows `server/discover`.
 * @param requested the version that the client asked for; kept where we know it
 * @param discovered the result object of `server/discover`
 */
export function initializeResult(requested: string | null, discovered: JsonNode): string {
  const version = requested !== null && eraOf(requested) === 'legacy' ? requested : LATEST_LEGACY;
  const info = implementationText(metaOf(discovered)?.get(SERVER_INFO_KEY) ?? null) ?? UNNAMED;
  const instructions = discovered.get('instructions');
  const told = instructions?.kind === 'string' ? `,"instructions":${instructions.lexeme()}` : '';
  return `{"protocolVersion":"${version}","capabilities":${serverCapabilities(discovered.get('capabilities'))},"serverInfo":${info}${told}}`;
}
