import type { EffectiveConfiguration } from '../config/types.ts';
import type { GatewayConfig } from '../../gateway/config-types.ts';
import type { EndpointStats } from '../../gateway/http/context.ts';
import type { UpstreamHealth } from '../../gateway/upstream-health.ts';
import type { Registry } from '../../state/registry/types.ts';
import type { State } from '../../state/types.ts';
import type { UpstreamOAuth } from '../oauth/upstream-oauth.ts';
import type { ManagedSecretBox } from '../secrets/secret-box.ts';
import type { AddressGuard } from '../../upstream/address-guard.ts';

/** What the routes work with. Each part is made by the room's own file of that name, and by `control-plane.ts` put together. */
export interface ControlServices {
  readonly state: State;
  readonly registry: Registry;
  /** The configuration in force now: gateway.yaml and registry together. */
  readonly config: () => GatewayConfig;
  /** The same with what the file brought, the compiled policies, and what of the registry cannot be used. */
  readonly effective: () => EffectiveConfiguration;
  /** Says which addresses upstreams may have; to be asked before one is saved. */
  readonly guard: AddressGuard;
  /** How the upstream of a server stands; null for a server that is not in force. */
  readonly health: (server: string) => UpstreamHealth | null;
  /** What gateway.yaml owns, which is read-only here. */
  readonly owned: () => { readonly servers: ReadonlySet<string>; readonly policies: ReadonlySet<string>; readonly grants: ReadonlySet<string> };
  /** Builds the configuration anew and hands it to the gateway; resolves when it holds. Called after every change. */
  readonly refresh: () => Promise<void>;
  readonly stats: () => EndpointStats;
  /** Address of the gateway as clients reach it, without a trailing slash. */
  readonly publicUrl: () => string;
  readonly secrets: ManagedSecretBox;
  /** The gateway as an OAuth client of MCP servers; absent where it was started without. */
  readonly upstreamOAuth?: UpstreamOAuth;
  readonly log: (line: string) => void;
  /** Of this program. */
  readonly version: string;
  readonly now: () => number;
}

/** Seals values with the newest key of the ring (AES-256-GCM, the name as associated data) and opens what any key of it has sealed. */
export interface SecretBox {
  seal(name: string, value: string): { readonly name: string; readonly key: number; readonly sealed: Buffer };
  /** @throws when the key is not in the ring, or the text was changed or moved to another name */
  open(secret: { readonly name: string; readonly key: number; readonly sealed: Buffer }): string;
  readonly newest: number;
}
