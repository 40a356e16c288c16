import { headerProblem, readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import { PLAIN_NAME } from '../../gateway/checks/names.ts';
import type { ServerConfig, Upstream } from '../../gateway/config-types.ts';
import type { ConfiguredValue, SealedSecret, Stored } from '../../state/registry/types.ts';
import type { AddressGuard } from '../../upstream/address-guard.ts';
import type { SecretBox } from '../api/services.ts';
import type { AuthorizerOf } from './types.ts';

export interface ServerParts {
  readonly secrets: ReadonlyMap<string, SealedSecret>;
  readonly box: SecretBox;
  readonly guard: AddressGuard;
  readonly authorizerOf: AuthorizerOf;
}

export type ServerResult = { readonly ok: true; readonly server: ServerConfig } | { readonly ok: false; readonly problem: string };

/** Name of a sealed value of a server. */
export function secretName(server: string, place: 'env' | 'header', key: string): string {
  return `server/${server}/${place}/${place === 'header' ? key.toLowerCase() : key}`;
}

/** Turns a record into what the gateway starts. What the API has checked is checked again where it would be dangerous: a record may be older than a check. */
export function serverConfig(stored: Stored<'server'>, parts: ServerParts): ServerResult {
  const { name, value } = stored;
  if (!PLAIN_NAME.test(name)) return { ok: false, problem: 'its name is not one that a server can have' };
  let upstream: Upstream | string;
  try {
    upstream = upstreamOf(stored, parts);
  } catch (error) {
    upstream = error instanceof Error ? error.message : 'a secret cannot be read';
  }
  if (typeof upstream === 'string') return { ok: false, problem: upstream };
  return {
    ok: true,
    server: { name, upstream, isolation: value.isolation, bridge: value.bridge, trustedAnnotations: value.trustedAnnotations, drift: value.drift, edge: null },
  };
}

function upstreamOf(stored: Stored<'server'>, parts: ServerParts): Upstream | string {
  const { name, value } = stored;
  if (value.kind === 'command') {
    const [program, ...words] = value.command;
    if (program === undefined || program === '') return 'its command is empty';
    return { kind: 'command', spec: { command: [program, ...words], env: opened(name, 'env', value.env, parts), cwd: value.cwd, inheritEnv: false } };
  }
  const read = readUpstreamUrl(value.url);
  if (!read.ok) return `its URL ${read.problem}`;
  const refused = parts.guard.refusesHost(read.url.hostname);
  if (refused !== null) return `its URL may not be called: ${refused}`;
  const headers = opened(name, 'header', value.headers, parts);
  for (const [header, text] of Object.entries(headers)) {
    const problem = headerProblem(header, text);
    if (problem !== null) return problem;
  }
  const authorize = value.auth === 'oauth' ? parts.authorizerOf(stored) : null;
  if (value.auth === 'oauth' && authorize === null) return 'it asks for OAuth, and nobody has signed in to it yet';
  return { kind: 'http', spec: { url: read.url, headers, guard: parts.guard, ...(authorize === null ? {} : { authorize }) } };
}

/** @throws Error when a secret is missing, or cannot be opened */
function opened(server: string, place: 'env' | 'header', values: Readonly<Record<string, ConfiguredValue>>, { secrets, box }: ServerParts): Record<string, string> {
  const result: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(values)) {
    if (value.kind === 'plain') {
      result[key] = value.value;
      continue;
    }
    const sealed = secrets.get(secretName(server, place, key));
    if (sealed === undefined) throw new Error(`the value of ${place === 'env' ? 'variable' : 'header'} ${key} is not set`);
    result[key] = box.open(sealed);
  }
  return result;
}
