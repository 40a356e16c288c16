import type { Change, Registry, SealedSecret } from '../../state/registry/types.ts';
import type { ManagedSecretBox } from './secret-box.ts';

/** Secrets that one transaction seals anew: enough to come to an end, few enough that calls do not wait for it. */
const STEP = 50;

/**
 * Seals anew with the newest key what older keys have sealed, in steps that each hold or do not. Killed in between, the next run goes on:
 * both keys are in the ring until nothing uses the older one.
 * @param signal stops between two steps
 * @returns how many were sealed anew, and the names of those that no key opens, which stay as they are
 * @throws StateUnavailable
 */
export async function resealSecrets(registry: Registry, box: ManagedSecretBox, signal?: AbortSignal): Promise<{ readonly resealed: number; readonly unreadable: readonly string[] }> {
  const newest = box.newest;
  const old = (await registry.secretNames('')).filter((secret) => secret.key !== newest).map((secret) => secret.name);
  const unreadable: string[] = [];
  let resealed = 0;
  for (let at = 0; at < old.length && signal?.aborted !== true; at += STEP) {
    for (const name of old.slice(at, at + STEP)) {
      const outcome = await resealOne(registry, box, name);
      if (outcome === 'resealed') resealed += 1;
      else if (outcome === 'unreadable') unreadable.push(name);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { resealed, unreadable };
}

/** Lays a new key, seals everything with it, and lets go of keys that nothing needs any more: what `POST /settings/keys/rotate` does. */
export async function rotateKeys(registry: Registry, box: ManagedSecretBox): Promise<{ readonly key: number; readonly resealed: number; readonly unreadable: readonly string[]; readonly dropped: number }> {
  box.addKey();
  const { resealed, unreadable } = await resealSecrets(registry, box);
  const inUse = new Set((await registry.secretNames('')).map((secret) => secret.key));
  return { key: box.newest, resealed, unreadable, dropped: box.dropKeys(inUse) };
}

async function resealOne(registry: Registry, box: ManagedSecretBox, name: string): Promise<'resealed' | 'unreadable' | 'gone'> {
  const secret = await registry.secret(name);
  if (secret === null || secret.key === box.newest) return 'gone';
  const value = read(box, secret);
  if (value === null) return 'unreadable';
  // `replaces`: whoever sets the secret meanwhile must not get the old value back.
  const change: Change = { op: 'seal', secret: box.seal(name, value), replaces: secret.sealed };
  return (await registry.apply([change], [])).ok ? 'resealed' : 'gone';
}

function read(box: ManagedSecretBox, secret: SealedSecret): string | null {
  try {
    return box.open(secret);
  } catch {
    return null;
  }
}
