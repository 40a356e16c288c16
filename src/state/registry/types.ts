/** SQLite answers at once, an engine in another process later: callers always await. */
export type Awaitable<Value> = Value | Promise<Value>;

/** What a person may do. Not a ladder: who writes policies does not approve calls, and who approves calls does not write policies. */
export const ROLES = ['viewer', 'approver', 'policy_manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A value of an environment variable or header: in the clear, or a secret that is kept sealed beside it and never read back by anybody. */
export type ConfiguredValue = { readonly kind: 'plain'; readonly value: string } | { readonly kind: 'secret' };

interface ServerCommon {
  readonly description: string | null;
  readonly isolation: 'session' | 'grant' | 'shared';
  readonly bridge: boolean;
  readonly trustedAnnotations: boolean;
  readonly drift: 'hold' | 'warn' | 'off';
  /** A server that is switched off answers nobody, and keeps its grants and its history. */
  readonly enabled: boolean;
}

/** A registered server without its secrets. */
export type ServerDefinition =
  | (ServerCommon & { readonly kind: 'command'; readonly command: readonly string[]; readonly cwd: string | null; readonly env: Readonly<Record<string, ConfiguredValue>> })
  | (ServerCommon & {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, ConfiguredValue>>;
      /** `oauth`: the gateway gets and refreshes tokens of its own for this server. */
      readonly auth: 'none' | 'oauth';
    });

export type PolicyStage = 'observe' | 'enforce';

export interface PolicyDefinition {
  /** The server that it is for, whose managers may edit it; null for the whole organisation. */
  readonly server: string | null;
  readonly description: string | null;
  /** What is being written: YAML that may be wrong. Null: nothing differs from what is published. */
  readonly draft: string | null;
  /** What holds; null as long as nothing was published. A grant with an unpublished policy can call nothing. */
  readonly published: { readonly number: number; readonly stage: PolicyStage } | null;
}

/** One published text. Never edited, never removed: the journal names it. */
export interface PolicyVersion {
  readonly policy: string;
  /** From 1, without gaps. */
  readonly number: number;
  readonly text: string;
  readonly stage: PolicyStage;
  readonly author: string;
  readonly comment: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface GrantDefinition {
  /** A server of the registry or of gateway.yaml. */
  readonly server: string;
  readonly tags: readonly string[];
  readonly policies: readonly string[];
  /** SHA-256 (hex) of the bearer token. */
  readonly tokenSha256: string | null;
  /** The last four characters, so that people can tell tokens apart. */
  readonly tokenHint: string | null;
  /** After a rotation the token before it works until then. */
  readonly previous: { readonly tokenSha256: string; readonly until: string } | null;
  /** Callers that an issuer vouches for, instead of (or beside) a token: every claim that is named must have exactly this value. */
  readonly oauth: { readonly issuer: string; readonly claims: Readonly<Record<string, string>> } | null;
  /** ISO 8601, UTC. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly rotatedAt: string | null;
  readonly createdBy: string;
}

export interface MemberDefinition {
  readonly name: string;
  /** Lower case; unique. */
  readonly email: string;
  /** In the whole organisation; null: only what `serverRoles` says. */
  readonly role: Role | null;
  readonly serverRoles: Readonly<Record<string, Role>>;
  /** scrypt, as text with its parameters; null: no password. */
  readonly passwordHash: string | null;
  readonly oidc: { readonly issuer: string; readonly subject: string } | null;
  readonly disabled: boolean;
  readonly lastSignInAt: string | null;
}

export interface TokenDefinition {
  readonly label: string;
  /** Name (id) of the member whose rights it has at most. */
  readonly member: string;
  /** Fewer rights than the member has; null: the member's. */
  readonly role: Role | null;
  readonly tokenSha256: string;
  readonly tokenHint: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the hour. */
  readonly lastUsedAt: string | null;
}

/** How the gateway's own OAuth stands with one server. Tokens and client secrets are sealed secrets, not here. */
export interface UpstreamAuthDefinition {
  readonly status: 'needs_consent' | 'ready' | 'dead';
  readonly issuer: string | null;
  readonly resource: string | null;
  readonly clientId: string | null;
  readonly scopes: readonly string[];
  /** When the access token ends; ISO 8601. */
  readonly expiresAt: string | null;
  /** Why it is dead or waits, for people. */
  readonly problem: string | null;
}

/** What a scan of a server found: the tools with their classes, as the API shows them. */
export interface ScanDefinition {
  readonly at: string;
  readonly status: string;
  readonly problem: string | null;
  /** JSON of the control room's own making. */
  readonly result: unknown;
}

/** The kinds of records with the type of each. Names: of a server, policy or setting its own; of a grant its label; of the others a random id. */
export interface Kinds {
  readonly server: ServerDefinition;
  readonly policy: PolicyDefinition;
  readonly grant: GrantDefinition;
  readonly member: MemberDefinition;
  readonly token: TokenDefinition;
  readonly upstream_auth: UpstreamAuthDefinition;
  readonly scan: ScanDefinition;
  readonly setting: unknown;
}
export type Kind = keyof Kinds;

/** A record as it is kept. `version` grows by one with every change of this record, and is the ETag. */
export interface Stored<K extends Kind> {
  readonly kind: K;
  readonly name: string;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly value: Kinds[K];
}

/** `expect`: the version that the writer has seen; null: it must not be there yet; undefined: whatever is there. */
export type Change =
  | { [K in Kind]: { readonly op: 'put'; readonly kind: K; readonly name: string; readonly value: Kinds[K]; readonly expect?: number | null } }[Kind]
  | { readonly op: 'delete'; readonly kind: Kind; readonly name: string; readonly expect?: number }
  /** Adds a version and makes it the published one; the record of the policy must be there, and loses its draft. */
  | { readonly op: 'publish'; readonly policy: string; readonly text: string; readonly stage: PolicyStage; readonly comment: string | null; readonly author: string; readonly expect?: number }
  /** `replaces`: only while exactly this ciphertext is kept (a key rotation must not bring an old value back); otherwise `conflict`. */
  | { readonly op: 'seal'; readonly secret: SealedSecret; readonly replaces?: Buffer }
  | { readonly op: 'unseal'; readonly name: string };

/** Ciphertext of the control room's secret box; opaque here. Names: `server/<name>/env/<KEY>`, `server/<name>/header/<key>`, `upstream_auth/<server>/<what>`. */
export interface SealedSecret {
  readonly name: string;
  /** Which key of the key ring sealed it. */
  readonly key: number;
  readonly sealed: Buffer;
}

/** Who did something to the configuration, and what (the audit of administrative changes). Never holds a secret. */
export interface NewAuditEntry {
  /** Name of a member, or `system`, or `gateway.yaml`. */
  readonly actor: string;
  /** Shown name at that time. */
  readonly actorName: string;
  readonly via: 'session' | 'token' | 'cli' | 'system';
  /** `grant.rotate`, `policy.publish`, `session.sign_in`, ... */
  readonly action: string;
  readonly kind: string;
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** The fields that changed, without secrets; null where that says nothing. */
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly address: string | null;
}

export interface AuditEntry extends NewAuditEntry {
  readonly seq: number;
  readonly at: string;
}

/** What a look at the chain of audit rows found. `head`: number and hash of the newest row, for whoever signs it. */
export interface AuditCheck {
  readonly ok: boolean;
  /** Rows that are as they were written. */
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string };
  /** The first row that is not. */
  readonly problem: { readonly seq: number; readonly text: string } | null;
}

export interface AuditFilter {
  readonly before?: number;
  readonly actor?: string;
  readonly action?: string;
  readonly kind?: string;
  readonly name?: string;
  /** Default 100, at most 1000; newest first. */
  readonly limit?: number;
}

export type ApplyResult =
  | { readonly ok: true; readonly versions: readonly (number | null)[] }
  /** Nothing was changed. `index` of the change that did not fit; `current` version, null when there is no such record. */
  | { readonly ok: false; readonly index: number; readonly why: 'conflict' | 'not_found' | 'exists' | 'duplicate'; readonly current: number | null };

export interface SessionRecord {
  /** SHA-256 (hex) of the cookie's secret. */
  readonly hash: string;
  readonly member: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly userAgent: string | null;
}

export interface LinkRecord {
  /** SHA-256 (hex) of the link's secret. */
  readonly hash: string;
  /** `setup` makes the first admin; `invite` lets a member in for the first time; `reset` sets a new password. */
  readonly purpose: 'setup' | 'invite' | 'reset';
  readonly member: string | null;
  readonly expiresAt: string;
}

/** The answer to a request with an Idempotency-Key, to be given again. */
export interface RepeatedAnswer {
  /** SHA-256 (hex) over caller, key, method and path. */
  readonly key: string;
  /** SHA-256 (hex) of the body, so that a key is not used for something else. */
  readonly digest: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything that a gateway's configuration is built from, in one consistent read. */
export interface RegistrySnapshot {
  /** Grows with every change of servers, policies, grants, settings, secrets and upstream_auth. */
  readonly revision: number;
  readonly servers: readonly Stored<'server'>[];
  /** With the text that holds; null where nothing was published. */
  readonly policies: readonly (Stored<'policy'> & { readonly text: string | null })[];
  readonly grants: readonly Stored<'grant'>[];
  readonly settings: readonly Stored<'setting'>[];
  readonly secrets: readonly SealedSecret[];
}

/**
 * Servers, policies, grants, members and what belongs to them. Every change happens whole or not at all, together with its audit entry. All methods
 * throw StateUnavailable when the store does not answer.
 */
export interface Registry {
  get<K extends Kind>(kind: K, name: string): Awaitable<Stored<K> | null>;
  /** By name, in the order of its bytes, from the one after `after`. Default 100, at most 1000. */
  list<K extends Kind>(kind: K, page?: { readonly after?: string; readonly limit?: number }): Awaitable<Stored<K>[]>;
  snapshot(): Awaitable<RegistrySnapshot>;
  /** Cheap enough to be asked every second: another process may have changed something. */
  revision(): Awaitable<number>;
  /** @param audit one entry for each thing that people would call one change; written only when the changes are */
  apply(changes: readonly Change[], audit: readonly NewAuditEntry[]): Awaitable<ApplyResult>;
  /** Newest first. Default 100, at most 1000. */
  policyVersions(policy: string, page?: { readonly before?: number; readonly limit?: number }): Awaitable<PolicyVersion[]>;
  policyVersion(policy: string, number: number): Awaitable<PolicyVersion | null>;
  secret(name: string): Awaitable<SealedSecret | null>;
  /** Names that begin so, without their contents. */
  secretNames(prefix: string): Awaitable<readonly { readonly name: string; readonly key: number }[]>;
  memberByEmail(email: string): Awaitable<Stored<'member'> | null>;
  memberByOidc(issuer: string, subject: string): Awaitable<Stored<'member'> | null>;
  tokenByHash(tokenSha256: string): Awaitable<Stored<'token'> | null>;
  /** Written at most once an hour for each token. */
  touchToken(name: string): Awaitable<void>;

  openSession(session: SessionRecord): Awaitable<void>;
  session(hash: string): Awaitable<SessionRecord | null>;
  touchSession(hash: string, lastUsedAt: string): Awaitable<void>;
  sessionsOf(member: string): Awaitable<SessionRecord[]>;
  /** One, or all of a member. @returns how many */
  closeSessions(which: { readonly hash: string } | { readonly member: string; readonly except?: string }): Awaitable<number>;

  addLink(link: LinkRecord): Awaitable<void>;
  /** Null when it is wrong or too late. Does not use it up. */
  link(hash: string): Awaitable<LinkRecord | null>;
  /** Takes it: of two that come at the same time one gets it. */
  useLink(hash: string): Awaitable<LinkRecord | null>;
  /** @returns how many were removed */
  removeLinks(purpose: LinkRecord['purpose'], member: string | null): Awaitable<number>;

  /** Null when the key is new, and then `digest` has been noted, so that a second request that comes meanwhile is told `in_progress`. */
  beginRepeatable(key: string, digest: string): Awaitable<null | { readonly kind: 'answer'; readonly answer: RepeatedAnswer } | { readonly kind: 'in_progress' } | { readonly kind: 'other_body' }>;
  endRepeatable(answer: RepeatedAnswer | { readonly key: string; readonly failed: true }): Awaitable<void>;

  /** An entry without a change: sign-ins, refused attempts. */
  addAudit(entry: NewAuditEntry): Awaitable<void>;
  audit(filter?: AuditFilter): Awaitable<AuditEntry[]>;
  /** Follows the chain of hashes from the first row to the newest: finds a row that was changed or removed. Reads everything. */
  checkAudit(): Awaitable<AuditCheck>;
  /** Ended sessions, links and answers, a bounded number. Called by housekeeping. */
  tidy(): Awaitable<void>;
}
