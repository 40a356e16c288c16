import type { LinkRecord, Registry } from '../../state/registry/types.ts';
import { hashSecret, newSecret } from './secret-text.ts';

const LASTS_MS: Readonly<Record<'invite' | 'reset', number>> = { invite: 7 * 24 * 3_600_000, reset: 24 * 3_600_000 };

/**
 * Makes a one-time link for a member; those before it are void. The secret is in the fragment, which no browser sends and no log holds.
 * @returns the address, to be shown once
 */
export async function makeLink(purpose: 'invite' | 'reset', member: string, { registry, now, publicUrl }: { readonly registry: Registry; readonly now: () => number; readonly publicUrl: () => string }): Promise<{ readonly link: string; readonly expiresAt: string }> {
  const secret = newSecret();
  const expiresAt = new Date(now() + LASTS_MS[purpose]).toISOString();
  await registry.removeLinks('invite', member);
  await registry.removeLinks('reset', member);
  await registry.addLink({ hash: hashSecret(secret), purpose, member, expiresAt });
  return { link: `${publicUrl()}/sign-in#link=${secret}`, expiresAt };
}

/** The link of a secret, without using it up; null when it is wrong, used or too late. */
export async function findLink(registry: Registry, secret: string): Promise<LinkRecord | null> {
  return registry.link(hashSecret(secret));
}
