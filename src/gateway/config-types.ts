import type { DriftMode } from './pins/tool-pins.ts';
import type { PolicySet } from '../policy/types.ts';
import type { CommandSpec, HttpSpec } from '../upstream/types.ts';
import type { WireLimits } from '../wire/limits.ts';

/** A checked configuration: immutable, swapped whole, with nothing left in it that could be missing or malformed. */
export interface GatewayConfig {
  readonly listen: ListenAddress;
  /** Absolute directory of the database and of minted tokens. */
  readonly dataDir: string;
  /** Host names that a request may ask for, besides the loopback names; lower case, without port (X1). */
  readonly allowHosts: readonly string[];
  /** Origins that a browser may send, `scheme://host[:port]`, exact (X1). */
  readonly allowOrigins: readonly string[];
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly grants: readonly GrantConfig[];
  readonly approvals: ApprovalsConfig;
  readonly journal: JournalConfig;
  readonly limits: LimitsConfig;
}

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Who gets an upstream process of their own. Meaningless for an HTTP upstream. */
export type Isolation = 'session' | 'grant' | 'shared';

export interface ServerConfig {
  /** `[a-z0-9][a-z0-9._-]*`, the last segment of the proxy URL. */
  readonly name: string;
  readonly upstream: Upstream;
  readonly isolation: Isolation;
  /** Translate between protocol eras (protocol.md section 4); false mirrors the upstream's era. */
  readonly bridge: boolean;
  /** The operator trusts what this server says of its own tools: annotations may lower a class (catalogue.md, "Confidence"). */
  readonly trustedAnnotations: boolean;
  /** What becomes of tools whose definition changed for the worse (protocol.md L7). */
  readonly drift: DriftMode;
  /**
   * Edge mode (O5): this server has a listener of its own, at the upstream's own canonical address, and `Host`, `Authorization`,
   * OAuth challenges and well-known documents pass through. Only for an HTTP upstream.
   */
  readonly edge: { readonly listen: ListenAddress } | null;
}

export type Upstream =
  | { readonly kind: 'command'; readonly spec: CommandSpec }
  | { readonly kind: 'http'; readonly spec: HttpSpec };

export interface GrantConfig {
  /** Unique; the identity in counters and journal. */
  readonly label: string;
  /** A key of `servers`. */
  readonly server: string;
  readonly tags: readonly string[];
  readonly policyNames: readonly string[];
  /** The compiled policies; a grant without a policy has a set that denies everything. */
  readonly policies: PolicySet;
  /** SHA-256 of the bearer token, 32 bytes; null for the grant of an edge listener, whose callers the upstream authenticates. */
  readonly tokenSha256: Buffer | null;
}

/** How those who approve are reached, and who they are (policy.md, "Approval"). */
export interface ApprovalsConfig {
  /** Base of the approval pages as approvers reach them, without a trailing slash; null: the address of the listener. */
  readonly publicUrl: string | null;
  readonly webhook: WebhookConfig | null;
  readonly approvers: readonly ApproverConfig[];
}

export interface WebhookConfig {
  /** Told of every new request. */
  readonly url: URL;
  /** Signs what we send there, and what comes back. */
  readonly secret: string;
}

export interface ApproverConfig {
  /** Unique; what a rule's `approvers` names. */
  readonly name: string;
  /** SHA-256 of the approver's token, 32 bytes. */
  readonly tokenSha256: Buffer;
}

export interface JournalConfig {
  /** `keys`: argument names and a keyed hash; `values`: the exact text of the arguments as well. */
  readonly arguments: 'keys' | 'values';
  /** Rows older than this are removed; null keeps everything. */
  readonly retainDays: number | null;
}

export interface LimitsConfig {
  /** What a client may send in one message. */
  readonly client: WireLimits;
  /** What an upstream may send in one message. */
  readonly upstream: WireLimits;
  /** Open sessions of one grant; a further `initialize` is refused. */
  readonly maxSessionsPerGrant: number;
  /** A session that nobody used for so long is closed, and its child process with it. */
  readonly sessionIdleMs: number;
  /** Time to receive the whole body of one request. */
  readonly bodyTimeoutMs: number;
}
