import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * Where state is kept when nothing else is said: `$XDG_STATE_HOME/policylayer`, `~/.local/state/policylayer`, on Windows
 * `%LOCALAPPDATA%\policylayer`.
 */
export function defaultDataDirectory(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'policylayer');
  // A relative value is to be ignored (XDG base directory specification).
  const configured = env['XDG_STATE_HOME'];
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.local', 'state');
  return join(base, 'policylayer');
}

/** @param option the value of `--data`, relative to the working directory */
export function dataDirectory(option: string | undefined): string {
  return option === undefined ? defaultDataDirectory() : resolve(option);
}
