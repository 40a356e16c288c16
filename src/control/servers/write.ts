import { headerProblem, readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import type { Change, ConfiguredValue, Registry, ServerDefinition } from '../../state/registry/types.ts';
import type { AddressGuard } from '../../upstream/address-guard.ts';
import { ApiProblem, type Detail } from '../api/problem.ts';
import type { SecretBox } from '../api/services.ts';
import { secretName } from '../config/server-config.ts';
import type { ServerBody, WrittenValue } from './schemas.ts';

export interface WriteParts {
  readonly box: SecretBox;
  readonly guard: AddressGuard;
  /** Names of the secrets that are kept of this server, from `storedSecrets`. */
  readonly stored: ReadonlySet<string>;
  /** JSON Pointer of the body within the request; empty by default. */
  readonly at?: string;
}

/** Names of everything that is kept sealed of a server: its own values, and its OAuth client and tokens. @throws StateUnavailable */
export async function storedSecrets(registry: Registry, name: string): Promise<ReadonlySet<string>> {
  const found = [...(await registry.secretNames(`server/${name}/`)), ...(await registry.secretNames(upstreamAuth(name)))];
  return new Set(found.map((secret) => secret.name));
}

function upstreamAuth(name: string): string {
  return `upstream_auth/${name}/`;
}

/**
 * Checks what a schema cannot say, and turns a body into the record and the changes of its secrets.
 * @param before the record as it is; null for a new one
 * @throws ApiProblem with every problem at once
 */
export function writeServer(name: string, body: ServerBody, before: ServerDefinition | null, parts: WriteParts): { readonly value: ServerDefinition; readonly changes: readonly Change[] } {
  const problems: Detail[] = [];
  const at = parts.at ?? '';
  const { description, isolation, bridge, trustedAnnotations, drift, enabled } = body;
  const common = { description, isolation, bridge, trustedAnnotations, drift, enabled };
  if (body.kind === 'http') checkUrl(body.url, parts.guard, problems, at);
  const same = before !== null && sameTarget(before, body);
  const place = body.kind === 'command' ? 'env' : 'header';
  const written = body.kind === 'command' ? body.env : body.headers;
  const { values, seals } = configuredValues({ name, place, written, same, pointer: `${at}/${body.kind === 'command' ? 'env' : 'headers'}` }, parts, problems);
  if (problems.length > 0) throw new ApiProblem('invalid_request', problems.length === 1 ? (problems[0]?.message ?? '') : `${problems.length} things are wrong`, { problems });
  const value: ServerDefinition = body.kind === 'command'
    ? { ...common, kind: 'command', command: body.command, cwd: body.cwd, env: values }
    : { ...common, kind: 'http', url: body.url, headers: values, auth: body.auth };
  const kept = new Set(Object.entries(values).flatMap(([key, one]) => (one.kind === 'secret' ? [secretName(name, place, key)] : [])));
  // The OAuth client's secret and the tokens are as much for one address as a header is.
  const dropped = [...parts.stored].filter((secret) => (secret.startsWith(upstreamAuth(name)) ? !same : !kept.has(secret)));
  const ended = dropped.some((secret) => secret.startsWith(upstreamAuth(name)));
  return { value, changes: [...seals, ...dropped.map((secret): Change => ({ op: 'unseal', name: secret })), ...(ended ? [{ op: 'delete', kind: 'upstream_auth', name } as const] : [])] };
}

/** @throws ApiProblem target_not_allowed */
function checkUrl(url: string, guard: AddressGuard, problems: Detail[], at: string): void {
  const read = readUpstreamUrl(url);
  if (!read.ok) {
    problems.push({ pointer: `${at}/url`, message: `the URL ${read.problem}; expected ${read.expected}`, ...(read.help === null ? {} : { help: read.help }) });
    return;
  }
  const refused = guard.refusesHost(read.url.hostname);
  if (refused !== null) throw new ApiProblem('target_not_allowed', `this address may not be called: ${refused}`, { problems: [{ pointer: `${at}/url`, message: refused }] });
}

/** A stored secret belongs to where it was sent: whoever changes that has to know it, or he could have it sent to himself. */
function sameTarget(before: ServerDefinition, body: ServerBody): boolean {
  if (before.kind === 'command') return body.kind === 'command' && JSON.stringify([before.command, before.cwd]) === JSON.stringify([body.command, body.cwd]);
  return body.kind === 'http' && URL.canParse(before.url) && URL.canParse(body.url) && new URL(before.url).origin === new URL(body.url).origin;
}

interface Values {
  readonly name: string;
  readonly place: 'env' | 'header';
  readonly written: Readonly<Record<string, WrittenValue>>;
  readonly same: boolean;
  readonly pointer: string;
}

function configuredValues({ name, place, written, same, pointer }: Values, { box, stored }: WriteParts, problems: Detail[]): { readonly values: Record<string, ConfiguredValue>; readonly seals: readonly Change[] } {
  const values: Record<string, ConfiguredValue> = Object.create(null) as Record<string, ConfiguredValue>;
  const seals: Change[] = [];
  const seen = new Set<string>();
  for (const [key, one] of Object.entries(written)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const text = 'plain' in one ? one.plain : one.secret === true ? '' : one.secret;
    const problem = place === 'header' ? headerProblem(key, text) : null;
    if (problem !== null) problems.push({ pointer: at, message: problem });
    else if (place === 'header' && seen.has(key.toLowerCase())) problems.push({ pointer: at, message: 'the header is given twice; names of headers are the same in any case' });
    seen.add(key.toLowerCase());
    if ('plain' in one) {
      values[key] = { kind: 'plain', value: one.plain };
      continue;
    }
    values[key] = { kind: 'secret' };
    const secret = secretName(name, place, key);
    if (one.secret !== true) seals.push({ op: 'seal', secret: box.seal(secret, one.secret) });
    else if (!stored.has(secret)) problems.push({ pointer: at, message: 'no secret is stored for it yet', help: 'send the secret itself' });
    else if (!same) problems.push({ pointer: at, message: 'the server was changed, and a stored secret is only for the server that it was given for', help: 'send the secret again' });
  }
  return { values, seals };
}
