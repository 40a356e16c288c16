import { LABEL, LABEL_EXPECTED } from '../../gateway/checks/names.ts';
import type { IssuerConfig, OAuthIdentity, ServerConfig } from '../../gateway/config-types.ts';
import type { PolicyEntry } from './gateway-file.ts';
import { unknownName } from './names.ts';
import { quoted } from '../../policy/printable.ts';
import { readIdentity } from './oauth.ts';
import type { Reader } from './reader.ts';
import { readToken, readTokenHash } from './secrets.ts';
import type { Position, TreeNode } from './tree.ts';

/** How a caller proves a grant. `minted`: no token in the file, so one is made and kept (as a hash) in the data directory. */
export type TokenSource =
  | { readonly kind: 'hash'; readonly sha256: Buffer }
  | { readonly kind: 'minted' }
  /** No token of ours: an issuer vouches for the callers. */
  | { readonly kind: 'none' }
  | { readonly kind: 'edge' };

export interface GrantEntry {
  readonly label: string;
  readonly server: string;
  readonly policies: readonly string[];
  readonly tags: readonly string[];
  readonly token: TokenSource;
  /** Callers that an issuer vouches for, besides the token; null: none. */
  readonly oauth: OAuthIdentity | null;
  readonly at: Position;
}

/** Reads `grants:`. Labels and tokens must be unique: two grants with one token would be one caller with two sets of rules. */
export function readGrants(
  reader: Reader,
  node: TreeNode,
  servers: ReadonlyMap<string, ServerConfig>,
  policies: ReadonlyMap<string, PolicyEntry>,
  serversNode: TreeNode | null,
  issuers: ReadonlyMap<string, IssuerConfig> | null = new Map(),
): GrantEntry[] {
  const grants: GrantEntry[] = [];
  const labels = new Map<string, Position>();
  const tokens = new Map<string, string>();
  const edges = new Map<string, string>();
  const defined = serversNode?.kind === 'map' ? serversNode.entries.map((entry) => entry.key) : [];

  for (const item of reader.items(node, '`grants`') ?? []) {
    const grant = readGrant(reader, item, servers, policies, defined, issuers);
    if (grant === null) continue;
    const earlier = labels.get(grant.label);
    if (earlier !== undefined) reader.error(grant.at, `the label ${quoted(grant.label)} is used twice`, { help: `the first is on line ${earlier.line}` });
    labels.set(grant.label, grant.at);
    if (grant.token.kind === 'hash') {
      const key = grant.token.sha256.toString('hex');
      const owner = tokens.get(key);
      if (owner !== undefined) reader.error(grant.at, `grants ${quoted(owner)} and ${quoted(grant.label)} have the same token`, { help: 'give each grant a token of its own' });
      tokens.set(key, grant.label);
    }
    if (grant.token.kind === 'edge') {
      const owner = edges.get(grant.server);
      if (owner !== undefined) reader.error(grant.at, `server ${quoted(grant.server)} has two edge grants`, { found: `${quoted(owner)} and ${quoted(grant.label)}`, expected: 'one' });
      edges.set(grant.server, grant.label);
    }
    const same = grant.oauth === null ? undefined : grants.find((other) => other.server === grant.server && isSame(other.oauth, grant.oauth));
    if (same !== undefined) reader.error(grant.at, `grants ${quoted(same.label)} and ${quoted(grant.label)} are for the same tokens`, { help: 'a token that stands for two grants is refused; give each claims of its own' });
    grants.push(grant);
  }
  for (const server of servers.values()) {
    if (server.edge === null || edges.has(server.name)) continue;
    reader.warn(node.at, `server ${quoted(server.name)} has an edge listener and no edge grant, so nobody can call it there`, { help: 'add a grant with edge: true' });
  }
  return grants;
}

