import { shellWords } from './shell-words.ts';

/** A server as somebody else's configuration tells it. */
export interface Recognised {
  readonly name: string | null;
  readonly kind: 'command' | 'http';
  readonly command: readonly string[];
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Servers in what a person pasted: a URL, a command line, `claude mcp add …`, `claude mcp add-json …`, or the JSON of a client's configuration
 * (`mcpServers`, `servers`, or one entry).
 * @returns a sentence instead, when nothing was recognised
 */
export function recognise(pasted: string): readonly Recognised[] | string {
  const text = pasted.trim();
  if (text === '') return 'Paste a command, a URL, a “claude mcp add” line or the JSON of a client’s configuration.';
  if (text.startsWith('{') || /^"[^"]+"\s*:\s*\{/.test(text)) return fromJson(text);
  if (/^https?:\/\/\S+$/i.test(text)) return [{ ...NOTHING, kind: 'http', url: text }];
  const words = shellWords(text.replace(/^\$\s+/, ''));
  if (words === null) return 'A quote in this line is not closed.';
  const add = words.findIndex((word, index) => word === 'mcp' && /^add(-json)?$/.test(words[index + 1] ?? ''));
  if (add > 0) return words[add + 1] === 'add-json' ? fromAddJson(words.slice(add + 2)) : fromAdd(words.slice(add + 2));
  const env: Record<string, string> = {};
  while (/^[A-Za-z_][A-Za-z0-9_]*=/.test(words[0] ?? '')) {
    const [key, value] = cut(words.shift() ?? '', '=');
    env[key] = value;
  }
  return words.length === 0 ? 'There is no command after the variables.' : [{ ...NOTHING, command: words, env }];
}

const NOTHING: Recognised = { name: null, kind: 'command', command: [], url: '', env: {}, headers: {} };
/** Options of `claude mcp add` (and of `codex mcp add`, `gemini mcp add`) that take a value. */
const VALUED: Readonly<Record<string, string>> = { '-t': 'transport', '--transport': 'transport', '-s': 'scope', '--scope': 'scope', '-e': 'env', '--env': 'env', '-H': 'header', '--header': 'header', '--url': 'url', '--timeout': 'timeout' };

function fromAdd(words: readonly string[]): readonly Recognised[] | string {
  const env: Record<string, string> = {};
  const headers: Record<string, string> = {};
  const rest: string[] = [];
  let transport = '';
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') {
      rest.push(...words.slice(index + 1));
      break;
    }
    const [flag, attached] = word.startsWith('--') && word.includes('=') ? cut(word, '=') : [word, null];
    const option = VALUED[flag];
    // After the beginning of a command, options are the command's own.
    const inCommand = rest[1] !== undefined && !/^https?:\/\//i.test(rest[1]);
    if (option === undefined || inCommand) {
      if (inCommand || !word.startsWith('-')) rest.push(word);
      continue;
    }
    const value = attached ?? words[(index += 1)] ?? '';
    if (option === 'transport') transport = value;
    else if (option === 'url') rest.push(value);
    else if (option === 'header') {
      const [key, text] = cut(value, ':');
      headers[key.trim()] = text.trim();
    } else if (option === 'env') {
      const [key, text] = cut(value, '=');
      env[key] = text;
    }
  }
  const [name, ...command] = rest;
  if (name === undefined || command.length === 0) return 'This line names no command and no URL.';
  const url = command.length === 1 && /^https?:\/\//i.test(command[0] ?? '') ? (command[0] ?? '') : '';
  if (url === '' && (transport === 'http' || transport === 'sse')) return `This line says ${transport}, but names no URL.`;
  return [{ name: goodName(name), kind: url === '' ? 'command' : 'http', command: url === '' ? command : [], url, env, headers }];
}

function fromAddJson(words: readonly string[]): readonly Recognised[] | string {
  const [name, json] = words.filter((word, index) => !word.startsWith('-') && VALUED[words[index - 1] ?? ''] === undefined);
  if (name === undefined || json === undefined) return 'This line names no server and no JSON.';
  return fromJson(JSON.stringify({ [name]: parsed(json) ?? null }));
}

function fromJson(text: string): readonly Recognised[] | string {
  const root = parsed(text) ?? parsed(`{${text.replace(/,\s*$/, '')}}`);
  if (root === null) return 'This is not complete JSON. Paste all of it, from “{” to “}”.';
  const inner = [root['mcpServers'], root['servers'], record(root['mcp'])?.['servers']].map(record).find((found) => found !== null);
  const entries: readonly (readonly [string | null, unknown])[] = inner === undefined && isEntry(root) ? [[null, root]] : Object.entries(inner ?? root);
  const found = entries.flatMap(([name, entry]) => {
    const server = fromEntry(name, record(entry));
    return server === null ? [] : [server];
  });
  return found.length > 0 ? found : 'No server with a “command” or a “url” was found in this JSON.';
}

function isEntry(value: Readonly<Record<string, unknown>>): boolean {
  return ['command', 'url', 'serverUrl', 'httpUrl'].some((key) => typeof value[key] === 'string');
}

function fromEntry(name: string | null, entry: Readonly<Record<string, unknown>> | null): Recognised | null {
  if (entry === null) return null;
  const url = [entry['url'], entry['serverUrl'], entry['httpUrl']].find((value) => typeof value === 'string');
  const base = { ...NOTHING, name: name === null ? null : goodName(name), env: texts(entry['env']), headers: texts(entry['headers']) };
  if (typeof url === 'string') return { ...base, kind: 'http', url };
  if (typeof entry['command'] !== 'string') return null;
  const list: unknown[] = Array.isArray(entry['args']) ? entry['args'] : [];
  return { ...base, command: [entry['command'], ...list.filter((one): one is string => typeof one === 'string')] };
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value) ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return record(JSON.parse(text));
  } catch {
    return null;
  }
}

function cut(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + at.length)];
}

/** The nearest name that the gateway takes: it stands in the proxy's address. */
export function goodName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').replace(/-+$/, '').slice(0, 64);
}

/** A name for a server that came without one: the package of its command, or the host of its URL. */
export function nameFor(server: Recognised): string {
  if (server.name !== null) return server.name;
  if (server.kind === 'http') {
    const host = /^https?:\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(server.url)?.[1] ?? '';
    return goodName(host.replace(/^(www|mcp|api)\./, '').split('.')[0] ?? '');
  }
  const runners = /^(npx|npm|pnpm|pnpx|bunx|bun|uvx|uv|node|python3?|pipx|docker|deno|run|exec|dlx|x|tool|-.*)$/;
  const word = server.command.map((part) => part.replace(/^.*[/\\]/, '').replace(/^@/, '')).find((part) => part !== '' && !runners.test(part)) ?? '';
  return goodName(word.replace(/@[^@]*$/, '').replace(/\.(m?js|ts|py)$/, ''));
}

const SECRET_NAME = /token|secret|passw|credential|auth|api[-_]?key|private|cookie|_key$|-key$|^key$|dsn|connection[-_]?string/i;

/** Whether a variable or header of this name most likely holds a secret. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}
