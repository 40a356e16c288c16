import { DRIFT_MODES, type DriftMode } from '../../gateway/pins/tool-pins.ts';
import type { Isolation, ServerConfig, Upstream } from '../../gateway/config-types.ts';
import { VARIABLE, VARIABLE_EXPECTED } from '../../gateway/checks/names.ts';
import { isPlainName, readListen } from './names.ts';
import { headerProblem, readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import { quoted } from '../../policy/printable.ts';
import { describe, type Reader } from './reader.ts';
import type { MapEntry, TreeNode } from './tree.ts';

/** Reads `servers:`. @param path makes a path of the file absolute */
export function readServers(reader: Reader, node: TreeNode, path: (value: string) => string): Map<string, ServerConfig> {
  const servers = new Map<string, ServerConfig>();
  const entries = reader.entries(node, '`servers`') ?? [];
  if (node.kind !== 'list' && entries.length === 0) reader.error(node.at, 'no server is configured', { help: 'add one with a command or a url' });
  for (const entry of entries) {
    const named = isPlainName(reader, entry, 'server');
    const server = readServer(reader, entry, path);
    if (named && server !== null) servers.set(entry.key, server);
  }
  return servers;
}

function readServer(reader: Reader, entry: MapEntry, path: (value: string) => string): ServerConfig | null {
  const what = `server ${quoted(entry.key)}`;
  const before = reader.problems.length;
  let command: readonly [string, ...string[]] | null = null;
  let url: URL | null = null;
  let env: Record<string, string> = {};
  let headers: Record<string, string> = {};
  let cwd: string | null = null;
  let isolation: Isolation = 'session';
  let bridge = false;
  let trustedAnnotations = false;
  let drift: DriftMode = 'hold';
  let edge: ServerConfig['edge'] = null;
  const seen = new Map<string, MapEntry>();
  const noting = (read: (value: TreeNode) => void) => (value: TreeNode, field: MapEntry) => {
    seen.set(field.key, field);
    read(value);
  };

  reader.fields(entry.value, what, {
    command: noting((value) => (command = readCommand(reader, value))),
    env: noting((value) => (env = readEnvironment(reader, value))),
    cwd: noting((value) => {
      const text = reader.text(value, '`cwd`');
      if (text !== null) cwd = path(text);
    }),
    isolation: noting((value) => (isolation = reader.choice(value, '`isolation`', ['session', 'grant', 'shared']) ?? isolation)),
    bridge: noting((value) => (bridge = reader.flag(value, '`bridge`') ?? bridge)),
    trusted_annotations: noting((value) => (trustedAnnotations = reader.flag(value, '`trusted_annotations`') ?? trustedAnnotations)),
    drift: noting((value) => (drift = reader.choice(value, '`drift`', DRIFT_MODES) ?? drift)),
    url: noting((value) => (url = readUrl(reader, value))),
    headers: noting((value) => (headers = readHeaders(reader, value))),
    edge: noting((value) => (edge = readEdge(reader, value))),
  });

  checkCombination(reader, what, entry, seen);
  const failed = reader.problems.slice(before).some((problem) => problem.severity === 'error');
  const upstream = failed ? null : upstreamOf(command, url, env, cwd, headers);
  return upstream === null ? null : { name: entry.key, upstream, isolation, bridge, trustedAnnotations, drift, edge };
}

function upstreamOf(
  command: readonly [string, ...string[]] | null,
  url: URL | null,
  env: Record<string, string>,
  cwd: string | null,
  headers: Record<string, string>,
): Upstream | null {
  if (command !== null) return { kind: 'command', spec: { command, env, cwd, inheritEnv: false } };
  return url === null ? null : { kind: 'http', spec: { url, headers } };
}

function checkCombination(reader: Reader, what: string, entry: MapEntry, seen: ReadonlyMap<string, MapEntry>): void {
  const url = seen.get('url');
  const command = seen.get('command');
  if (url !== undefined && command !== undefined) {
    reader.error(url.at, `${what} has both \`command\` and \`url\``, { expected: 'one of them', help: 'make two servers of it' });
  } else if (url === undefined && command === undefined) {
    if (entry.value.kind === 'map' || (entry.value.kind === 'scalar' && entry.value.value === null)) {
      reader.error(entry.at, `${what} has neither \`command\` nor \`url\``, { expected: 'command: [program, argument, ...] or url: https://...' });
    }
  } else {
    const misplaced = command === undefined ? ['env', 'cwd', 'isolation'] : ['headers', 'edge'];
    for (const key of misplaced) {
      const field = seen.get(key);
      if (field !== undefined) {
        reader.error(field.at, `\`${key}\` has no effect on ${what}`, {
          expected: command === undefined ? 'it with `command` only: this server has a url' : 'it with `url` only: this server has a command',
          help: `remove ${key}`,
        });
      }
    }
  }
}

function readCommand(reader: Reader, node: TreeNode): readonly [string, ...string[]] | null {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const words = node.variables.length > 0 ? 'program, argument' : node.value.trim().split(/\s+/).join(', ');
    return reader.error(node.at, '`command` is one text', { found: describe(node), expected: 'a list; no shell reads it', help: `write [${words}]` });
  }
  const items = reader.items(node, '`command`');
  if (items === null || (node.kind === 'scalar' && node.broken)) return null;
  const words: string[] = [];
  for (const item of items) {
    // An empty argument is legal, an empty program is not.
    const word = item.kind === 'scalar' && item.value === '' && words.length > 0 ? '' : reader.text(item, 'a word of `command`');
    if (word === null) return null;
    if (word.includes('\0')) return reader.error(item.at, 'a word of `command` holds a NUL character');
    words.push(word);
  }
  const [program, ...rest] = words;
  if (program === undefined) return reader.error(node.at, '`command` is empty', { expected: 'a list: program, then its arguments' });
  return [program, ...rest];
}

