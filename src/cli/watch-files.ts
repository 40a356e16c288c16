import { statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

export interface WatchOptions {
  /** Quiet time after a change before it is reported: editors write in several steps. */
  readonly debounceMs?: number;
  /** Network and container file systems report nothing; there a look at the files has to do. */
  readonly pollMs?: number;
}

/**
 * Calls back after any of the files changed. Their directories are watched, not the files: an editor that saves by renaming puts a
 * new file in place of the watched one. Two changes close together give one call.
 * @returns ends the watching
 */
export function watchFiles(paths: readonly string[], changed: () => void, options: WatchOptions = {}): () => void {
  const debounceMs = options.debounceMs ?? 100;
  let before = fingerprint(paths);
  let timer: NodeJS.Timeout | null = null;

  const look = (): void => {
    timer = null;
    const now = fingerprint(paths);
    if (now === before) return;
    before = now;
    changed();
  };
  const soon = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(look, debounceMs);
    timer.unref();
  };

  const watchers: FSWatcher[] = [];
  for (const directory of new Set(paths.map((path) => dirname(path)))) {
    try {
      const watcher = watch(directory, { persistent: false }, soon);
      // The directory itself went away: polling goes on.
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      continue;
    }
  }
  const poll = setInterval(look, options.pollMs ?? 2_000);
  poll.unref();

  return () => {
    if (timer !== null) clearTimeout(timer);
    clearInterval(poll);
    for (const watcher of watchers) watcher.close();
  };
}

/** Everything that differs when a file was written or replaced; links are followed, so a swapped link counts. */
function fingerprint(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const stats = statSync(path, { bigint: true });
        return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unreadable';
      }
    })
    .join('|');
}
