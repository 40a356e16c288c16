import type { DriftMode } from './pins/tool-pins.ts';
import type { PolicySet } from '../policy/types.ts';
import type { AddressGuard } from '../upstream/address-guard.ts';
import type { CommandSpec, HttpSpec } from '../upstream/types.ts';
import type { WireLimits } from '../wire/limits.ts';

/** A checked configuration: immutable, swapped whole, with nothing left in it that could be missing or malformed. */
export interface GatewayConfig {
  readonly listen: ListenAddress;
  /** Absolute directory of the database and of minted tokens. */
  readonly dataDir: string;
  /** Absolute path of the keys of sealed secrets (`secret_key_file`). */
  readonly secretKeyFile?: string;
  /** Host names that a request may ask for, besides the loopback names; lower case, without port (X1). */
  readonly allowHosts: readonly string[];
  /** Origins that a browser may send, `scheme://host[:port]`, exact (X1). */
  readonly allowOrigins: readonly string[];
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly grants: readonly GrantConfig[];
  readonly approvals: ApprovalsConfig;
  readonly journal: JournalConfig;
  readonly limits: LimitsConfig;
  /** Who may read /metrics besides this machine; left out: nobody. */
  readonly metrics?: MetricsConfig;
  /** Left out: as without any of it. */
  readonly operations?: OperationsConfig;
  /** Whose tokens vouch for callers; left out: nobody's. */
  readonly oauth?: OAuthConfig;
}

/** How the gateway is run; read when it starts. */
export interface OperationsConfig {
  /** Null: only as the variables OTEL_EXPORTER_OTLP_* say. */
  readonly tracing: TracingConfig | null;
  readonly log: LogConfig;
  readonly drain: DrainConfig;
}

export interface TracingConfig {
  /** Base URL of an OTLP/HTTP collector, without a trailing slash. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From 0 to 1. */
  readonly sample: number;
}

export interface LogConfig {
  readonly format: 'text' | 'json';
  /** `debug` tells of every call. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

export interface DrainConfig {
  /** How long open calls may take to end. */
  readonly graceMs: number;
  /** How long calls are still taken after /readyz has turned 503, for load balancers that ask only now and then. */
  readonly delayMs: number;
}

export interface MetricsConfig {
  /** SHA-256 of the bearer token that is needed then, from this machine too; 32 bytes. */
  readonly tokenSha256: Buffer;
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
  /** SHA-256 of the bearer token, 32 bytes; null without a token: the grant of an edge listener, whose callers the upstream authenticates, or one with `oauth` alone. */
  readonly tokenSha256: Buffer | null;
  /** Callers that an issuer vouches for, instead of a token or beside it. */
  readonly oauth?: OAuthIdentity;
  /** The token before the last rotation, which works until then (milliseconds since 1970) for the same caller. */
  readonly previous?: { readonly tokenSha256: Buffer; readonly untilMs: number };
  /** From then on (milliseconds since 1970) nobody is let in, and what is open ends. */
  readonly expiresAtMs?: number;
}

/** Whom a grant is for, as an issuer says it in its access tokens. */
export interface OAuthIdentity {
  /** Exactly as in the `iss` claim. A grant whose issuer is not configured has no callers by OAuth. */
  readonly issuer: string;
  /** At least one; each must be in the token as a text of exactly this value. */
  readonly claims: Readonly<Record<string, string>>;
}

/** The gateway as an OAuth 2.1 resource server (protocol.md 3.13). */
export interface OAuthConfig {
  /** Base of the addresses by which MCP clients reach the gateway, without a trailing slash; null: that of the approval pages, else of the listener. */
  readonly publicUrl: string | null;
  /** By issuer. */
  readonly issuers: ReadonlyMap<string, IssuerConfig>;
}

export interface IssuerConfig {
  /** Exactly as in the `iss` claim and in the issuer's metadata document. */
  readonly issuer: string;
  /** Where its public keys are; null: where its metadata document says. */
  readonly jwksUri: string | null;
  /** What `aud` has to name instead of the canonical URI of the server; `{server}` stands for the server's name. */
  readonly audience: string | null;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Scopes that every token must have. */
  readonly scopes: readonly string[];
  /** At most 60 s. */
  readonly clockSkewMs: number;
  /** Tokens that were issued longer ago are refused, whatever their `exp` says. */
  readonly maxTokenAgeMs: number;
}

/** Asymmetric ones only: with `none` or an HMAC anybody who knows the public key could sign (O1). */
export const SIGNATURE_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'PS256', 'RS384', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512'] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

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
  /** Which addresses it may have; absent where the operator wrote it into gateway.yaml. */
  readonly guard?: AddressGuard;
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
