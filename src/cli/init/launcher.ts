import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { UsageError } from '../usage-error.ts';

/** How a wrapped entry starts PolicyLayer. */
export interface Launcher {
  /** Absolute path of Node. */
  readonly node: string;
  /** Absolute path of our program. */
  readonly program: string;
}

/** Links that package managers keep at one place while versions come and go behind them. */
const STABLE = ['/usr/local/bin/node', '/opt/homebrew/bin/node', '/usr/bin/node', '/home/linuxbrew/.linuxbrew/bin/node', '/opt/local/bin/node'];

/**
 * This Node and this program, by absolute paths. Not `npx policylayer`: a desktop program has another PATH than a shell, Windows starts
 * no `.cmd` without one, and no client start should depend on what a registry serves that day.
 */
export function findLauncher(): Launcher {
  return { node: stablePath(process.execPath), program: join(packageRoot(), 'dist', 'bin.mjs') };
}

/** `/opt/homebrew/Cellar/node/24.1.0/bin/node` is gone after the next upgrade; the link to it is not. */
function stablePath(node: string): string {
  const real = realOf(node);
  return STABLE.find((path) => realOf(path) === real) ?? node;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/**
 * Entries that name a program which is not there, or not for long, would leave every client without its servers.
 * @throws UsageError
 */
export function checkLauncher(launcher: Launcher): void {
  if (/[\\/]_npx[\\/]/.test(launcher.program)) throw new UsageError('PolicyLayer runs from the cache of npx, which npm empties at times', 'install it (npm install --global policylayer), then run init from there');
  if (statSync(launcher.program, { throwIfNoEntry: false })?.isFile() !== true) throw new UsageError(`${launcher.program} is not there, so no wrapped server could start`, 'run npm run build');
}
