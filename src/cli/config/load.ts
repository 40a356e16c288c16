import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { GatewayConfig, GrantConfig, ListenAddress } from '../../gateway/config-types.ts';
import { combine, type CompiledPolicy, type Diagnostic } from '../../policy/index.ts';
import { loadPolicyFiles } from '../policy-files.ts';
import { NO_APPROVALS } from './approvals.ts';
import { DEFAULT_JOURNAL, DEFAULT_LIMITS, DEFAULT_LISTEN, readGatewayFile, type GatewayFile } from './gateway-file.ts';
import { TokenFileError, mintedTokens, type MintedToken } from './minted-tokens.ts';
import { toDiagnostic } from './to-diagnostic.ts';

const MAX_FILE = 1024 * 1024;

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; instead of `data` of the file. */
  readonly dataDir?: string | undefined;
  readonly listen?: ListenAddress | undefined;
  /** False leaves the token file alone: a check must not change anything. Grants without a token then have an unusable one. */
  readonly mint: boolean;
}

export type LoadedGateway =
  | {
      readonly ok: true;
      readonly config: GatewayConfig;
      /** The policies that the file names, by name, with their documents. */
      readonly policies: ReadonlyMap<string, { readonly policy: CompiledPolicy; readonly text: string }>;
      /** Tokens made by this load, to be shown once. */
      readonly minted: readonly MintedToken[];
      readonly warnings: readonly Diagnostic[];
      /** Files whose change calls for a new load. */
      readonly files: readonly string[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly files: readonly string[] };

/**
 * Loads gateway.yaml with everything that it names. Problems of the file and of all its policies are reported together.
 * @param path of gateway.yaml, as it shall appear in messages
 */
export async function loadGateway(path: string, options: LoadOptions): Promise<LoadedGateway> {
  const absolute = resolve(path);
  const text = readText(path);
  if (typeof text !== 'string') return { ok: false, diagnostics: [text], files: [absolute] };
  const { file, problems } = await readGatewayFile(text, dirname(absolute), options.env);
  const diagnostics = problems.map((problem) => toDiagnostic(problem, path));
  if (file === null) return { ok: false, diagnostics, files: [absolute] };

  const dataDir = options.dataDir ?? file.dataDir;
  const files = [absolute, ...[...file.policies.values()].map((policy) => policy.path)];
  const loaded = await loadPolicyFiles([...file.policies.values()], options.mint ? join(dataDir, 'policy-cache') : null);
  diagnostics.push(...loaded.warnings);
  if (!loaded.ok) return { ok: false, diagnostics: [...diagnostics, ...loaded.errors], files };

  try {
    const { hashes, minted } = options.mint ? mintedTokens(dataDir, file.grants.filter((grant) => grant.token.kind === 'minted')) : { hashes: new Map<string, Buffer>(), minted: [] };
    const grants = file.grants.map((grant) => toGrant(grant, loaded.policies, hashes));
    const policies = new Map(loaded.policies.map((policy) => [policy.name, { policy, text: loaded.texts.get(policy.name) ?? '' }]));
    return { ok: true, policies, config: toConfig(file, dataDir, options.listen, grants), minted, warnings: diagnostics, files };
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error;
    return { ok: false, diagnostics: [...diagnostics, problem(path, 'token_file', error.message, null)], files };
  }
}

/** The configuration of a gateway without gateway.yaml: nothing but where it listens and keeps its data. @param dataDir absolute */
export function emptyGateway(dataDir: string, listen: ListenAddress | undefined): Extract<LoadedGateway, { ok: true }> {
  const config: GatewayConfig = { listen: listen ?? DEFAULT_LISTEN, dataDir, allowHosts: [], allowOrigins: [], servers: new Map(), grants: [], approvals: NO_APPROVALS, journal: DEFAULT_JOURNAL, limits: DEFAULT_LIMITS };
  return { ok: true, config, policies: new Map(), minted: [], warnings: [], files: [] };
}

function toGrant(grant: GatewayFile['grants'][number], policies: readonly CompiledPolicy[], minted: ReadonlyMap<string, Buffer>): GrantConfig {
  const own = grant.policies.map((name) => policies.find((policy) => policy.name === name)).filter((policy) => policy !== undefined);
  const { token } = grant;
  // 32 zero bytes are the hash of no token that anybody could find.
  const tokenSha256 = token.kind === 'edge' || token.kind === 'none' ? null : token.kind === 'hash' ? token.sha256 : (minted.get(grant.label) ?? Buffer.alloc(32));
  return { label: grant.label, server: grant.server, tags: grant.tags, policyNames: grant.policies, policies: combine(own), tokenSha256, ...(grant.oauth === null ? {} : { oauth: grant.oauth }) };
}

function toConfig(file: GatewayFile, dataDir: string, listen: ListenAddress | undefined, grants: readonly GrantConfig[]): GatewayConfig {
  const page = file.approvals.publicUrl === null ? null : new URL(file.approvals.publicUrl);
  const reached = file.oauth?.publicUrl == null ? undefined : new URL(file.oauth.publicUrl).hostname;
  return {
    listen: listen ?? file.listen,
    dataDir,
    ...(file.secretKeyFile === undefined ? {} : { secretKeyFile: file.secretKeyFile }),
    // Where approvers reach us is a name of ours, and the pages there send it as their origin.
    allowHosts: withOwn(withOwn(file.allowHosts, page?.hostname), reached),
    allowOrigins: withOwn(file.allowOrigins, page?.origin),
    servers: file.servers,
    grants,
    approvals: file.approvals,
    journal: file.journal,
    limits: file.limits,
    operations: file.operations,
    ...(file.metrics === null ? {} : { metrics: file.metrics }),
    ...(file.oauth === null ? {} : { oauth: file.oauth }),
  };
}

function withOwn(names: readonly string[], own: string | undefined): readonly string[] {
  return own === undefined || names.includes(own) ? names : [...names, own];
}

function readText(path: string): string | Diagnostic {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return problem(path, 'unreadable', 'this is not a file', null);
    if (stats.size > MAX_FILE) return problem(path, 'too_large', `the file has more than ${MAX_FILE} bytes`, null);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return problem(path, 'unreadable', 'there is no such file', 'check the path, or try `policylayer serve --demo`');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return problem(path, 'unreadable', 'the file is not UTF-8', 'save it as UTF-8');
    return problem(path, 'unreadable', `the file cannot be read (${code ?? 'unknown error'})`, 'check the permissions of the file');
  }
}

function problem(file: string, code: string, message: string, help: string | null): Diagnostic {
  return { severity: 'error', code, file, line: 1, column: 1, pointer: '', message, help, excerpt: null };
}
