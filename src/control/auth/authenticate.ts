import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Head } from '../../gateway/http/head.ts';
import type { SessionRecord } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';
import { ApiProblem } from '../api/problem.ts';
import type { ControlServices } from '../api/services.ts';
import { cookieOf, Cookies, SESSION_COOKIE } from './cookies.ts';
import { callerOf, isActive, NOBODY } from './member-caller.ts';
import { hashSecret, looksLikeSecret } from './secret-text.ts';

/** A session that nobody used for so long has ended. */
export const IDLE_MS = 12 * 3_600_000;
/** However much it is used, a session ends after this. */
export const ABSOLUTE_MS = 7 * 24 * 3_600_000;
/** How exactly the last use of a session is kept. */
const TOUCH_MS = 60_000;

export interface Identity {
  readonly caller: Caller;
  readonly session: { readonly hash: string; readonly csrfToken: string; readonly record: SessionRecord } | null;
}

const ANONYMOUS: Identity = { caller: NOBODY, session: null };

/**
 * Who sends a request. Rights are read anew every time, so that what was taken away is gone at the next request.
 * A token that is wrong is refused; a cookie that is wrong is nobody, who may sign in.
 * @throws ApiProblem unauthenticated
 */
export async function authenticate(head: Pick<Head, 'get'>, services: ControlServices): Promise<Identity> {
  const authorization = head.get('authorization');
  if (authorization !== null) return { caller: await byToken(authorization, services), session: null };
  const secret = cookieOf(head.get('cookie'), new Cookies(services.publicUrl()).name(SESSION_COOKIE));
  if (secret === null || !looksLikeSecret(secret)) return ANONYMOUS;
  return (await bySession(secret, services)) ?? ANONYMOUS;
}

async function bySession(secret: string, { registry, now }: ControlServices): Promise<Identity | null> {
  const hash = hashSecret(secret);
  const record = await registry.session(hash);
  if (record === null) return null;
  const at = now();
  if (at >= Date.parse(record.expiresAt) || at - Date.parse(record.lastUsedAt) >= IDLE_MS) {
    await registry.closeSessions({ hash });
    return null;
  }
  const member = await registry.get('member', record.member);
  if (member === null || !isActive(member.value)) return null;
  if (at - Date.parse(record.lastUsedAt) >= TOUCH_MS) await registry.touchSession(hash, new Date(at).toISOString());
  return { caller: callerOf(member), session: { hash, csrfToken: csrfTokenOf(secret), record } };
}

async function byToken(authorization: string, { registry, now }: ControlServices): Promise<Caller> {
  const secret = /^Bearer +(pla_[A-Za-z0-9_-]{43})$/i.exec(authorization)?.[1];
  if (secret === undefined) throw refused('the Authorization header must be `Bearer pla_...`, an API token of this gateway');
  const token = await registry.tokenByHash(hashSecret(secret));
  const member = token === null ? null : await registry.get('member', token.value.member);
  const ended = token === null || token.value.revokedAt !== null || (token.value.expiresAt !== null && Date.parse(token.value.expiresAt) <= now());
  if (ended || member === null || !isActive(member.value)) throw refused('the API token is not valid, or not valid any more');
  await registry.touchToken(token.name);
  return callerOf(member, { role: token.value.role });
}

function refused(detail: string): ApiProblem {
  return new ApiProblem('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer realm="policylayer-api", error="invalid_token"' } });
}

/** Bound to one session, and known only to pages that may read our answers. */
export function csrfTokenOf(sessionSecret: string): string {
  return createHmac('sha256', sessionSecret).update('csrf').digest('base64url');
}

export function isCsrfToken(found: string | null, expected: string): boolean {
  const a = Buffer.from(found ?? '');
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
