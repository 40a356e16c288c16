// The answers of /api/v1 that the dashboard reads. Fields that it does not use are left out.
export const ROLES = ['viewer', 'approver', 'policy_manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];
export type Category = 'read' | 'write' | 'execute' | 'destructive' | 'financial';
export type Risk = 'low' | 'medium' | 'high' | 'critical';
export type Source = 'file' | 'registry';

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role | null;
  readonly serverRoles: Readonly<Record<string, Role>>;
}

export interface Session {
  readonly member: Me | null;
  readonly csrfToken: string | null;
  readonly signIn: { readonly password: boolean; readonly oidc: { readonly label: string } | null };
  readonly setupNeeded: boolean;
  readonly organisation: { readonly name: string };
  readonly version: string;
}

export type ShownValue = { readonly kind: 'plain'; readonly value: string } | { readonly kind: 'secret'; readonly set: boolean };

export interface ServerOAuth {
  readonly status: 'needs_consent' | 'ready' | 'dead';
  readonly issuer: string | null;
  readonly expiresAt: string | null;
  readonly problem: string | null;
}

export interface Server {
  readonly name: string;
  readonly description: string | null;
  readonly kind: 'command' | 'http';
  readonly command?: readonly string[];
  readonly cwd?: string | null;
  readonly env?: Readonly<Record<string, ShownValue>>;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, ShownValue>>;
  readonly auth?: 'none' | 'oauth';
  readonly isolation: 'session' | 'grant' | 'shared';
  readonly bridge: boolean;
  readonly trustedAnnotations: boolean;
  readonly drift: 'hold' | 'warn' | 'off';
  readonly enabled: boolean;
  readonly source: Source;
  readonly version: number;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly proxyUrl: string;
  readonly status: 'ready' | 'starting' | 'failing' | 'disabled' | 'unknown';
  readonly problem: string | null;
  readonly lastSeenAt: string | null;
  readonly toolCount: number | null;
  readonly contextTokens: number | null;
  /** How many tools of each class, where the gateway tells it. */
  readonly classes?: Readonly<Partial<Record<Category, number>>> | null;
  readonly grants: number;
  readonly held: number;
  readonly oauth: ServerOAuth | null;
}

export interface Evidence {
  readonly place: string;
  readonly pointer: string;
  readonly term: string;
  readonly suggests: string;
}

export interface Tool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly category: Category;
  readonly risk: Risk;
  readonly confidence: 'low' | 'medium' | 'high';
  readonly signals: readonly string[];
  readonly findings: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly inputSchema: unknown;
  readonly annotations: unknown;
  readonly contextTokens: number;
  readonly pin: 'pinned' | 'noted' | 'held' | null;
  readonly catalogueUrl: string | null;
}

export interface Scan {
  readonly at: string | null;
  readonly status: string;
  readonly problem: string | null;
  readonly contextTokens: number | null;
  readonly tools: readonly Tool[];
}

/** GET /servers/{server}/tools/{tool}/pin: the definitions of a tool that were seen. */
export interface Pin {
  readonly server: string;
  readonly name: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Oldest first. */
  readonly definitions: readonly { readonly hash: string; readonly standing: 'pinned' | 'noted' | 'held'; readonly text: string | null; readonly why: readonly string[]; readonly decidedBy: string | null; readonly firstSeen: string }[];
}

export interface Diagnostic {
  readonly severity?: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly pointer: string;
  readonly message: string;
  readonly help?: string;
}

export interface Policy {
  readonly name: string;
  readonly server: string | null;
  readonly description: string | null;
  readonly draft: string | null;
  readonly published: { readonly number: number; readonly stage: 'observe' | 'enforce'; readonly text: string; readonly at: string; readonly author: string; readonly comment: string | null } | null;
  readonly mode: string | null;
  readonly source: Source;
  readonly version: number;
  readonly usedBy: readonly string[];
  readonly problems: readonly Diagnostic[];
}

export interface Grant {
  readonly label: string;
  readonly server: string;
  readonly tags: readonly string[];
  readonly policies: readonly string[];
  readonly tokenHint: string | null;
  readonly oauth: { readonly issuer: string; readonly claims: Readonly<Record<string, string>> } | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly rotatedAt: string | null;
  readonly previousUntil: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly version: number;
  readonly source: Source;
  readonly status: 'active' | 'expired' | 'revoked' | 'unusable';
  readonly problem: string | null;
  readonly lastUsedAt: string | null;
  readonly calls24h: number;
}

export type Outcome = 'forwarded' | 'ok' | 'tool_error' | 'upstream_error' | 'upstream_failed' | 'cancelled' | 'refused' | 'rejected' | 'dropped';

export interface JournalRow {
  readonly seq: number;
  readonly at: string;
  readonly id: string;
  readonly server: string;
  readonly grant: string | null;
  readonly session: string | null;
  readonly transport: string;
  readonly protocol: string | null;
  readonly method: string | null;
  readonly name: string | null;
  readonly requestId: string | null;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly rule: string | null;
  readonly policy: string | null;
  readonly reason: string | null;
  readonly retryAfterMs: number | null;
  readonly observed: string | null;
  readonly argKeys: readonly string[] | null;
  readonly argHash: string | null;
  readonly argValues?: string | null;
  readonly upstreamStatus: string | null;
  readonly latencyMs: number | null;
  readonly sealed?: 'open' | 'sealed' | 'redacted';
}

export interface Overview {
  readonly gateway: { readonly version: string; readonly startedAt: string; readonly uptimeSeconds: number; readonly sessions: number | null; readonly children: number | null; readonly inFlight: number | null };
  readonly calls: { readonly last24h: { readonly admitted: number; readonly refused: number; readonly failed: number; readonly pendingApprovals: number } };
  readonly series: readonly { readonly t: string | number; readonly admitted: number; readonly refused: number; readonly failed: number }[];
  readonly topRules: readonly { readonly policy: string | null; readonly rule: string | null; readonly count: number; readonly codes: Readonly<Record<string, number>> }[];
  readonly topTools: readonly { readonly server: string; readonly name: string; readonly count: number }[];
  readonly approvalsWaiting: number;
  readonly sickServers: readonly { readonly name: string; readonly status: string; readonly problem: string | null }[];
  readonly heldDefinitions: number;
  readonly unreadMessages: number;
  /** False while older rows are still being counted. */
  readonly complete: boolean;
}

export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'used';

export interface Vote {
  readonly approver: string;
  readonly way: string;
  readonly decision: 'approve' | 'deny';
  readonly comment: string | null;
  readonly at: string;
}

/** What lists and events show of a request for approval. */
export interface ApprovalSummary {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly server: string;
  readonly grant: string;
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly method: string;
  readonly name: string;
  readonly reason: string | null;
  readonly policy: string;
  readonly rule: string;
  readonly needed: number;
  readonly approvers: readonly string[] | null;
  readonly via: readonly string[];
  readonly votes: readonly Vote[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly usedBy: string | null;
}

export interface Approval extends ApprovalSummary {
  /** The exact text; null without the right to decide, and some time after the decision. */
  readonly arguments: string | null;
  readonly alsoSent: string | null;
  readonly class: { readonly category: Category; readonly risk: Risk } | null;
  readonly history: readonly { readonly id: string; readonly status: ApprovalStatus; readonly grant: string; readonly createdAt: string; readonly votes: readonly Vote[] }[];
  readonly mayDecide: boolean;
  readonly whyNot: string | null;
}
