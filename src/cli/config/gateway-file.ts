import { isAbsolute, resolve } from 'node:path';
import type { ApprovalsConfig, JournalConfig, LimitsConfig, ListenAddress, MetricsConfig, OAuthConfig, OperationsConfig, ServerConfig } from '../../gateway/config-types.ts';
import { quoted } from '../../policy/printable.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { NO_APPROVALS, readApprovals } from './approvals.ts';
import { readGrants, type GrantEntry } from './grants.ts';
import { readJournal, readLimits } from './journal-and-limits.ts';
import { isPlainName, readListen } from './names.ts';
import { readOAuth } from './oauth.ts';
import { DEFAULT_OPERATIONS, readDrain, readLog, readMetrics, readTracing } from './operations.ts';
import { Reader, describe } from './reader.ts';
import { readServers } from './servers.ts';
import type { Position, Problem, TreeNode } from './tree.ts';

/** A policy that the file names; the file itself is read later. */
export interface PolicyEntry {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly at: Position;
}

/** What gateway.yaml says, checked within itself: policy files and tokens are not read yet. */
export interface GatewayFile {
  readonly listen: ListenAddress;
  readonly listenAt: Position;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute path of the keys of sealed secrets; absent: the environment has them, or they are generated. */
  readonly secretKeyFile?: string;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly policies: ReadonlyMap<string, PolicyEntry>;
  readonly grants: readonly GrantEntry[];
  readonly approvals: ApprovalsConfig;
  readonly journal: JournalConfig;
  readonly limits: LimitsConfig;
  /** Null: there is no such section. */
  readonly metrics: MetricsConfig | null;
  readonly operations: OperationsConfig;
  /** Null: there is no such section, and every caller has a grant token. */
  readonly oauth: OAuthConfig | null;
}

export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 4600 };
export const DEFAULT_JOURNAL: JournalConfig = { arguments: 'keys', retainDays: 30 };
export const DEFAULT_LIMITS: LimitsConfig = {
  client: CLIENT_LIMITS,
  upstream: UPSTREAM_LIMITS,
  maxSessionsPerGrant: 100,
  sessionIdleMs: 30 * 60_000,
  bodyTimeoutMs: 30_000,
};

/**
 * Checks the text of a gateway.yaml. Every problem is reported at once; `file` is null when one of them is an error.
 * @param directory absolute; relative paths in the file start here
 */
export async function readGatewayFile(
  text: string,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly file: GatewayFile | null; readonly problems: readonly Problem[] }> {
  const { parseTree } = await import('./parse-tree.ts');
  const { root, problems } = parseTree(text, env);
  if (root === null) return { file: null, problems };
  const reader = new Reader();
  reader.problems.push(...problems);
  const path = (value: string): string => (isAbsolute(value) ? value : resolve(directory, value));

  let listen = DEFAULT_LISTEN;
  let listenAt: Position = { line: 1, column: 1 };
  let dataDir = path('data');
  let secretKeyFile: string | null = null;
  let allowHosts: readonly string[] = [];
  let allowOrigins: readonly string[] = [];
  let servers: ReadonlyMap<string, ServerConfig> = new Map();
  let policies: ReadonlyMap<string, PolicyEntry> = new Map();
  let grantsNode: TreeNode | null = null;
  let approvalsNode: TreeNode | null = null;
  let serversNode: TreeNode | null = null;
  let journal = DEFAULT_JOURNAL;
  let limits = DEFAULT_LIMITS;
  let metrics: MetricsConfig | null = null;
  let operations = DEFAULT_OPERATIONS;
  let oauth: { readonly read: OAuthConfig | null } | null = null;

  reader.fields(
    root,
    'the configuration',
    {
      listen: (node) => {
        listen = readListen(reader, node, '`listen`') ?? listen;
        listenAt = node.at;
      },
      data: (node) => {
        const text = reader.text(node, '`data`');
        if (text !== null) dataDir = path(text);
      },
      allow_hosts: (node) => (allowHosts = readHosts(reader, node)),
      allow_origins: (node) => (allowOrigins = readOrigins(reader, node)),
      servers: (node) => {
        serversNode = node;
        servers = readServers(reader, node, path);
      },
      policies: (node) => (policies = readPolicies(reader, node, path)),
      grants: (node) => (grantsNode = node),
      oauth: (node) => (oauth = { read: readOAuth(reader, node) }),
      approvals: (node) => (approvalsNode = node),
      journal: (node) => (journal = readJournal(reader, node, journal)),
      limits: (node) => (limits = readLimits(reader, node, limits)),
      metrics: (node) => (metrics = readMetrics(reader, node)),
      tracing: (node) => (operations = readTracing(reader, node, operations)),
      log: (node) => (operations = readLog(reader, node, operations)),
      drain: (node) => (operations = readDrain(reader, node, operations)),
      secret_key_file: (node) => {
        const text = reader.text(node, '`secret_key_file`');
        if (text !== null) secretKeyFile = path(text);
      },
    },
    ['servers'],
  );
  // Read last: grants name servers and policies, which may stand below them in the file.
  const section = oauth as { readonly read: OAuthConfig | null } | null;
  const issuers = section === null ? new Map() : (section.read?.issuers ?? null);
  const grants = grantsNode === null ? [] : readGrants(reader, grantsNode, servers, policies, serversNode, issuers);
  const approvals = approvalsNode === null ? NO_APPROVALS : readApprovals(reader, approvalsNode, grants);
  if (grantsNode === null && servers.size > 0) {
    reader.warn(root.at, 'no grant is configured, so nobody can call anything', { help: 'add a grant with a label, a server and policies' });
  }
  checkAddresses(reader, listen, servers, serversNode);

  const failed = reader.problems.some((problem) => problem.severity === 'error');
  const file = failed ? null : { listen, listenAt, dataDir, allowHosts, allowOrigins, servers, policies, grants, approvals, journal, limits, metrics, operations, oauth: section?.read ?? null, ...(secretKeyFile === null ? {} : { secretKeyFile }) };
  return { file, problems: sortByPosition(reader.problems) };
}

