import type { CommandSpec } from './types.ts';

/** What a program needs to find its files, its language and its user; nothing that carries a secret (protocol.md D4). */
const POSIX = new Set(['PATH', 'HOME', 'LANG', 'LANGUAGE', 'TMPDIR', 'TZ', 'USER', 'LOGNAME', 'SHELL', 'TERM']);

const WINDOWS = new Set([
  'PATH', 'PATHEXT', 'COMSPEC', 'SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'TEMP', 'TMP', 'USERNAME', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH',
  'APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA', 'PROGRAMFILES', 'PROGRAMFILES(X86)', 'PROCESSOR_ARCHITECTURE', 'NUMBER_OF_PROCESSORS', 'TZ', 'LANG',
]);

/**
 * The environment of a child process: the base set and the operator's own variables, or everything when the spec says so.
 * @param parent the gateway's environment
 */
export function childEnvironment(
  spec: Pick<CommandSpec, 'env' | 'inheritEnv'>,
  parent: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(parent)) {
    if (value === undefined) continue;
    if (spec.inheritEnv || isBase(name, value, platform)) env[name] = value;
  }
  for (const [name, value] of Object.entries(spec.env)) {
    // Windows compares names without case: two spellings of PATH would leave the choice to the system.
    if (platform === 'win32') {
      for (const other of Object.keys(env)) if (other.toUpperCase() === name.toUpperCase()) delete env[other];
    }
    env[name] = value;
  }
  return env;
}

function isBase(name: string, value: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return WINDOWS.has(name.toUpperCase());
  // A value that starts like an exported shell function is code for old shells, not data (CVE-2014-6271).
  return (POSIX.has(name) || name.startsWith('LC_')) && !value.startsWith('()');
}
