import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
}

/** Our package.json: the nearest one above this file that has our name, whether the code is bundled or not. */
function locate(): { readonly root: string; readonly manifest: Manifest } {
  for (const up of ['../', '../../', '../../../']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')) as Manifest;
      if (manifest.name === 'policylayer') return { root: fileURLToPath(new URL(up, import.meta.url)), manifest };
    } catch {
      continue;
    }
  }
  throw new Error('the installation is incomplete: package.json is missing');
}

/** Absolute directory of the installed package, where examples/ is. */
export function packageRoot(): string {
  return locate().root;
}

export function version(): string {
  const { version: text } = locate().manifest;
  return typeof text === 'string' ? text : 'unknown';
}
