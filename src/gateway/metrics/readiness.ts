import { statfs } from 'node:fs/promises';
import type { State } from '../../state/types.ts';

/** Less than this left on the disk of the store, and it will not be able to write soon. */
const MIN_FREE_BYTES = 16 * 1024 * 1024;
/** A failure of the store is held against it for so long, unless it has written since. */
const FAILURE_MS = 10_000;
const PROBE = { server: '-', grant: '-', session: null, name: '-' };

export interface Readiness {
  readonly ready: boolean;
  /** `draining`, or which check failed. Fixed words: anybody may ask. */
  readonly status: 'ready' | 'draining' | 'not_ready';
  readonly checks: { readonly configuration: 'ok' | 'missing'; readonly state: 'ok' | 'unavailable'; readonly disk: 'ok' | 'full' | 'unknown' };
}

/** Whether calls can be taken now. Asks the store for a write transaction that writes nothing, so that one that is read-only or locked is found. */
export async function readiness(options: {
  readonly state: State;
  readonly dataDir: string;
  readonly loaded: boolean;
  readonly draining: boolean;
  readonly store: { readonly failedAt: number; readonly wroteAt: number };
}): Promise<Readiness> {
  const { failedAt, wroteAt } = options.store;
  const failing = failedAt > wroteAt && performance.now() - failedAt < FAILURE_MS;
  const state = !failing && (await writable(options.state)) ? 'ok' : 'unavailable';
  const disk = await diskOf(options.dataDir);
  const checks = { configuration: options.loaded ? 'ok' : 'missing', state, disk } as const;
  const ready = options.loaded && !options.draining && state === 'ok' && disk !== 'full';
  return { ready, status: options.draining ? 'draining' : ready ? 'ready' : 'not_ready', checks };
}

async function writable(state: State): Promise<boolean> {
  try {
    return (await state.reserve([], PROBE)).ok;
  } catch {
    return false;
  }
}

async function diskOf(directory: string): Promise<'ok' | 'full' | 'unknown'> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize < MIN_FREE_BYTES ? 'full' : 'ok';
  } catch {
    // Not every file system answers; the store's own word counts then.
    return 'unknown';
  }
}
