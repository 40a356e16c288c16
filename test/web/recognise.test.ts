import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksSecret, nameFor, recognise, type Recognised } from '../../web/src/pages/servers/recognise.ts';
import { shellLine, shellWords } from '../../web/src/pages/servers/shell-words.ts';

function one(text: string): Recognised {
  const found = recognise(text);
  if (typeof found === 'string' || found[0] === undefined) throw new Error(`not recognised: ${String(found)}`);
  return found[0];
}

const NONE = { name: null, kind: 'command', command: [], url: '', env: {}, headers: {} } as const;

describe('what people paste to add a server', () => {
  it.each<readonly [string, Recognised]>([
    ['https://mcp.example.com/mcp', { ...NONE, kind: 'http', url: 'https://mcp.example.com/mcp' }],
    ['npx -y @scope/server@1.2.3 --flag "two words"', { ...NONE, command: ['npx', '-y', '@scope/server@1.2.3', '--flag', 'two words'] }],
    ['$ REGION=eu API_KEY=x uvx thing', { ...NONE, command: ['uvx', 'thing'], env: { REGION: 'eu', API_KEY: 'x' } }],
    ['claude mcp add airtable --env AIRTABLE_API_KEY=KEY -- npx -y airtable-mcp-server', { ...NONE, name: 'airtable', command: ['npx', '-y', 'airtable-mcp-server'], env: { AIRTABLE_API_KEY: 'KEY' } }],
    ['claude mcp add --transport http --scope user sentry https://mcp.sentry.example/mcp', { ...NONE, name: 'sentry', kind: 'http', url: 'https://mcp.sentry.example/mcp' }],
    ['claude mcp add -t http api https://api.example/mcp -H "Authorization: Bearer a b"', { ...NONE, name: 'api', kind: 'http', url: 'https://api.example/mcp', headers: { Authorization: 'Bearer a b' } }],
    ['claude mcp add --env=A=b=c files node ./server.js --port 3', { ...NONE, name: 'files', command: ['node', './server.js', '--port', '3'], env: { A: 'b=c' } }],
    [`claude mcp add-json weather '{"type":"http","url":"https://w.example/mcp","headers":{"X-Key":"v"}}'`, { ...NONE, name: 'weather', kind: 'http', url: 'https://w.example/mcp', headers: { 'X-Key': 'v' } }],
    ['{"mcpServers":{"My Server":{"command":"uvx","args":["a","b"],"env":{"T":"1"}}}}', { ...NONE, name: 'my-server', command: ['uvx', 'a', 'b'], env: { T: '1' } }],
    ['{"servers":{"x":{"type":"http","url":"http://127.0.0.1:1/mcp"}}}', { ...NONE, name: 'x', kind: 'http', url: 'http://127.0.0.1:1/mcp' }],
    ['"x": {"command": "run"},', { ...NONE, name: 'x', command: ['run'] }],
    ['{"command":"docker","args":["run","-i","img"]}', { ...NONE, command: ['docker', 'run', '-i', 'img'] }],
    ['{"gemini":{"httpUrl":"https://g.example/mcp"}}', { ...NONE, name: 'gemini', kind: 'http', url: 'https://g.example/mcp' }],
  ])('recognises %s', (text, expected) => {
    expect(one(text)).toEqual(expected);
  });

  it('finds every server of a configuration', () => {
    expect(recognise('{"mcpServers":{"a":{"command":"x"},"b":{"url":"https://b.example"}}}')).toHaveLength(2);
  });

  it.each(['', '{"mcpServers":', '{"a":1}', 'claude mcp add lonely', 'claude mcp add -t http x notaurl', 'npx "open'])('says in a sentence why nothing was recognised: %s', (text) => {
    expect(recognise(text)).toMatch(/\.$/);
  });

  it('never throws, whatever is pasted', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\\'ab-= $/\n\u202e🙂')) }), (text) => {
      recognise(text);
      recognise(`claude mcp add ${text}`);
      recognise(`{"mcpServers":{"a":${text}}}`);
    }));
  });

  it.each([
    ['npx -y @modelcontextprotocol/server-github', 'server-github'],
    ['uvx awslabs.amazon-mq-mcp-server@latest', 'awslabs.amazon-mq-mcp-server'],
    ['node /opt/tools/images.mjs', 'images'],
    ['docker run -i ghcr.io/org/thing:1', 'thing-1'],
    ['https://mcp.sentry.example/mcp', 'sentry'],
  ])('gives %s the name %s', (text, name) => {
    expect(nameFor(one(text))).toBe(name);
  });

  it.each([['GITHUB_TOKEN', true], ['Authorization', true], ['X-Api-Key', true], ['DB_PASSWORD', true], ['AWS_REGION', false], ['PORT', false], ['LOG_LEVEL', false]] as const)('takes %s for a secret: %s', (name, secret) => {
    expect(looksSecret(name)).toBe(secret);
  });

  it('reads back any words that it writes as one line', () => {
    fc.assert(fc.property(fc.array(fc.string()), (words) => {
      expect(shellWords(shellLine(words))).toEqual(words);
    }));
  });
});
