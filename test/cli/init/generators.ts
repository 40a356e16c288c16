import fc from 'fast-check';

/** White space and comments, as somebody might type them. */
function filler(draw: () => number, eol: string): string {
  switch (draw() % 12) {
    case 0: return ` // a note, "quoted": { [${eol}`;
    case 1: return '/* between */';
    case 2: return ` /* over${eol} lines } */ `;
    case 3: return `${eol}\t`;
    case 4: return `${eol}  `;
    case 5: return '   ';
    case 6: return `${eol}${eol}`;
    default: return '';
  }
}

function write(value: unknown, draw: () => number, eol: string): string {
  const gap = (): string => filler(draw, eol);
  const text = (raw: string): string => (draw() % 4 === 0 ? `"${[...raw].map((character) => (character.length === 1 ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : character)).join('')}"` : JSON.stringify(raw));
  const close = (count: number): string => (count > 0 && draw() % 3 === 0 ? `,${gap()}` : '');
  if (Array.isArray(value)) return `[${value.map((item) => `${gap()}${write(item, draw, eol)}${gap()}`).join(',')}${close(value.length)}${gap()}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, child]) => `${gap()}${text(key)}${gap()}:${gap()}${write(child, draw, eol)}${gap()}`);
    return `{${members.join(',')}${close(members.length)}${gap()}}`;
  }
  return typeof value === 'string' ? text(value) : JSON.stringify(value);
}

const word = fc.string({ maxLength: 12, unit: fc.oneof(fc.constantFrom('a', 'B', '9', ' ', '"', '\\', '/', '{', '}', '[', ',', ':', '#', '$', 'é', '数', '\u2028', '\u0001'), fc.constantFrom('\u{1f600}')) });
const texts = fc.dictionary(word, word, { maxKeys: 3 });
const secret = fc.string({ minLength: 4, maxLength: 10, unit: fc.constantFrom('s', 'e', '7') }).map((text) => `generated-${text}`);

/** A stdio or an HTTP entry, with fields in any order and some that nobody knows. */
const entry = fc.oneof(
  fc.record({ command: fc.constantFrom('node', '/usr/bin/x', 'C:\\Program Files\\x.exe', 'näme'), args: fc.array(word, { maxLength: 3 }), env: texts, disabled: fc.boolean(), note: fc.jsonValue({ maxDepth: 2 }) }, { requiredKeys: ['command'] }),
  fc.record({ url: fc.constantFrom('https://a.example/mcp', 'https://a.example/mcp?key=generated-1', 'http://127.0.0.1:9/x'), headers: fc.dictionary(fc.constantFrom('Authorization', 'X-Api-Key', 'Accept', 'x-b'), secret, { maxKeys: 3 }), type: fc.constant('http'), timeout: fc.integer() }, { requiredKeys: ['url'] }),
).chain((value) => fc.shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length }).map((entries) => Object.fromEntries(entries)));

const servers = fc.dictionary(word, entry, { maxKeys: 4 });
const rest = fc.dictionary(word.filter((key) => key !== 'mcpServers'), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });

/** A configuration with servers below `mcpServers`, comments and odd formatting, in any order, maybe with a byte order mark. */
export function jsoncDocument(): fc.Arbitrary<{ readonly text: string; readonly value: object }> {
  return fc.record({ servers, rest, first: fc.boolean(), mark: fc.boolean(), eol: fc.constantFrom('\n', '\r\n'), noise: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }) }).map(({ servers: entries, rest: others, first, mark, eol, noise }) => {
    let at = 0;
    const draw = (): number => noise[at++ % noise.length] ?? 0;
    const value = first ? { mcpServers: entries, ...others } : { ...others, mcpServers: entries };
    return { text: `${mark ? '\ufeff' : ''}${filler(draw, eol)}${write(value, draw, eol)}${filler(draw, eol)}`, value };
  });
}

const bare = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', '-', '_', '7') });

/** The same for Codex: tables, inline tables and tables below tables, with comments between. */
export function tomlDocument(): fc.Arbitrary<string> {
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
  const value = fc.record({ command: fc.constantFrom('node', '/usr/bin/x', "it's"), args: fc.option(fc.array(fc.string({ maxLength: 8, unit: fc.constantFrom('a', '"', '\\', '#', ']', '$', 'é', '=') }), { maxLength: 3 })), env: fc.dictionary(bare, bare, { maxKeys: 2 }), form: fc.constantFrom('table', 'inline', 'below'), lines: fc.boolean(), note: fc.boolean() });
  const http = fc.record({ url: fc.constantFrom('https://a.example/mcp', 'https://a.example/mcp?key=generated-2'), bearer: fc.boolean(), headers: fc.dictionary(fc.constantFrom('X-A', 'X-B'), bare, { maxKeys: 2 }), form: fc.constantFrom('table', 'below') });
  return fc.record({ servers: fc.uniqueArray(fc.tuple(bare, fc.oneof(value, http)), { selector: ([name]) => name, maxLength: 4 }), eol: fc.constantFrom('\n', '\r\n'), mark: fc.boolean() }).map(({ servers: entries, eol, mark }) => {
    const lines: string[] = ['# Codex', 'model = "m" # the model', 'big = 12345678901234567890', ''];
    const inline = (texts_: Readonly<Record<string, string>>): string => `{ ${Object.entries(texts_).map(([key, text]) => `${key} = ${quoted(text)}`).join(', ')} }`;
    const before: string[] = [];
    for (const [name, server] of entries) {
      if ('url' in server) {
        lines.push(`[mcp_servers.${name}]`, `url = ${quoted(server.url)} # where`, ...(server.bearer ? ['bearer_token_env_var = "TOKEN"'] : []));
        if (Object.keys(server.headers).length > 0) lines.push(...(server.form === 'table' ? [`http_headers = ${inline(server.headers)}`] : ['', `[mcp_servers.${name}.http_headers]`, ...Object.entries(server.headers).map(([key, text]) => `${key} = ${quoted(text)}`)]));
        lines.push('', '# end');
        continue;
      }
      const items = server.args?.map(quoted);
      const list = items === undefined ? null : server.lines ? `[${items.map((item) => `${eol}  ${item}, # one`).join('')}${eol}]` : `[${items.join(', ')}]`;
      if (server.form === 'inline') {
        before.push(`${name} = { command = ${quoted(server.command)}${items === undefined ? '' : `, args = [${items.join(',')}]`} }`);
        continue;
      }
      lines.push(`[ mcp_servers . ${name} ]`, `  command   =   ${quoted(server.command)}  # it`, ...(list === null ? [] : [`  args = ${list}`]), ...(server.note ? ['# a note', 'enabled = false'] : []));
      if (Object.keys(server.env).length > 0) lines.push(...(server.form === 'table' ? [`env = ${inline(server.env)}`] : [`[mcp_servers.${name}.env]`, ...Object.entries(server.env).map(([key, text]) => `${key} = ${quoted(text)}`)]));
      lines.push('');
    }
    const head = before.length === 0 ? [] : ['[mcp_servers]', ...before, ''];
    return `${mark ? '\ufeff' : ''}${[...lines.slice(0, 4), ...head, ...lines.slice(4), '[projects."/srv"]', 'trust_level = "trusted"'].join(eol)}${eol}`;
  });
}
