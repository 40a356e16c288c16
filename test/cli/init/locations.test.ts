import { describe, expect, it } from 'vitest';
import { configurationLocations, type Surroundings } from '../../../src/cli/init/clients.ts';

const LINUX: Surroundings = { platform: 'linux', env: {}, home: '/home/u', cwd: '/srv/app' };
const MACOS: Surroundings = { platform: 'darwin', env: {}, home: '/Users/u', cwd: '/srv/app' };
const WINDOWS: Surroundings = { platform: 'win32', env: { APPDATA: 'C:\\Users\\u\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\u\\AppData\\Local' }, home: 'C:\\Users\\u', cwd: 'D:\\app' };

const list = (surroundings: Surroundings): string[] => configurationLocations(surroundings).map(({ client, path }) => `${client} ${path}`);

const PLATFORMS: readonly [title: string, surroundings: Surroundings, expected: readonly string[]][] = [
  ['Linux', LINUX, [
    'claude-code /home/u/.claude.json',
    'claude-code /srv/app/.mcp.json',
    'claude-desktop /home/u/.config/Claude/claude_desktop_config.json',
    'cursor /home/u/.cursor/mcp.json',
    'cursor /srv/app/.cursor/mcp.json',
    'vscode /home/u/.config/Code/User/mcp.json',
    'vscode /home/u/.config/Code/User/profiles/*/mcp.json',
    'vscode /home/u/.config/Code/User/settings.json',
    'vscode /home/u/.config/Code - Insiders/User/mcp.json',
    'vscode /home/u/.config/Code - Insiders/User/profiles/*/mcp.json',
    'vscode /home/u/.config/Code - Insiders/User/settings.json',
    'vscode /home/u/.config/VSCodium/User/mcp.json',
    'vscode /home/u/.config/VSCodium/User/profiles/*/mcp.json',
    'vscode /home/u/.config/VSCodium/User/settings.json',
    'vscode /srv/app/.vscode/mcp.json',
    'vscode /srv/app/.vscode/settings.json',
    'windsurf /home/u/.codeium/windsurf/mcp_config.json',
    'windsurf /home/u/.codeium/mcp_config.json',
    'codex /home/u/.codex/config.toml',
    'codex /srv/app/.codex/config.toml',
    'gemini /home/u/.gemini/settings.json',
    'gemini /srv/app/.gemini/settings.json',
    'zed /home/u/.config/zed/settings.json',
    'zed /home/u/.var/app/dev.zed.Zed/config/zed/settings.json',
    'zed /srv/app/.zed/settings.json',
  ]],
  ['macOS', MACOS, [
    'claude-code /Users/u/.claude.json',
    'claude-code /srv/app/.mcp.json',
    'claude-desktop /Users/u/Library/Application Support/Claude/claude_desktop_config.json',
    'cursor /Users/u/.cursor/mcp.json',
    'cursor /srv/app/.cursor/mcp.json',
    'vscode /Users/u/Library/Application Support/Code/User/mcp.json',
    'vscode /Users/u/Library/Application Support/Code/User/profiles/*/mcp.json',
    'vscode /Users/u/Library/Application Support/Code/User/settings.json',
    'vscode /Users/u/Library/Application Support/Code - Insiders/User/mcp.json',
    'vscode /Users/u/Library/Application Support/Code - Insiders/User/profiles/*/mcp.json',
    'vscode /Users/u/Library/Application Support/Code - Insiders/User/settings.json',
    'vscode /Users/u/Library/Application Support/VSCodium/User/mcp.json',
    'vscode /Users/u/Library/Application Support/VSCodium/User/profiles/*/mcp.json',
    'vscode /Users/u/Library/Application Support/VSCodium/User/settings.json',
    'vscode /srv/app/.vscode/mcp.json',
    'vscode /srv/app/.vscode/settings.json',
    'windsurf /Users/u/.codeium/windsurf/mcp_config.json',
    'windsurf /Users/u/.codeium/mcp_config.json',
    'codex /Users/u/.codex/config.toml',
    'codex /srv/app/.codex/config.toml',
    'gemini /Users/u/.gemini/settings.json',
    'gemini /srv/app/.gemini/settings.json',
    'zed /Users/u/.config/zed/settings.json',
    'zed /srv/app/.zed/settings.json',
  ]],
  ['Windows', WINDOWS, [
    'claude-code C:\\Users\\u\\.claude.json',
    'claude-code D:\\app\\.mcp.json',
    'claude-desktop C:\\Users\\u\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    'claude-desktop C:\\Users\\u\\AppData\\Local\\Packages\\Claude_*\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json',
    'cursor C:\\Users\\u\\.cursor\\mcp.json',
    'cursor D:\\app\\.cursor\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code\\User\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code\\User\\profiles\\*\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code\\User\\settings.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code - Insiders\\User\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code - Insiders\\User\\profiles\\*\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\Code - Insiders\\User\\settings.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\VSCodium\\User\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\VSCodium\\User\\profiles\\*\\mcp.json',
    'vscode C:\\Users\\u\\AppData\\Roaming\\VSCodium\\User\\settings.json',
    'vscode D:\\app\\.vscode\\mcp.json',
    'vscode D:\\app\\.vscode\\settings.json',
    'windsurf C:\\Users\\u\\.codeium\\windsurf\\mcp_config.json',
    'windsurf C:\\Users\\u\\.codeium\\mcp_config.json',
    'codex C:\\Users\\u\\.codex\\config.toml',
    'codex D:\\app\\.codex\\config.toml',
    'gemini C:\\Users\\u\\.gemini\\settings.json',
    'gemini D:\\app\\.gemini\\settings.json',
    'zed C:\\Users\\u\\AppData\\Roaming\\Zed\\settings.json',
    'zed D:\\app\\.zed\\settings.json',
  ]],
];

