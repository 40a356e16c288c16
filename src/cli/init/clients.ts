import { posix, win32 } from 'node:path';

export const CLIENT_IDS = ['claude-code', 'claude-desktop', 'cursor', 'vscode', 'windsurf', 'codex', 'gemini', 'zed'] as const;
export type ClientId = (typeof CLIENT_IDS)[number];

export const CLIENT_TITLES: Readonly<Record<ClientId, string>> = {
  'claude-code': 'Claude Code',
  'claude-desktop': 'Claude Desktop',
  cursor: 'Cursor',
  vscode: 'VS Code',
  windsurf: 'Windsurf',
  codex: 'Codex',
  gemini: 'Gemini CLI',
  zed: 'Zed',
};

/** `project`: the file belongs to a directory that others may have written, so nothing in it was chosen by this user. */
export type Scope = 'user' | 'project';
export type Format = 'jsonc' | 'toml';

export interface Location {
  readonly client: ClientId;
  readonly scope: Scope;
  readonly format: Format;
  /** Absolute. A segment with `*` stands for every directory whose name fits. */
  readonly path: string;
  /** Where the servers are: keys from the root; `*` stands for every key. */
  readonly containers: readonly (readonly string[])[];
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  readonly home: string;
  /** The project: where the project's own files are looked for. */
  readonly cwd: string;
}

export const CONTAINERS: Readonly<Record<ClientId, readonly (readonly string[])[]>> = {
  // `claude mcp add` writes to the entry of the project by default.
  'claude-code': [['mcpServers'], ['projects', '*', 'mcpServers']],
  'claude-desktop': [['mcpServers']],
  cursor: [['mcpServers']],
  vscode: [['servers'], ['mcp', 'servers'], ['mcp.servers']],
  windsurf: [['mcpServers']],
  codex: [['mcp_servers']],
  gemini: [['mcpServers']],
  zed: [['context_servers']],
};

/** Builds of VS Code that keep their settings apart. */
const VSCODE_BUILDS = ['Code', 'Code - Insiders', 'VSCodium'];

/**
 * Every place where one of the eight clients keeps MCP servers, on the platform that `surroundings` describes. Pure: reads nothing.
 * A client that is not installed costs a file that is not there.
 */
export function configurationLocations(surroundings: Surroundings): readonly Location[] {
  const { platform, env, home, cwd } = surroundings;
  const paths = platform === 'win32' ? win32 : posix;
  const join = (...parts: readonly string[]): string => paths.join(...parts);
  const variable = (name: string): string | null => {
    const value = env[name];
    // A relative path would be read from wherever each program happens to run; the XDG specification has it ignored.
    return value !== undefined && paths.isAbsolute(value) ? value : null;
  };
  const roaming = variable('APPDATA') ?? join(home, 'AppData', 'Roaming');
  const local = variable('LOCALAPPDATA') ?? join(home, 'AppData', 'Local');
  const xdg = variable('XDG_CONFIG_HOME') ?? join(home, '.config');
  const support = join(home, 'Library', 'Application Support');
  /** Where desktop programs keep their settings. */
  const settings = platform === 'win32' ? roaming : platform === 'darwin' ? support : xdg;

  const locations: Location[] = [];
  const add = (client: ClientId, scope: Scope, path: string, containers = CONTAINERS[client], format: Format = 'jsonc'): void => {
    locations.push({ client, scope, path, containers, format });
  };

  const claudeDirectory = variable('CLAUDE_CONFIG_DIR');
  add('claude-code', 'user', join(claudeDirectory ?? home, '.claude.json'));
  add('claude-code', 'project', join(cwd, '.mcp.json'), [['mcpServers']]);

  add('claude-desktop', 'user', join(settings, 'Claude', 'claude_desktop_config.json'));
  // The packaged build on Windows sees a redirected Roaming directory.
  if (platform === 'win32') add('claude-desktop', 'user', join(local, 'Packages', 'Claude_*', 'LocalCache', 'Roaming', 'Claude', 'claude_desktop_config.json'));

  add('cursor', 'user', join(home, '.cursor', 'mcp.json'));
  add('cursor', 'project', join(cwd, '.cursor', 'mcp.json'));

  for (const build of VSCODE_BUILDS) {
    const user = join(settings, build, 'User');
    add('vscode', 'user', join(user, 'mcp.json'), [['servers']]);
    add('vscode', 'user', join(user, 'profiles', '*', 'mcp.json'), [['servers']]);
    add('vscode', 'user', join(user, 'settings.json'), [['mcp', 'servers'], ['mcp.servers']]);
  }
  add('vscode', 'project', join(cwd, '.vscode', 'mcp.json'), [['servers']]);
  add('vscode', 'project', join(cwd, '.vscode', 'settings.json'), [['mcp', 'servers'], ['mcp.servers']]);

  add('windsurf', 'user', join(home, '.codeium', 'windsurf', 'mcp_config.json'));
  add('windsurf', 'user', join(home, '.codeium', 'mcp_config.json'));

  add('codex', 'user', join(variable('CODEX_HOME') ?? join(home, '.codex'), 'config.toml'), CONTAINERS.codex, 'toml');
  add('codex', 'project', join(cwd, '.codex', 'config.toml'), CONTAINERS.codex, 'toml');

  add('gemini', 'user', join(variable('GEMINI_CLI_HOME') ?? home, '.gemini', 'settings.json'));
  add('gemini', 'project', join(cwd, '.gemini', 'settings.json'));

  // Zed keeps to ~/.config on macOS, and to nothing else.
  const zed = platform === 'win32' ? join(roaming, 'Zed') : platform === 'darwin' ? join(home, '.config', 'zed') : join(xdg, 'zed');
  add('zed', 'user', join(zed, 'settings.json'));
  if (platform === 'linux') add('zed', 'user', join(home, '.var', 'app', 'dev.zed.Zed', 'config', 'zed', 'settings.json'));
  add('zed', 'project', join(cwd, '.zed', 'settings.json'));

  return locations;
}
