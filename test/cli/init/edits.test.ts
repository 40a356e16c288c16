import { describe, expect, it } from 'vitest';
import { CONTAINERS, type ClientId } from '../../../src/cli/init/clients.ts';
import { readConfigText } from '../../../src/cli/init/entries.ts';
import { readServerSpec } from '../../../src/cli/init/server-spec.ts';
import { applyEdits } from '../../../src/cli/init/syntax.ts';
import { applyVerified, wrapEdits } from '../../../src/cli/init/wrap-entry.ts';
import { planWrap } from '../../../src/cli/init/wrap-plan.ts';

const settings = { launcher: { node: 'N', program: 'B' }, policy: 'P', server: 'S', label: 'L', data: null, platform: 'linux' as const, findProgram: () => null };

/** The text with its only entry wrapped, or why it is not. */
function wrap(text: string, client: ClientId, platform: NodeJS.Platform = 'linux'): string {
  const [entry] = readConfigText(text, client === 'codex' ? 'toml' : 'jsonc', CONTAINERS[client]).entries;
  if (entry === undefined) return 'no entry';
  if (entry.obstacle !== null) return `refused: ${entry.obstacle}`;
  const spec = readServerSpec(entry.value, client);
  if (spec.kind !== 'stdio' && spec.kind !== 'http') return `refused: ${spec.reason}`;
  const planned = planWrap(spec, { ...settings, platform, launcher: platform === 'win32' ? { node: 'C:\\node.exe', program: 'C:\\p\\dist\\bin.mjs' } : settings.launcher });
  if (!planned.ok) return `refused: ${planned.reason}`;
  const result = wrapEdits(text, entry, spec, planned.plan);
  return result.ok ? applyEdits(text, result.edits) : `refused: ${result.reason}`;
}

const RUN = '"B", "run", "--policy", "P", "--server", "S", "--label", "L"';

const JSON_CASES: readonly [title: string, client: ClientId, before: string, after: string][] = [
  ['one line', 'cursor', '{"mcpServers":{"x":{"command":"c","args":["a"]}}}', `{"mcpServers":{"x":{"command":"N","args":[${RUN}, "--", "c", "a"]}}}`],
  ['no arguments, one line', 'cursor', '{"mcpServers":{"x":{"command":"c"}}}', `{"mcpServers":{"x":{"command":"N", "args": [${RUN}, "--", "c"]}}}`],
  ['an empty list', 'cursor', '{"mcpServers":{"x":{"command":"c","args":[ ]}}}', `{"mcpServers":{"x":{"command":"N","args":[${RUN}, "--", "c" ]}}}`],
  ['null for a list', 'cursor', '{"mcpServers":{"x":{"args":null,"command":"c"}}}', `{"mcpServers":{"x":{"args":[${RUN}, "--", "c"],"command":"N"}}}`],
  [
    'lines, tabs, no arguments', 'cursor',
    '{\n\t"mcpServers": {\n\t\t"x": {\n\t\t\t"command": "c" // it\n\t\t}\n\t}\n}',
    '{\n\t"mcpServers": {\n\t\t"x": {\n\t\t\t"command": "N",\n\t\t\t"args": [\n\t\t\t\t"B",\n\t\t\t\t"run",\n\t\t\t\t"--policy",\n\t\t\t\t"P",\n\t\t\t\t"--server",\n\t\t\t\t"S",\n\t\t\t\t"--label",\n\t\t\t\t"L",\n\t\t\t\t"--",\n\t\t\t\t"c"\n\t\t\t] // it\n\t\t}\n\t}\n}',
  ],
  [
    'lines with a comment first, CRLF', 'cursor',
    '{"mcpServers": {"x": {"command": "c",\r\n    "args": [\r\n      // first\r\n      "a",\r\n    ]}}}',
    `{"mcpServers": {"x": {"command": "N",\r\n    "args": [${[...RUN.split(', '), '"--"', '"c"'].map((item) => `\r\n      ${item},`).join('')}\r\n      // first\r\n      "a",\r\n    ]}}}`,
  ],
  [
    'an address with headers', 'vscode',
    '{"servers": {"x": {"type": "http", "url": "https://a.example/mcp", "headers": {"A": "${input:a}"}, "more": 1}}}',
    `{"servers": {"x": {"type": "stdio", "command": "N", "args": [${RUN}, "--header-env", "A=POLICYLAYER_HEADER_A", "--upstream", "https://a.example/mcp"], "env": {"POLICYLAYER_HEADER_A": "\${input:a}"}, "more": 1}}}`,
  ],
  [
    'an address that holds a key', 'windsurf',
    '{"mcpServers": {"x": {"serverUrl": "https://a.example/mcp?k=v"}}}',
    `{"mcpServers": {"x": {"command": "N", "args": [${RUN}, "--upstream-env", "POLICYLAYER_UPSTREAM"], "env": { "POLICYLAYER_UPSTREAM": "https://a.example/mcp?k=v" }}}}`,
  ],
  [
    'an address that holds a key, with headers', 'windsurf',
    '{"mcpServers": {"x": {"headers": { "A": "v" }, "serverUrl": "https://a.example/mcp?k=v"}}}',
    `{"mcpServers": {"x": {"env": { "POLICYLAYER_UPSTREAM": "https://a.example/mcp?k=v", "POLICYLAYER_HEADER_A": "v" }, "command": "N", "args": [${RUN}, "--header-env", "A=POLICYLAYER_HEADER_A", "--upstream-env", "POLICYLAYER_UPSTREAM"]}}}`,
  ],
  ['an address that holds a key, with an empty list of headers', 'windsurf', '{"mcpServers": {"x": {"headers": {}, "serverUrl": "https://a.example/mcp?k=v"}}}', 'refused: its URL has to move to a variable, and its list of headers is empty; remove that list'],
  ['the older form of Zed', 'zed', '{"context_servers": {"x": {"command": {"path": "c", "args": []}}}}', `{"context_servers": {"x": {"command": {"path": "N", "args": [${RUN}, "--", "c"]}}}}`],
];

