import type { GrantConfig } from '../../gateway/config-types.ts';

export interface ClientConfiguration {
  readonly id: 'claude-code' | 'claude-desktop' | 'cursor' | 'vscode' | 'codex' | 'gemini';
  readonly title: string;
  /** Where it is kept, as people write it. */
  readonly path: string;
  readonly format: 'json' | 'toml' | 'shell';
  readonly text: string;
}

/** Stands for the token, which is shown once and not here. */
const TOKEN = '<TOKEN>';

/**
 * What to paste into each client. The token never stands in an address, and for clients that read variables it is named there.
 * @param withToken false for a grant whose callers sign in with their own issuer: then the client does so by itself
 */
export function clientConfigurations({ server }: Pick<GrantConfig, 'server'>, url: string, withToken: boolean): ClientConfiguration[] {
  const headers = withToken ? { headers: { Authorization: `Bearer ${TOKEN}` } } : {};
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  const servers = (entry: object): string => json({ mcpServers: { [server]: entry } });
  const header = withToken ? ` \\\n  --header "Authorization: Bearer ${TOKEN}"` : '';
  // Claude Desktop starts commands; the bridge keeps the token out of the command line, where every user of the machine could read it.
  const bridge = withToken
    ? { command: 'npx', args: ['-y', 'mcp-remote', url, '--header', 'Authorization:${AUTHORIZATION}'], env: { AUTHORIZATION: `Bearer ${TOKEN}` } }
    : { command: 'npx', args: ['-y', 'mcp-remote', url] };
  const codex = [`[mcp_servers.${/^[A-Za-z0-9_-]+$/.test(server) ? server : JSON.stringify(server)}]`, `url = ${JSON.stringify(url)}`, ...(withToken ? ['# export POLICYLAYER_TOKEN=' + TOKEN, 'bearer_token_env_var = "POLICYLAYER_TOKEN"'] : []), ''].join('\n');
  return [
    { id: 'claude-code', title: 'Claude Code', path: 'in a terminal', format: 'shell', text: `claude mcp add --transport http ${server} ${url}${header}\n` },
    { id: 'claude-desktop', title: 'Claude Desktop', path: 'claude_desktop_config.json', format: 'json', text: servers(bridge) },
    { id: 'cursor', title: 'Cursor', path: '~/.cursor/mcp.json', format: 'json', text: servers({ url, ...headers }) },
    { id: 'vscode', title: 'VS Code', path: '.vscode/mcp.json', format: 'json', text: json({ servers: { [server]: { type: 'http', url, ...headers } } }) },
    { id: 'codex', title: 'Codex', path: '~/.codex/config.toml', format: 'toml', text: codex },
    { id: 'gemini', title: 'Gemini CLI', path: '~/.gemini/settings.json', format: 'json', text: servers({ httpUrl: url, ...headers }) },
  ];
}