function readEnvironment(reader: Reader, node: TreeNode): Record<string, string> {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const entry of reader.entries(node, '`env`') ?? []) {
    if (!VARIABLE.test(entry.key)) {
      reader.error(entry.at, `${quoted(entry.key)} cannot be the name of a variable`, { expected: VARIABLE_EXPECTED });
      continue;
    }
    // An empty variable is legal for a child process, and a value may be a secret.
    const empty = entry.value.kind === 'scalar' && entry.value.value === '';
    const value = empty ? '' : reader.text(entry.value, `variable ${entry.key}`, true);
    if (value?.includes('\0') === true) reader.error(entry.value.at, `variable ${entry.key} holds a NUL character`);
    else if (value !== null) env[entry.key] = value;
  }
  return env;
}

function readUrl(reader: Reader, node: TreeNode): URL | null {
  const text = reader.text(node, '`url`');
  if (text === null) return null;
  const read = readUpstreamUrl(text);
  if (!read.ok) return reader.error(node.at, `\`url\` ${read.problem}`, { found: read.secret ? null : describe(node), expected: read.expected, help: read.help });
  if (read.inTheClear) reader.warn(node.at, 'this upstream is reached without TLS: calls and credentials travel in the clear', { help: 'use https' });
  return read.url;
}

function readHeaders(reader: Reader, node: TreeNode): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const names = new Set<string>();
  for (const entry of reader.entries(node, '`headers`') ?? []) {
    const name = entry.key.toLowerCase();
    const value = reader.text(entry.value, `header ${quoted(entry.key)}`, true);
    const problem = headerProblem(entry.key, value ?? '');
    if (problem !== null) reader.error(entry.at, problem);
    else if (names.has(name)) reader.error(entry.at, `header ${quoted(entry.key)} is given twice`, { help: 'names of headers are the same in any case' });
    else if (value !== null) headers[entry.key] = value;
    names.add(name);
  }
  return headers;
}

function readEdge(reader: Reader, node: TreeNode): ServerConfig['edge'] {
  let listen = null;
  reader.fields(node, '`edge`', { listen: (value) => (listen = readListen(reader, value, '`listen` of `edge`')) }, ['listen']);
  return listen === null ? null : { listen };
}