const TOML_CASES: readonly [title: string, before: string, after: string][] = [
  ['a table', '[mcp_servers.x]\ncommand = "c"\n', `[mcp_servers.x]\ncommand = "N"\nargs = [\n  ${[...RUN.split(', '), '"--"', '"c"'].join(',\n  ')}\n]\n`],
  ['a table, indented, with a list', '[mcp_servers.x]\n  args = ["a"]\n  command = \'c\'\n', `[mcp_servers.x]\n  args = [${RUN}, "--", "c", "a"]\n  command = "N"\n`],
  ['an inline table', '[mcp_servers]\nx = { command = "c" }\n', `[mcp_servers]\nx = { command = "N", args = [${RUN}, "--", "c"] }\n`],
  ['everything in one line', 'mcp_servers = { x = { command = "c", args = ["a"] } }', `mcp_servers = { x = { command = "N", args = [${RUN}, "--", "c", "a"] } }`],
  [
    'variables of Codex itself, two kinds', '[mcp_servers.x]\nurl = "https://a.example/mcp"\nbearer_token_env_var = "T"\nenv_http_headers = { "X-A" = "VA" }\n',
    `[mcp_servers.x]\ncommand = "N"\nargs = [\n  ${[...RUN.split(', '), '"--header-env"', '"X-A=VA"', '"--bearer-env"', '"T"', '"--upstream"', '"https://a.example/mcp"'].join(',\n  ')}\n]\nenv_vars = ["VA", "T"]\n\n`,
  ],
  [
    'headers in a table of their own', '[mcp_servers.x]\nurl = "https://a.example/mcp"\n\n[mcp_servers.x.http_headers]\nX-A = "v" # mine\n',
    `[mcp_servers.x]\ncommand = "N"\nargs = [\n  ${[...RUN.split(', '), '"--header-env"', '"X-A=POLICYLAYER_HEADER_X_A"', '"--upstream"', '"https://a.example/mcp"'].join(',\n  ')}\n]\n\n[mcp_servers.x.env]\nPOLICYLAYER_HEADER_X_A = "v" # mine\n`,
  ],
  ['headers elsewhere in the file', '[mcp_servers.x]\nurl = "https://a.example/mcp"\n[other]\na = 1\n[mcp_servers.x.http_headers]\nX-A = "v"\n', 'refused: its parts stand at different places of the file; put them together'],
  ['variables for headers in a table of their own', '[mcp_servers.x]\nurl = "https://a.example/mcp"\n[mcp_servers.x.env_http_headers]\nX-A = "V"\n', 'refused: its env_http_headers are a table of their own; write them as { ... }'],
  ['dotted keys', '[mcp_servers]\nx.command = "c"\n', 'refused: it has no table of its own; write it below [mcp_servers.x]'],
  ['headers with dotted keys', '[mcp_servers.x]\nurl = "https://a.example/mcp"\nhttp_headers.X-A = "v"\n', 'refused: its headers are written in a way that cannot be edited'],
];

