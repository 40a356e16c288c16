import type { Registry } from '../../state/registry/types.ts';
import { hashSecret, newSecret } from './secret-text.ts';

const SETUP_MS = 7 * 24 * 3_600_000;

/**
 * Makes the secret of the link with which the first admin comes in. There is at most one.
 * @returns null when there is a member already @throws StateUnavailable
 */
export async function makeSetupLink({ registry, now }: { readonly registry: Registry; readonly now: () => number }): Promise<string | null> {
  if (!(await isEmpty(registry))) return null;
  const secret = newSecret();
  await registry.removeLinks('setup', null);
  await registry.addLink({ hash: hashSecret(secret), purpose: 'setup', member: null, expiresAt: new Date(now() + SETUP_MS).toISOString() });
  return secret;
}

/** True as long as nobody can sign in. */
export async function isEmpty(registry: Registry): Promise<boolean> {
  return (await registry.list('member', { limit: 1 })).length === 0;
}
