import { homedir } from 'node:os';
import type { GatewayConfig } from '../../gateway/config-types.ts';
import { formatAddress } from '../config/listen-address.ts';
import type { Style } from '../terminal.ts';

/** What a started gateway tells its operator, once. */
export interface Started {
  readonly version: string;
  readonly pid: number;
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly config: GatewayConfig;
  /** Where people open the dashboard, without a trailing slash. */
  readonly dashboard: string;
  /** The link that makes the first admin, once; null when there is a member. */
  readonly signIn: string | null;
  /** Path of gateway.yaml; null for the demo, and for a gateway without one. */
  readonly configPath: string | null;
  /** Database file. */
  readonly journal: string;
  /** Tokens that may be shown: made at this start, or the demo's. By label of the grant. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Shell line that follows the journal. */
  readonly follow: string;
  /** Shell lines that show the gateway at work. */
  readonly tryIt: readonly string[];
}

/** One line for programs, with the facts of the greeting. */
export function greetingJson(started: Started): object {
  const { config } = started;
  return {
    event: 'started',
    version: started.version,
    pid: started.pid,
    url: started.url,
    dashboard: started.dashboard,
    signIn: started.signIn,
    config: started.configPath,
    dataDir: config.dataDir,
    journal: started.journal,
    servers: [...config.servers.values()].map((server) => ({
      name: server.name,
      url: `${started.url}/mcp/${server.name}`,
      edge: server.edge === null ? null : formatAddress(server.edge.listen),
    })),
    grants: config.grants.map((grant) => ({ label: grant.label, server: grant.server, policies: grant.policyNames, token: started.tokens.get(grant.label) ?? null })),
  };
}

/** The greeting for people, at most 80 columns where names allow it. */
export function greetingLines(started: Started, style: Style): string[] {
  const { config, url } = started;
  const lines = [
    style.bold(`PolicyLayer ${started.version} is running. Stop it with Ctrl-C.`),
    '',
    `  Dashboard  ${started.dashboard}`,
    ...(started.signIn === null ? [] : ['             sign in for the first time with this link; it works once:', started.signIn]),
    `  Gateway    ${url}`,
    `  Journal    ${tilde(started.journal)}`,
    `             ${started.follow}`,
  ];
  if (config.servers.size === 0) lines.push('', `  ${style.yellow('no server yet: add one in the dashboard, or in gateway.yaml')}`);
  for (const server of config.servers.values()) {
    lines.push('', `  ${style.bold(server.name)}`, `    proxy URL  ${url}/mcp/${server.name}`);
    if (server.edge !== null) lines.push(`    edge       ${formatAddress(server.edge.listen)}`);
    const grants = config.grants.filter((grant) => grant.server === server.name);
    for (const grant of grants) {
      const policies = grant.policyNames.length === 0 ? style.yellow('no policy, so it can call nothing') : grant.policyNames.join(' + ');
      lines.push(`    grant      ${grant.label}: ${policies}`);
    }
    if (grants.length === 0) lines.push(`    grant      ${style.yellow('none, so nobody can call it')}`);
  }
  const shown = config.grants.find((grant) => started.tokens.has(grant.label)) ?? config.grants.find((grant) => grant.tokenSha256 !== null);
  const made = config.grants.filter((grant) => started.tokens.has(grant.label));
  if (started.configPath !== null && made.length > 0) {
    lines.push('', style.bold('New tokens, shown once:'), '');
    for (const grant of made) lines.push(`  ${grant.label}`, `    ${started.tokens.get(grant.label) ?? ''}`);
  }
  if (shown !== undefined) {
    lines.push('', style.bold('Client configuration (.mcp.json of Claude Code, mcp.json of Cursor):'), '');
    lines.push(...clientConfiguration(shown.server, `${url}/mcp/${shown.server}`, started.tokens.get(shown.label) ?? `<token of grant ${shown.label}>`));
  }
  if (started.tryIt.length > 0) lines.push('', style.bold('Try it, in another terminal:'), '', ...started.tryIt.map((line) => `  ${line}`));
  return [...lines, ''];
}

/** The token stands on a line of its own, so that the lines fit a terminal and stay valid JSON. */
function clientConfiguration(name: string, url: string, token: string): string[] {
  return [
    '  {',
    '    "mcpServers": {',
    `      ${JSON.stringify(name)}: {`,
    '        "type": "http",',
    `        "url": ${JSON.stringify(url)},`,
    '        "headers": {',
    '          "Authorization":',
    `            ${JSON.stringify(`Bearer ${token}`)}`,
    '        }',
    '      }',
    '    }',
    '  }',
  ];
}

function tilde(path: string): string {
  const home = homedir();
  return home.length > 1 && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
