import { posix } from 'node:path';
import { printable } from '../../policy/printable.ts';
import { readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import type { ClientId } from './clients.ts';
import { hasReference } from './references.ts';
import { member } from './syntax.ts';

export interface StdioServer {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly disabled: boolean;
  /** Older settings of Zed keep program, arguments and environment in an object called `command`. */
  readonly nested: boolean;
}

export interface HttpServer {
  readonly kind: 'http';
  readonly url: string;
  /** The key of the URL. */
  readonly urlKey: string;
  /** Values as the file has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The key of those headers, or null. */
  readonly headersKey: string | null;
  /** Codex: headers whose value is in a variable of its own environment. */
  readonly envHeaders: Readonly<Record<string, string>>;
  /** Codex: the variable with the token for `Authorization: Bearer`. */
  readonly bearerVariable: string | null;
  readonly disabled: boolean;
}

/** It already runs through PolicyLayer. */
export interface AlreadyDone {
  readonly kind: 'done';
  readonly reason: string;
}

/** It cannot, and stays as it is. */
export interface Skipped {
  readonly kind: 'skip';
  readonly reason: string;
}

export type ServerSpec = StdioServer | HttpServer | AlreadyDone | Skipped;

const HTTP_TYPES = new Set(['http', 'streamable-http', 'streamablehttp', 'streamable_http', 'remote']);
const STDIO_TYPES = new Set(['stdio', 'local']);
const URL_KEYS = ['url', 'httpUrl', 'serverUrl'];
const SIGN_IN_KEYS = ['oauth', 'auth', 'authProviderType', 'oauth_resource', 'scopes', 'headersHelper', 'targetAudience'];

/** What one entry of a client's configuration starts or reaches. Pure. Reasons are safe to print. */
export function readServerSpec(value: unknown, client: ClientId | null): ServerSpec {
  const get = (key: string): unknown => member(value, key);
  const disabled = get('disabled') === true || get('enabled') === false;
  const type = get('type');
  if (type !== undefined && typeof type !== 'string') return skip('its type is not text');
  const named = type?.toLowerCase() ?? null;

  const nested = typeof get('command') === 'object' && get('command') !== null;
  const command = nested ? member(get('command'), 'path') : get('command');
  if (command !== undefined) {
    if (named !== null && !STDIO_TYPES.has(named)) return skip(`it has a command and the type "${printable(named, 20)}"`);
    if (URL_KEYS.some((key) => get(key) !== undefined)) return skip('it has a command and a URL; which of them the client takes is not clear');
    if (get('sandboxEnabled') === true) return skip('its client runs it in a sandbox, in which PolicyLayer could not keep its limits and its journal');
    const place = get('experimental_environment');
    if (place !== undefined && place !== 'local') return skip('its client starts it on another machine');
    return stdio(command, nested ? get('command') : value, { cwd: get('cwd'), disabled, nested });
  }
  const urlKey = URL_KEYS.find((key) => get(key) !== undefined);
  if (urlKey === undefined) {
    if (client === 'zed') return skip('it comes from an extension of Zed, which starts it by itself');
    return skip('it has neither a command nor a URL');
  }
  if (named === 'sse') return skip('it speaks the older HTTP+SSE transport, which PolicyLayer does not');
  if (named !== null && !HTTP_TYPES.has(named)) return skip(`its type "${printable(named, 20)}" is not known here`);
  return http(value, urlKey, disabled);
}

function stdio(command: unknown, holder: unknown, rest: { readonly cwd: unknown; readonly disabled: boolean; readonly nested: boolean }): ServerSpec {
  if (typeof command !== 'string' || command.trim() === '') return skip('its command is not text');
  const args = member(holder, 'args') ?? [];
  if (!Array.isArray(args) || !args.every((each) => typeof each === 'string')) return skip('its args are not a list of texts');
  const env = member(holder, 'env') ?? {};
  if (!isTexts(env)) return skip('its env does not hold texts only');
  // The path is shown: a file of somebody else's project could point to a program that only looks like ours.
  if (isWrapped(command, args)) return { kind: 'done', reason: `it already runs through PolicyLayer (${printable([command, ...args].find(isOurProgram) ?? command, 200)})` };
  // Some clients hand such a text to a shell. We start programs without one, so it would be the name of a program.
  if (/\s/.test(command) && !/[\\/]/.test(command.split(/\s/)[0] ?? '')) return skip('its command is a whole command line; divide it into command and args');
  return { kind: 'stdio', command, args, env, cwd: typeof rest.cwd === 'string' ? rest.cwd : null, disabled: rest.disabled, nested: rest.nested };
}

function http(value: unknown, urlKey: string, disabled: boolean): ServerSpec {
  const url = member(value, urlKey);
  if (typeof url !== 'string') return skip('its URL is not text');
  if (SIGN_IN_KEYS.some((key) => member(value, key) !== undefined)) return skip('the client signs in to it by itself (OAuth), which cannot pass through another program');
  if (member(value, 'env') !== undefined || member(value, 'args') !== undefined) return skip('it has a URL and also args or env');
  const read = readUpstreamUrl(url);
  if (!read.ok && !hasReference(url)) return skip(`its URL ${read.problem}; expected ${read.expected}`);
  if (/\/sse\/?$/.test(read.ok ? read.url.pathname : url)) return skip('its URL ends with /sse, as those of the older HTTP+SSE transport do, which PolicyLayer does not speak');
  const headersKey = ['headers', 'http_headers'].find((key) => member(value, key) !== undefined) ?? null;
  const headers = headersKey === null ? {} : member(value, headersKey);
  const envHeaders = member(value, 'env_http_headers') ?? {};
  if (!isTexts(headers) || !isTexts(envHeaders)) return skip('its headers do not hold texts only');
  if (find(headers, 'authorization')?.startsWith('Bearer plg_') === true) return { kind: 'done', reason: 'it is behind a PolicyLayer gateway already' };
  const bearer = member(value, 'bearer_token_env_var');
  return { kind: 'http', url, urlKey, headers, headersKey, envHeaders, bearerVariable: typeof bearer === 'string' ? bearer : null, disabled };
}

/**
 * True for `policylayer run ...`, however it is started: by its name, by npx, or as a script of Node. What stands behind `--` is the
 * server's own and never looked at.
 */
export function isWrapped(command: string, args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  const at = own.indexOf('run');
  if (at === -1 || !own.includes('--policy', at)) return false;
  return [command, ...own.slice(0, at)].some(isOurProgram);
}

function isOurProgram(word: string): boolean {
  const path = word.replaceAll('\\', '/');
  return /^policylayer(@[\w.-]+)?(\.cmd|\.exe)?$/.test(posix.basename(path)) || path.endsWith('/dist/bin.mjs');
}

function find(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(texts).find(([key]) => key.toLowerCase() === name)?.[1];
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((each) => typeof each === 'string');
}

function skip(reason: string): Skipped {
  return { kind: 'skip', reason };
}