describe('the text of a wrapped entry', () => {
  it.each(JSON_CASES)('%s (%s)', (_title, client, before, after) => {
    expect(wrap(before, client)).toBe(after);
  });

  it.each(TOML_CASES)('Codex: %s', (_title, before, after) => {
    expect(wrap(before, 'codex')).toBe(after);
  });

  it('paths of Windows are literal texts in TOML and escaped in JSON', () => {
    expect(wrap('[mcp_servers.x]\ncommand = "uvx.exe"\nargs = []\n', 'codex', 'win32')).toContain("command = 'C:\\node.exe'\nargs = ['C:\\p\\dist\\bin.mjs', \"run\"");
    expect(wrap('{"mcpServers":{"x":{"command":"uvx.exe","args":[]}}}', 'cursor', 'win32')).toContain('"command":"C:\\\\node.exe","args":["C:\\\\p\\\\dist\\\\bin.mjs", "run"');
  });

  it('npx on Windows is started through cmd', () => {
    expect(wrap('{"mcpServers":{"x":{"command":"npx","args":["-y", "s"]}}}', 'cursor', 'win32')).toContain('"--", "cmd", "/c", "npx", "-y", "s"]');
  });
});

describe('an edit that would do anything else is refused', () => {
  const text = '{"mcpServers": {"x": {"command": "c", "args": []}, "y": {"command": "d"}}, "other": 1}';
  const at = (part: string): { start: number; end: number } => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length });
  const expected = new Map([['["mcpServers","x"]', { command: 'N', args: [] }]]);
  const apply = (...edits: { start: number; end: number; text: string }[]): string => applyVerified(text, 'jsonc', CONTAINERS.cursor, edits, expected);

  it('what was planned is applied', () => {
    expect(apply({ ...at('"c"'), text: '"N"' })).toBe(text.replace('"c"', '"N"'));
  });

  it.each([
    ['another command', [{ ...at('"c"'), text: '"M"' }], /would not say what it should/],
    ['another entry', [{ ...at('"c"'), text: '"N"' }, { ...at('"d"'), text: '"e"' }], /another entry would change/],
    ['another setting', [{ ...at('"c"'), text: '"N"' }, { ...at('1'), text: '2' }], /something else would change/],
    ['an entry gone', [{ ...at('"c"'), text: '"N"' }, { ...at(', "y": {"command": "d"}'), text: '' }], /would vanish/],
    ['an entry more', [{ ...at('"c"'), text: '"N"' }, { ...at('"y"'), text: '"z": {}, "y"' }], /would appear/],
    ['no JSON', [{ ...at('"c"'), text: '"N' }], /control character|no end|expected/],
    ['edits that overlap', [{ ...at('"c"'), text: '"N"' }, { ...at('"command": "c"'), text: '' }], /overlap/],
  ])('%s', (_title, edits, message) => {
    expect(() => apply(...edits)).toThrow(message);
  });
});
