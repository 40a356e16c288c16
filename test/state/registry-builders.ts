import { createHash } from 'node:crypto';
import type { Change, GrantDefinition, Kind, Kinds, MemberDefinition, NewAuditEntry, PolicyDefinition, ServerDefinition, TokenDefinition } from '../../src/state/registry/types.ts';

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

export function server(over: Partial<Extract<ServerDefinition, { kind: 'command' }>> = {}): ServerDefinition {
  return { kind: 'command', description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true, command: ['node', 'x.js'], cwd: null, env: {}, ...over };
}

export function policy(over: Partial<PolicyDefinition> = {}): PolicyDefinition {
  return { server: null, description: null, draft: null, published: null, ...over };
}

export function grant(over: Partial<GrantDefinition> = {}): GrantDefinition {
  return { server: 'demo', tags: [], policies: [], tokenSha256: null, tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'ada', ...over };
}

export function member(over: Partial<MemberDefinition> = {}): MemberDefinition {
  return { name: 'Ada', email: 'ada@example.com', role: 'admin', serverRoles: {}, passwordHash: null, oidc: null, disabled: false, lastSignInAt: null, ...over };
}

export function token(over: Partial<TokenDefinition> = {}): TokenDefinition {
  return { label: 'ci', member: 'm1', role: null, tokenSha256: sha('t'), tokenHint: 'abcd', expiresAt: null, revokedAt: null, lastUsedAt: null, ...over };
}

export function audit(over: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return { actor: 'm1', actorName: 'Ada', via: 'session', action: 'server.create', kind: 'server', name: 'demo', summary: 'added', before: null, after: { a: 1 }, requestId: 'r1', address: '127.0.0.1', ...over };
}

export function put<K extends Kind>(kind: K, name: string, value: Kinds[K], expect?: number | null): Change {
  return { op: 'put', kind, name, value, ...(expect === undefined ? {} : { expect }) } as Change;
}