function readGrant(
  reader: Reader,
  node: TreeNode,
  servers: ReadonlyMap<string, ServerConfig>,
  policies: ReadonlyMap<string, PolicyEntry>,
  defined: readonly string[],
  issuers: ReadonlyMap<string, IssuerConfig> | null,
): GrantEntry | null {
  const before = reader.problems.length;
  let label = '';
  let server = '';
  let names: readonly string[] = [];
  let tags: readonly string[] = [];
  let oauth: { readonly at: Position; readonly identity: OAuthIdentity | null } | null = null;
  const sources: { readonly key: string; readonly at: Position; readonly token: TokenSource | null }[] = [];

  reader.fields(
    node,
    'a grant',
    {
      label: (value) => {
        label = reader.text(value, '`label`') ?? '';
        if (label !== '' && !LABEL.test(label)) {
          reader.error(value.at, '`label` holds a character that cannot be in a label', { expected: LABEL_EXPECTED });
        }
      },
      server: (value) => {
        server = reader.text(value, '`server`') ?? '';
        // A server that is defined but has errors of its own was reported there.
        if (server !== '' && !defined.includes(server)) unknownName(reader, value, 'server', server, defined);
      },
      policies: (value) => (names = readPolicyNames(reader, value, policies)),
      tags: (value) => {
        const read = (reader.items(value, '`tags`') ?? []).map((item) => reader.text(item, 'a tag'));
        tags = read.filter((tag) => tag !== null);
      },
      token: (value) => sources.push({ key: 'token', at: value.at, token: hashed(readToken(reader, value, 'remove it: a token of 256 random bits is then made and shown once')) }),
      token_sha256: (value) => sources.push({ key: 'token_sha256', at: value.at, token: hashed(readTokenHash(reader, value)) }),
      oauth: (value) => (oauth = { at: value.at, identity: readIdentity(reader, value, issuers) }),
      edge: (value) => {
        if (reader.flag(value, '`edge`') === true) sources.push({ key: 'edge', at: value.at, token: { kind: 'edge' } });
      },
    },
    ['label', 'server'],
  );

  const [first, second] = sources;
  if (second !== undefined) reader.error(second.at, `a grant has \`${first?.key}\` and \`${second.key}\``, { expected: 'one of token, token_sha256 and edge' });
  const identified = oauth as { readonly at: Position; readonly identity: OAuthIdentity | null } | null;
  if (first?.token?.kind === 'edge' && identified !== null) reader.error(identified.at, 'a grant has `edge` and `oauth`', { help: 'remove one: on an edge listener the upstream checks the tokens' });
  if (first?.token?.kind === 'edge' && servers.get(server)?.edge === null) {
    reader.error(first.at, `server ${quoted(server)} has no edge listener`, { help: 'add edge: { listen: host:port } to the server, or remove edge from the grant' });
  }
  if (reader.problems.slice(before).some((problem) => problem.severity === 'error')) return null;
  if (names.length === 0) {
    reader.warn(node.at, `grant ${quoted(label)} has no policy, so it can call nothing`, { help: 'add policies: [name]' });
  }
  const token = first?.token ?? { kind: identified === null ? 'minted' : 'none' };
  return { label, server, policies: names, tags, token, oauth: identified?.identity ?? null, at: node.at };
}

function readPolicyNames(reader: Reader, node: TreeNode, policies: ReadonlyMap<string, PolicyEntry>): string[] {
  const names: string[] = [];
  for (const item of reader.items(node, '`policies` of a grant') ?? []) {
    const name = reader.text(item, 'the name of a policy');
    if (name === null) continue;
    if (!policies.has(name)) unknownName(reader, item, 'policy', name, policies.keys());
    else if (names.includes(name)) reader.error(item.at, `policy ${quoted(name)} is listed twice`, { help: 'remove one' });
    else names.push(name);
  }
  return names;
}

function isSame(a: OAuthIdentity | null, b: OAuthIdentity | null): boolean {
  if (a === null || b === null || a.issuer !== b.issuer) return false;
  const names = Object.keys(a.claims);
  return names.length === Object.keys(b.claims).length && names.every((name) => a.claims[name] === b.claims[name]);
}

function hashed(sha256: Buffer | null): TokenSource | null {
  return sha256 === null ? null : { kind: 'hash', sha256 };
}