describe('where clients keep their servers', () => {
  it.each(PLATFORMS)('%s', (_title, surroundings, expected) => {
    expect(list(surroundings)).toEqual(expected);
  });

  it('XDG_CONFIG_HOME moves the desktop programs on Linux', () => {
    const paths = list({ ...LINUX, env: { XDG_CONFIG_HOME: '/x' } });
    for (const path of ['claude-desktop /x/Claude/claude_desktop_config.json', 'vscode /x/Code/User/mcp.json', 'zed /x/zed/settings.json']) expect(paths).toContain(path);
  });

  it('XDG_CONFIG_HOME means nothing to the same programs on macOS', () => {
    expect(list({ ...MACOS, env: { XDG_CONFIG_HOME: '/x' } })).toEqual(list(MACOS));
  });

  it('a relative or empty variable is ignored', () => {
    for (const value of ['', 'config', './config']) expect(list({ ...LINUX, env: { XDG_CONFIG_HOME: value, CODEX_HOME: value, CLAUDE_CONFIG_DIR: value, GEMINI_CLI_HOME: value } })).toEqual(list(LINUX));
  });

  it('CLAUDE_CONFIG_DIR, CODEX_HOME and GEMINI_CLI_HOME move their clients, everywhere', () => {
    for (const surroundings of [LINUX, MACOS]) {
      const paths = list({ ...surroundings, env: { CLAUDE_CONFIG_DIR: '/a', CODEX_HOME: '/b', GEMINI_CLI_HOME: '/c' } });
      for (const path of ['claude-code /a/.claude.json', 'codex /b/config.toml', 'gemini /c/.gemini/settings.json']) expect(paths).toContain(path);
    }
    const paths = list({ ...WINDOWS, env: { CLAUDE_CONFIG_DIR: 'D:\\a', CODEX_HOME: 'D:\\b', GEMINI_CLI_HOME: 'D:\\c' } });
    for (const path of ['claude-code D:\\a\\.claude.json', 'codex D:\\b\\config.toml', 'gemini D:\\c\\.gemini\\settings.json']) expect(paths).toContain(path);
  });

  it('Windows without APPDATA and LOCALAPPDATA: below the home directory', () => {
    expect(list({ ...WINDOWS, env: {} })).toEqual(list(WINDOWS));
  });

  it('files of the project are marked as such, and nothing else is', () => {
    for (const { path, scope } of configurationLocations(LINUX)) expect(scope).toBe(path.startsWith('/srv/app/') ? 'project' : 'user');
  });
});
