import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { suggest } from '../policy/suggest.ts';
import { quoted } from '../policy/printable.ts';
import { DRIFT_MODES, type DriftMode } from '../gateway/pins/tool-pins.ts';
import type { CommandSpec, HttpSpec } from '../upstream/types.ts';
import { headerProblem, readUpstreamUrl } from '../gateway/checks/http-upstream.ts';
import { dataDirectory } from './data-directory.ts';
import { policyName, type PolicyFile } from './policy-files.ts';
import { UsageError } from './usage-error.ts';

export interface RunOptions {
  readonly policies: readonly PolicyFile[];
  readonly upstream: { readonly kind: 'command'; readonly spec: CommandSpec } | { readonly kind: 'http'; readonly spec: HttpSpec };
  /** Name of the upstream in counters and journal. */
  readonly server: string;
  readonly label: string;
  readonly dataDir: string;
  readonly bridge: boolean;
  readonly trustedAnnotations: boolean;
  readonly drift: DriftMode;
  readonly journalArguments: boolean;
}

const OPTIONS = {
  policy: { type: 'string', multiple: true },
  upstream: { type: 'string' },
  header: { type: 'string', multiple: true },
  'header-env': { type: 'string', multiple: true },
  'bearer-env': { type: 'string' },
  'upstream-env': { type: 'string' },
  server: { type: 'string' },
  label: { type: 'string' },
  data: { type: 'string' },
  'journal-arguments': { type: 'boolean' },
  bridge: { type: 'boolean' },
  'trust-annotations': { type: 'boolean' },
  drift: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the arguments of `run`. What follows `--` belongs to the server and is never looked at.
 * @returns null when help was asked for
 * @throws UsageError
 */
export function readRunOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): RunOptions | null {
  const split = args.indexOf('--');
  const own = split === -1 ? args : args.slice(0, split);
  const command = split === -1 ? [] : args.slice(split + 1);
  const { values, positionals } = parse(own);
  if (values.help === true) return null;
  const [stray] = positionals;
  if (stray !== undefined) throw new UsageError(`unexpected argument ${quoted(stray, 60)}`, 'put -- before the command of the server');
  if (values.policy === undefined) throw new UsageError('run needs a policy', 'add --policy FILE; `policylayer scan --policy-out FILE` writes a first one');

  const bearer = values['bearer-env'] === undefined ? [] : [`Authorization: Bearer ${fromEnvironment(values['bearer-env'], '--bearer-env', env)}`];
  const upstream = readUpstream(command, upstreamUrl(values, env), [...(values.header ?? []), ...bearer], values['header-env'] ?? [], env);
  return {
    policies: policyFiles(values.policy),
    upstream,
    server: name(values.server, '--server') ?? (upstream.kind === 'http' ? upstream.spec.url.hostname : serverName(upstream.spec.command)),
    label: name(values.label, '--label') ?? 'local',
    dataDir: dataDirectory(values.data),
    bridge: values.bridge ?? false,
    trustedAnnotations: values['trust-annotations'] ?? false,
    drift: driftMode(values.drift),
    journalArguments: values['journal-arguments'] ?? false,
  };
}

