import type { JsonNode } from '../../wire/json-node.ts';
import { modernClientCapabilities } from '../../mcp/bridge/capabilities.ts';
import { implementationText } from '../../mcp/bridge/opening.ts';
import type { Request } from '../../mcp/message.ts';

/** Who the client of a legacy session is, as it said in `initialize`. */
export interface LegacyClient {
  readonly declared: JsonNode | null;
  /** JSON text of what modern requests declare in its name. */
  readonly capabilities: string;
  /** JSON text, or null. */
  readonly clientInfo: string | null;
}

/** Reads an `initialize`; of a client that sent none, nothing is known. */
export function legacyClient(request: Request | null): LegacyClient {
  const declared = request?.params?.get('capabilities') ?? null;
  return { declared, capabilities: modernClientCapabilities(declared), clientInfo: implementationText(request?.params?.get('clientInfo') ?? null) };
}