function readHosts(reader: Reader, node: TreeNode): string[] {
  const hosts: string[] = [];
  for (const item of reader.items(node, '`allow_hosts`') ?? []) {
    const text = reader.text(item, 'an allowed host');
    if (text === null) continue;
    if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) || /^\[[0-9A-Fa-f:.]+\]$/.test(text)) hosts.push(text.toLowerCase());
    else reader.error(item.at, 'not a host name', { found: describe(item), expected: 'a name without scheme, port or wildcard, for example gateway.example.com' });
  }
  return hosts;
}

function readOrigins(reader: Reader, node: TreeNode): string[] {
  const origins: string[] = [];
  for (const item of reader.items(node, '`allow_origins`') ?? []) {
    const text = reader.text(item, 'an allowed origin');
    if (text === null) continue;
    const origin = URL.canParse(text) ? new URL(text).origin : 'null';
    if (/^https?:/.test(text) && origin === text.toLowerCase().replace(/\/$/, '')) origins.push(origin);
    else reader.error(item.at, 'not an origin', { found: describe(item), expected: 'scheme://host or scheme://host:port, without path or wildcard' });
  }
  return origins;
}

function readPolicies(reader: Reader, node: TreeNode, path: (value: string) => string): Map<string, PolicyEntry> {
  const policies = new Map<string, PolicyEntry>();
  for (const entry of reader.entries(node, '`policies`') ?? []) {
    if (!isPlainName(reader, entry, 'policy')) continue;
    const file = reader.text(entry.value, `the path of policy ${quoted(entry.key)}`);
    if (file !== null) policies.set(entry.key, { name: entry.key, path: path(file), at: entry.value.at });
  }
  return policies;
}

function checkAddresses(reader: Reader, listen: ListenAddress, servers: ReadonlyMap<string, ServerConfig>, node: TreeNode | null): void {
  const taken = new Map<string, string>();
  if (listen.port !== 0) taken.set(`${listen.host}:${listen.port}`, 'the gateway');
  for (const server of servers.values()) {
    if (server.edge === null || server.edge.listen.port === 0) continue;
    const address = `${server.edge.listen.host}:${server.edge.listen.port}`;
    const other = taken.get(address);
    if (other !== undefined) {
      const at = (node?.kind === 'map' ? node.entries.find((entry) => entry.key === server.name)?.at : null) ?? { line: 1, column: 1 };
      reader.error(at, `the edge listener of server ${quoted(server.name)} has the address of ${other}`, { found: address, expected: 'an address of its own' });
    }
    taken.set(address, `server ${quoted(server.name)}`);
  }
}

function sortByPosition(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}