/** A readable, stable name for a server that is only known by its command: `npx -y @scope/server-x@1 dir` is `server-x`. */
export function serverName(command: readonly string[]): string {
  const launchers = /^(npx|pnpx|bunx|uvx|uv|pipx|node|nodejs|bun|deno|python\d?(\.\d+)?|docker|podman|env|sh|bash|npm|pnpm|yarn|cmd|run|exec|dlx|tool|x)(\.exe|\.cmd)?$/;
  const words = command.filter((word) => !word.startsWith('-') && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  const word = words.find((each) => !launchers.test(basename(each))) ?? words[0] ?? 'server';
  const plain = basename(word).replace(/@[^@/]*$/, '').replace(/[^A-Za-z0-9._-]/g, '-');
  return plain === '' ? 'server' : plain.slice(0, 64);
}

/** A URL that holds a secret stands in a variable: every user of a machine can list command lines. */
function upstreamUrl(values: { readonly upstream?: string | undefined; readonly 'upstream-env'?: string | undefined }, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const variable = values['upstream-env'];
  if (variable === undefined) return values.upstream;
  if (values.upstream !== undefined) throw new UsageError('both --upstream and --upstream-env were given', 'give one of them');
  return fromEnvironment(variable, '--upstream-env', env);
}

function fromEnvironment(variable: string, option: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  if (value === undefined || value === '') throw new UsageError(`the environment variable ${quoted(variable, 60)} is not set or empty`, `set it, or remove ${option}`);
  return value;
}

function driftMode(value: string | undefined): DriftMode {
  const mode = value === undefined ? 'hold' : DRIFT_MODES.find((one) => one === value);
  if (mode === undefined) throw new UsageError(`--drift ${quoted(value ?? '', 60)} is not a mode`, `one of ${DRIFT_MODES.join(', ')}`);
  return mode;
}

/** Two policies of one name would share counters and be told apart by nobody. */
function policyFiles(paths: readonly string[]): PolicyFile[] {
  const files = paths.map((path) => ({ name: policyName(path), path }));
  for (const [index, file] of files.entries()) {
    if (files.findIndex((other) => other.name === file.name) !== index) {
      throw new UsageError(`two policies have the name ${quoted(file.name, 60)}`, 'rename one of the files');
    }
  }
  return files;
}

function readUpstream(
  command: readonly string[],
  url: string | undefined,
  headers: readonly string[],
  headersFromEnv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RunOptions['upstream'] {
  const [program, ...rest] = command;
  if (url === undefined) {
    if (program === undefined) throw new UsageError('run needs a server', 'end with -- COMMAND, or add --upstream URL');
    if (headers.length + headersFromEnv.length > 0) throw new UsageError('a header has no effect on a command', 'use --header with --upstream only');
    return { kind: 'command', spec: { command: [program, ...rest], env: {}, cwd: null, inheritEnv: true } };
  }
  if (program !== undefined) throw new UsageError('both --upstream and a command were given', 'give one of them');
  const read = readUpstreamUrl(url);
  if (!read.ok) throw new UsageError(`--upstream ${read.problem}; expected ${read.expected}`, read.help === null ? null : 'use --header-env Authorization=VARIABLE');
  return { kind: 'http', spec: { url: read.url, headers: readHeaders(headers, headersFromEnv, env) } };
}

/** Reads `--header 'Name: value'` and `--header-env Name=VARIABLE`. Values appear in no message. @throws UsageError */
export function readHeaders(plain: readonly string[], fromEnv: readonly string[], env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const add = (name: string, value: string): void => {
    const problem = headerProblem(name, value);
    if (problem !== null) throw new UsageError(problem);
    if (Object.keys(headers).some((other) => other.toLowerCase() === name.toLowerCase())) throw new UsageError(`header ${quoted(name, 60)} is given twice`);
    headers[name] = value;
  };
  for (const text of plain) {
    const match = /^([^:\s]+)\s*:\s*(.*?)\s*$/s.exec(text);
    if (match === null) throw new UsageError("--header is not of the form 'Name: value'");
    add(match[1] ?? '', match[2] ?? '');
  }
  for (const text of fromEnv) {
    const match = /^([^=\s]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text);
    if (match === null) throw new UsageError('--header-env is not of the form Name=VARIABLE');
    const variable = match[2] ?? '';
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
    if (value === undefined || value === '') throw new UsageError(`the environment variable ${variable} is not set or empty`, 'set it, or remove --header-env');
    add(match[1] ?? '', value);
  }
  return headers;
}

function name(value: string | undefined, option: string): string | null {
  if (value === undefined) return null;
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,63}$/u.test(value)) return value;
  throw new UsageError(`${option} holds a character that cannot be in a name`, 'use letters, digits, spaces and . _ @ : / -, at most 64');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const unknown = /^Unknown option '(--?[^' ]+)/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(lowerFirst(message.split('. ')[0] ?? message).replace(/^option '(--[a-z-]+) <value>' /, '$1 '));
    const near = suggest(unknown.replace(/^-+/, ''), Object.keys(OPTIONS));
    throw new UsageError(`unknown option ${quoted(unknown, 60)}`, near === null ? 'options of the server stand after --' : `did you mean --${near}?`);
  }
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
