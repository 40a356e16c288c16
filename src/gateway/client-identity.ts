import { META_PREFIX } from '../mcp/keys.ts';
import type { Request } from '../mcp/message.ts';
import { clientCapabilities, metaOf } from '../mcp/meta.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type { Era } from '../mcp/versions.ts';

/** What a client says of itself, unverified (S26 basic#meta). */
export interface ClientIdentity {
  readonly name: string | null;
  readonly version: string | null;
  /** What it can be asked; null when it declared nothing. */
  readonly capabilities: JsonNode | null;
}

export const UNKNOWN_CLIENT: ClientIdentity = Object.freeze({ name: null, version: null, capabilities: null });

/** What an `initialize` says of its client, for the whole session. */
export function identityOfInitialize(request: Request): ClientIdentity {
  return identity(request.params?.get('clientInfo') ?? null, request.params?.get('capabilities') ?? null);
}

/** What holds for this request: modern requests carry it themselves, legacy ones stand on their session's `initialize`. */
export function identityOf(request: Request, era: Era, session: ClientIdentity): ClientIdentity {
  if (era === 'legacy') return session;
  return identity(metaOf(request.params)?.get(`${META_PREFIX}clientInfo`) ?? null, clientCapabilities(request.params));
}

function identity(info: JsonNode | null, capabilities: JsonNode | null): ClientIdentity {
  return {
    name: info?.get('name')?.text() ?? null,
    version: info?.get('version')?.text() ?? null,
    capabilities: capabilities?.kind === 'object' ? capabilities : null,
  };
}
