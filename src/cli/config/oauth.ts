import { isLoopback } from '../../gateway/checks/loopback.ts';
import { SIGNATURE_ALGORITHMS, type IssuerConfig, type OAuthConfig, type OAuthIdentity, type SignatureAlgorithm } from '../../gateway/config-types.ts';
import { quoted } from '../../policy/printable.ts';
import { suggest } from '../../policy/suggest.ts';
import { describe, type Reader } from './reader.ts';
import type { TreeNode } from './tree.ts';

const DEFAULT_ALGORITHMS: readonly SignatureAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'PS256'];
const SECOND = 1_000;
const DAY = 86_400_000;
const DEFAULT_SKEW_MS = 30 * SECOND;
/** protocol.md O1. */
const MAX_SKEW_MS = 60 * SECOND;
/** RFC 6749 appendix A.4, without what would end the quotes of a challenge. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

/** Reads `oauth:`: whose access tokens are taken, and what they have to be. */
export function readOAuth(reader: Reader, node: TreeNode): OAuthConfig | null {
  const before = reader.problems.length;
  let publicUrl: string | null = null;
  const issuers = new Map<string, IssuerConfig>();
  reader.fields(node, '`oauth`', {
    public_url: (value) => {
      const url = readAddress(reader, value, '`public_url`');
      if (url === null) return;
      if (url.search !== '') reader.error(value.at, '`public_url` has a query', { expected: 'an address without ? and #' });
      publicUrl = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    },
    issuers: (value) => {
      for (const item of reader.items(value, '`issuers`') ?? []) {
        const issuer = readIssuer(reader, item);
        if (issuer === null) continue;
        if (issuers.has(issuer.issuer)) reader.error(item.at, `the issuer ${quoted(issuer.issuer)} is there twice`, { help: 'remove one' });
        issuers.set(issuer.issuer, issuer);
      }
      if (value.kind === 'list' && value.items.length === 0) reader.error(value.at, '`issuers` is empty', { expected: 'at least one issuer' });
    },
  }, ['issuers']);
  return reader.problems.slice(before).some((problem) => problem.severity === 'error') ? null : { publicUrl, issuers };
}

function readIssuer(reader: Reader, node: TreeNode): IssuerConfig | null {
  const before = reader.problems.length;
  let issuer = '';
  let jwksUri: string | null = null;
  let audience: string | null = null;
  let algorithms = DEFAULT_ALGORITHMS;
  let scopes: readonly string[] = [];
  let clockSkewMs = DEFAULT_SKEW_MS;
  let maxTokenAgeMs = DAY;
  reader.fields(node, 'an issuer', {
    issuer: (value) => {
      const url = readAddress(reader, value, '`issuer`');
      if (url?.search !== undefined && url.search !== '') reader.error(value.at, '`issuer` has a query', { expected: 'an address without ? and # (RFC 8414)' });
      // As it is written: `iss` is compared byte for byte, and a slash at the end makes another issuer.
      if (url !== null && value.kind === 'scalar') issuer = String(value.value);
    },
    jwks_uri: (value) => (jwksUri = readAddress(reader, value, '`jwks_uri`')?.href ?? null),
    audience: (value) => {
      audience = reader.text(value, '`audience`');
      if (audience !== null && !audience.includes('{server}')) {
        reader.warn(value.at, '`audience` is the same for every server, so a token for one is a token for all whose grants its claims fit', { help: 'put {server} into it, or remove it where the issuer knows resource indicators (RFC 8707)' });
      }
    },
    algorithms: (value) => {
      const read = (reader.items(value, '`algorithms`') ?? []).map((item) => readAlgorithm(reader, item));
      algorithms = read.filter((name) => name !== null);
      if (value.kind === 'list' && value.items.length === 0) reader.error(value.at, '`algorithms` is empty', { expected: SIGNATURE_ALGORITHMS.join(', ') });
    },
    scopes: (value) => (scopes = readScopes(reader, value)),
    clock_skew: (value) => (clockSkewMs = reader.duration(value, '`clock_skew`', 0, MAX_SKEW_MS) ?? clockSkewMs),
    max_token_age: (value) => (maxTokenAgeMs = reader.duration(value, '`max_token_age`', 60 * SECOND, 30 * DAY) ?? maxTokenAgeMs),
  }, ['issuer']);
  const failed = reader.problems.slice(before).some((problem) => problem.severity === 'error');
  return failed ? null : { issuer, jwksUri, audience, algorithms, scopes, clockSkewMs, maxTokenAgeMs };
}

