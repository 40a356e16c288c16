import { readFileSync } from 'node:fs';

/** The version in our own package.json, which is one directory above both src/cli and dist. */
export function version(): string {
  for (const path of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { name?: unknown; version?: unknown };
      if (manifest.name === 'policylayer' && typeof manifest.version === 'string') return manifest.version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
