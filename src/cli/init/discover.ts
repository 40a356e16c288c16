import { basename, dirname } from 'node:path';
import { expandPath, FileProblem, readConfigFile, readFileBytes, type ConfigFile } from './config-file.ts';
import { CONTAINERS, configurationLocations, type ClientId, type Location, type Surroundings } from './clients.ts';
import type { ServerEntry } from './entries.ts';
import { readServerSpec, type ServerSpec } from './server-spec.ts';

export interface FoundServer {
  readonly file: ConfigFile;
  readonly entry: ServerEntry;
  readonly spec: ServerSpec;
}

export interface FoundFile {
  readonly location: Location;
  /** Why it cannot be used; its servers are then unknown. */
  readonly problem: string | null;
  readonly servers: readonly FoundServer[];
}

export interface DiscoverOptions {
  readonly surroundings: Surroundings;
  readonly client: ClientId | null;
  /** One file instead of the clients' places. */
  readonly config: string | null;
}

/** Reads every configuration that exists. Starts nothing and writes nothing. */
export function discover(options: DiscoverOptions): readonly FoundFile[] {
  const seen = new Set<string>();
  return places(options).flatMap((location): FoundFile[] => {
    let file: ConfigFile | null;
    try {
      // A file that two places lead to (a project in the home directory, shared dotfiles) is one file.
      const bytes = readFileBytes(location.path);
      if (bytes === null || seen.has(bytes.realPath)) return [];
      seen.add(bytes.realPath);
      file = readConfigFile(location);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      return [{ location, problem: error.message, servers: [] }];
    }
    if (file === null) return [];
    const found = file;
    return [{ location, problem: null, servers: found.content.entries.map((entry) => ({ file: found, entry, spec: specOf(entry, location.client) })) }];
  });
}

function places({ surroundings, client, config }: DiscoverOptions): readonly Location[] {
  const known = configurationLocations(surroundings).flatMap((location) => expandPath(location.path).map((path) => ({ ...location, path })));
  if (config === null) return known.filter((location) => client === null || location.client === client);
  const exact = known.find((location) => location.path === config && (client === null || location.client === client));
  return [exact ?? guess(config, client)];
}

/** A file that is named on the command line: its shape says whose it is, unless `--client` does. */
function guess(path: string, client: ClientId | null): Location {
  const toml = path.endsWith('.toml');
  const id = client ?? (toml ? 'codex' : byName(path));
  const containers = client === null && !toml ? [['mcpServers'], ['servers'], ['context_servers'], ['mcp', 'servers'], ['mcp.servers'], ['projects', '*', 'mcpServers']] : CONTAINERS[id];
  return { client: id, scope: 'user', format: toml ? 'toml' : 'jsonc', path, containers };
}

function byName(path: string): ClientId {
  const name = basename(path);
  const directory = basename(dirname(path)).toLowerCase();
  if (name === 'claude_desktop_config.json') return 'claude-desktop';
  if (name === 'mcp_config.json') return 'windsurf';
  if (directory === '.cursor') return 'cursor';
  if (directory === '.vscode' || directory === 'user') return 'vscode';
  if (directory === '.gemini') return 'gemini';
  if (directory === 'zed' || directory === '.zed') return 'zed';
  return 'claude-code';
}

function specOf(entry: ServerEntry, client: ClientId): ServerSpec {
  return entry.obstacle === null ? readServerSpec(entry.value, client) : { kind: 'skip', reason: entry.obstacle };
}