function readAlgorithm(reader: Reader, node: TreeNode): SignatureAlgorithm | null {
  const isShared = node.kind === 'scalar' && typeof node.value === 'string' && /^(none|HS\d+)$/i.test(node.value);
  if (isShared) return reader.error(node.at, `${describe(node)} does not prove who has signed a token`, { expected: SIGNATURE_ALGORITHMS.join(', ') });
  return reader.choice(node, 'an algorithm', SIGNATURE_ALGORITHMS);
}

function readScopes(reader: Reader, node: TreeNode): string[] {
  const scopes: string[] = [];
  for (const item of reader.items(node, '`scopes`') ?? []) {
    const scope = reader.text(item, 'a scope');
    if (scope === null) continue;
    if (scope === 'offline_access') reader.error(item.at, 'offline_access is no scope of a server: it is between the client and the issuer', { help: 'remove it' });
    else if (!SCOPE.test(scope)) reader.error(item.at, 'not a scope', { found: describe(item), expected: 'one word without spaces, quotes and backslashes' });
    else if (scopes.includes(scope)) reader.error(item.at, `the scope ${quoted(scope)} is listed twice`, { help: 'remove one' });
    else scopes.push(scope);
  }
  return scopes;
}

/** An address that keys or tokens are trusted for: https, or http on this machine. */
function readAddress(reader: Reader, node: TreeNode, what: string): URL | null {
  const text = reader.text(node, what);
  if (text === null) return null;
  const expected = 'https://host/path, or http:// for this machine';
  if (!URL.canParse(text)) return reader.error(node.at, `${what} is not a URL`, { found: describe(node), expected });
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return reader.error(node.at, `${what} holds a user name or password`, { expected });
  if (url.hash !== '' || text.endsWith('#')) return reader.error(node.at, `${what} has a fragment`, { help: 'remove the part from # on' });
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))) return url;
  return reader.error(node.at, `${what} is not https: whoever stands on the way could put in keys of his own`, { found: describe(node), expected });
}

/** Reads `oauth:` of a grant. @param issuers those of the file; null when `oauth` of the file has errors, which were reported there */
export function readIdentity(reader: Reader, node: TreeNode, issuers: ReadonlyMap<string, IssuerConfig> | null): OAuthIdentity | null {
  const before = reader.problems.length;
  let issuer = '';
  const claims: Record<string, string> = Object.create(null) as Record<string, string>;
  reader.fields(node, '`oauth` of a grant', {
    issuer: (value) => {
      issuer = reader.text(value, '`issuer`') ?? '';
      if (issuer === '' || issuers === null || issuers.has(issuer)) return;
      const known = [...issuers.keys()];
      const near = suggest(issuer, known);
      reader.error(value.at, `there is no issuer ${describe(value)}`, {
        code: 'unknown_name', expected: known.length === 0 ? 'an issuer of `oauth` (there is none)' : known.join(', '), help: near === null ? null : `did you mean ${quoted(near)}?`,
      });
    },
    claims: (value) => {
      const entries = reader.entries(value, '`claims`');
      if (entries?.length === 0) reader.error(value.at, '`claims` is empty: every token of the issuer would be this grant', { expected: 'at least one claim, for example { sub: "248289761001" }' });
      for (const entry of entries ?? []) {
        const text = reader.text(entry.value, `the claim ${quoted(entry.key)}`);
        if (RULED.has(entry.key)) reader.error(entry.at, `the claim ${quoted(entry.key)} says nothing of who it is`, { expected: 'sub, client_id or another claim about the caller' });
        else if (text !== null) claims[entry.key] = text;
      }
    },
  }, ['issuer', 'claims']);
  return reader.problems.slice(before).some((problem) => problem.severity === 'error') ? null : { issuer, claims };
}

/** Claims that every token is checked for anyway. */
const RULED: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']);
