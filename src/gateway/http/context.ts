import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayServices } from '../conversation-options.ts';
import type { LimitsConfig, ServerConfig } from '../config-types.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { Principal } from '../principal.ts';
import type { Head } from './head.ts';

/** One authenticated HTTP request to the endpoint of one server. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: Head;
  readonly principal: Principal;
  /** Hash of whom an access token is about: tells the callers behind one grant apart. Null where the grant is the caller. */
  readonly caller: string | null;
  /** The claims of a verified access token, for conditions; null without one. */
  readonly user: JsonNode | null;
}

/** What an endpoint is built from. */
export interface EndpointContext {
  readonly server: ServerConfig;
  readonly services: GatewayServices;
  readonly limits: LimitsConfig;
  readonly log: (line: string) => void;
}

/** Figures for `/healthz`, `status` and the leak checks. */
export interface EndpointStats {
  readonly sessions: number;
  readonly children: number;
  readonly inFlight: number;
  readonly streams: number;
}

/** Everything behind one `/mcp/<server>` path. */
export interface Endpoint {
  post(incoming: Incoming): void;
  get(incoming: Incoming): void;
  delete(incoming: Incoming): void;
  stats(): EndpointStats;
  /** A grant was removed or changed its server: its sessions end. */
  endPrincipal(principal: Principal, reason: string): void;
  close(): Promise<void>;
}
