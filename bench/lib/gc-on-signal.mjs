/**
 * Preloaded (`node --expose-gc --import`) into processes whose memory is compared: on SIGUSR2 it collects garbage and, where
 * MEMORY_REPORT names a file, writes what is left. Without a collection, resident memory says more about V8's mood than about leaks.
 */
import { renameSync, writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  // Twice: what finalisers release in the first goes in the second.
  setTimeout(() => {
    globalThis.gc?.();
    const file = process.env['MEMORY_REPORT'];
    if (file === undefined) return;
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    const { rss, heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.tmp`, JSON.stringify({ rss, heapUsed, external, resources }), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  }, 50).unref();
});
