import type { GatewayConfig } from '../../gateway/config-types.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { Stored } from '../../state/registry/types.ts';
import type { UpstreamAuthorizer } from '../../upstream/types.ts';

/** A policy that gateway.yaml names. */
export interface FilePolicy {
  readonly policy: CompiledPolicy;
  /** The document. */
  readonly text: string;
}

/** What gateway.yaml says, loaded and checked; of a gateway without one, nothing but where it listens. */
export interface FileSide {
  readonly config: GatewayConfig;
  /** By name. */
  readonly policies: ReadonlyMap<string, FilePolicy>;
}

/** Something of the registry that is not in force as it is written, and why; for people. */
export interface ConfigProblem {
  readonly kind: 'server' | 'policy' | 'grant' | 'setting';
  readonly name: string;
  readonly text: string;
}

/** gateway.yaml and registry together, as the gateway has it. */
export interface EffectiveConfiguration {
  readonly config: GatewayConfig;
  /** Revision of the registry that it was built from. */
  readonly revision: number;
  readonly problems: readonly ConfigProblem[];
  readonly file: FileSide;
  /** The policies of the registry that can be used, by name. */
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
}

/** Gives the access of a server with `auth: oauth`. */
export type AuthorizerOf = (server: Stored<'server'>) => UpstreamAuthorizer | null;
