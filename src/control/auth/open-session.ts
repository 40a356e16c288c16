import type { Stored } from '../../state/registry/types.ts';
import { ApiProblem } from '../api/problem.ts';
import type { Call } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { ABSOLUTE_MS, csrfTokenOf } from './authenticate.ts';
import { auditOf } from './audit-entry.ts';
import { Cookies, SESSION_COOKIE } from './cookies.ts';
import { DEVICE_COOKIE, deviceCookie, DEVICE_SECONDS } from './known-device.ts';
import { callerOf } from './member-caller.ts';
import { hashSecret, newSecret } from './secret-text.ts';

export interface OpenedSession {
  readonly hash: string;
  readonly csrfToken: string;
  /** Values of Set-Cookie. */
  readonly cookies: readonly string[];
}

export type Visit = Pick<Call<unknown, unknown, unknown>, 'session' | 'header' | 'requestId' | 'address'>;

/**
 * Lets a member in: a new session with a new secret, whatever cookie the browser came with, and an audit entry.
 * @param member as it was when his password or identity was checked
 * @param how for people: `with a password`
 * @throws ApiProblem unauthenticated when he was locked or got a new password since
 */
export async function openSession(member: Stored<'member'>, visit: Visit, how: string, services: ControlServices): Promise<OpenedSession> {
  const { registry, now, secrets } = services;
  const secret = newSecret();
  const hash = hashSecret(secret);
  const at = new Date(now()).toISOString();
  if (visit.session !== null) await registry.closeSessions({ hash: visit.session.hash });
  await registry.openSession({ hash, member: member.name, createdAt: at, lastUsedAt: at, expiresAt: new Date(now() + ABSOLUTE_MS).toISOString(), userAgent: shownAgent(visit.header('user-agent')) });
  const noted = await registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, lastSignInAt: at }, expect: member.version }], []);
  if (!noted.ok) {
    // Changed between the check and now. Whatever else it was, a new password or a lock must not be outlived by this session.
    const current = await registry.get('member', member.name);
    if (current === null || current.value.disabled || current.value.passwordHash !== member.value.passwordHash) {
      await registry.closeSessions({ hash });
      throw new ApiProblem('unauthenticated', 'the member was changed at the same moment; sign in again');
    }
  }
  await registry.addAudit(auditOf({ caller: callerOf(member), requestId: visit.requestId, address: visit.address }, { action: 'session.sign_in', kind: 'member', name: member.name, summary: `${member.value.email} signed in ${how}` }));
  const cookies = new Cookies(services.publicUrl());
  return {
    hash, csrfToken: csrfTokenOf(secret),
    cookies: [cookies.set(SESSION_COOKIE, secret, ABSOLUTE_MS / 1_000), cookies.set(DEVICE_COOKIE, deviceCookie(secrets, member.value.email), DEVICE_SECONDS)],
  };
}

/** What a browser says of itself, as one short line. */
function shownAgent(agent: string | null): string | null {
  return agent === null ? null : agent.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
