import type { Server, ShownValue } from '../../api/types.ts';
import { looksSecret, nameFor, type Recognised } from './recognise.ts';
import { shellLine, shellWords } from './shell-words.ts';

/** One environment variable or header of the form. */
export interface Entry {
  /** Of the row, for React. */
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly secret: boolean;
  /** A secret that is kept already; an empty value leaves it as it is. */
  readonly kept: boolean;
}

export interface ServerFormValues {
  readonly name: string;
  readonly description: string;
  readonly kind: 'command' | 'http';
  readonly command: string;
  readonly cwd: string;
  readonly url: string;
  readonly env: readonly Entry[];
  readonly headers: readonly Entry[];
  readonly auth: 'none' | 'oauth';
  readonly isolation: Server['isolation'];
  readonly bridge: boolean;
  readonly trustedAnnotations: boolean;
  readonly drift: Server['drift'];
  readonly enabled: boolean;
}

export const NEW_SERVER: ServerFormValues = { name: '', description: '', kind: 'command', command: '', cwd: '', url: '', env: [], headers: [], auth: 'none', isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true };

export function newEntry(key = '', value = ''): Entry {
  return { id: crypto.randomUUID(), key, value, secret: looksSecret(key), kept: false };
}

export function fromRecognised(server: Recognised, before: ServerFormValues): ServerFormValues {
  return {
    ...before,
    name: before.name === '' ? nameFor(server) : before.name,
    kind: server.kind,
    command: shellLine(server.command),
    url: server.url,
    env: Object.entries(server.env).map(([key, value]) => newEntry(key, value)),
    headers: Object.entries(server.headers).map(([key, value]) => newEntry(key, value)),
  };
}

function entries(values: Readonly<Record<string, ShownValue>> | undefined): Entry[] {
  return Object.entries(values ?? {}).map(([key, value]) => ({ id: crypto.randomUUID(), key, value: value.kind === 'plain' ? value.value : '', secret: value.kind === 'secret', kept: value.kind === 'secret' && value.set }));
}

export function fromServer(server: Server): ServerFormValues {
  const { name, kind, auth, isolation, bridge, trustedAnnotations, drift, enabled } = server;
  return { name, kind, isolation, bridge, trustedAnnotations, drift, enabled, auth: auth ?? 'none', description: server.description ?? '', command: shellLine(server.command ?? []), cwd: server.cwd ?? '', url: server.url ?? '', env: entries(server.env), headers: entries(server.headers) };
}

function written(values: readonly Entry[]): Record<string, { plain: string } | { secret: string | true }> {
  return Object.fromEntries(values.filter(({ key }) => key.trim() !== '').map(({ key, value, secret, kept }) => [key.trim(), secret ? { secret: kept && value === '' ? (true as const) : value } : { plain: value }]));
}

/** The body of POST and PUT. */
export function toBody(values: ServerFormValues, create: boolean): Record<string, unknown> {
  const { kind, isolation, bridge, trustedAnnotations, drift, enabled } = values;
  const common = { ...(create ? { name: values.name.trim() } : {}), description: values.description.trim() === '' ? null : values.description.trim(), kind, isolation, bridge, trustedAnnotations, drift, enabled };
  if (kind === 'http') return { ...common, url: values.url.trim(), headers: written(values.headers), auth: values.auth };
  return { ...common, command: shellWords(values.command) ?? [], cwd: values.cwd.trim() === '' ? null : values.cwd.trim(), env: written(values.env) };
}

/** What the form can tell by itself, before the gateway is asked. */
export function mistakes(values: ServerFormValues, create: boolean): Record<string, string> {
  const found: Record<string, string> = {};
  if (create && !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(values.name.trim())) found['name'] = 'Lower-case letters, digits, dots, hyphens and underscores; it becomes a part of the address.';
  if (values.kind === 'command') {
    const words = shellWords(values.command);
    if (words === null) found['command'] = 'A quote is not closed.';
    else if (words.length === 0) found['command'] = 'Say which command starts the server.';
  } else if (!/^https?:\/\/[^\s/]/i.test(values.url.trim())) found['url'] = 'A URL with http:// or https:// is expected.';
  for (const [list, what] of [[values.env, 'env'], [values.headers, 'headers']] as const) {
    if ((what === 'env') !== (values.kind === 'command')) continue;
    const names = list.map(({ key }) => key.trim()).filter((key) => key !== '');
    const twice = names.find((key, index) => names.indexOf(key) !== index);
    if (twice !== undefined) found[what] = `${twice} is there twice.`;
    const empty = list.find(({ key, value, secret, kept }) => key.trim() !== '' && secret && !kept && value === '');
    if (empty !== undefined) found[what] = `${empty.key} is a secret without a value.`;
  }
  return found;
}
