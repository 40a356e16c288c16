import { describe, expect, it } from 'vitest';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { toDiagnostic } from '../../src/cli/config/to-diagnostic.ts';

async function read(text: string) {
  const { file, problems } = await readGatewayFile(text, '/etc/gateway', {});
  return { file, lines: problems.map((problem) => { const d = toDiagnostic(problem, 'gateway.yaml'); return `${d.line}:${d.column} ${d.severity} ${d.code}: ${d.message}${d.help === null ? '' : ` | ${d.help}`}`; }) };
}

const errors = (lines: readonly string[]): string[] => lines.filter((line) => line.includes(' error '));

const whole = `servers: { tickets: { command: [node] } }
oauth:
  public_url: https://gateway.example.com/agents/
  issuers:
    - issuer: https://login.example.com/
      jwks_uri: https://login.example.com/keys
      audience: "api://policylayer/{server}"
      algorithms: [ES256, EdDSA]
      scopes: [mcp, "tickets:use"]
      clock_skew: 10s
      max_token_age: 1h
    - issuer: http://127.0.0.1:8080/realms/agents
grants:
  - label: alice
    server: tickets
    oauth: { issuer: https://login.example.com/, claims: { sub: alice, client_id: cli } }
  - label: both
    server: tickets
    token_sha256: ${'a'.repeat(64)}
    oauth: { issuer: http://127.0.0.1:8080/realms/agents, claims: { sub: bob } }
`;

describe('oauth in gateway.yaml', () => {
  it('issuers are read with their defaults, and a grant has a token, callers of an issuer, or both', async () => {
    const { file, lines } = await read(whole);
    expect(errors(lines)).toEqual([]);
    expect(file?.oauth?.publicUrl).toBe('https://gateway.example.com/agents');
    expect([...(file?.oauth?.issuers.values() ?? [])]).toEqual([
      { issuer: 'https://login.example.com/', jwksUri: 'https://login.example.com/keys', audience: 'api://policylayer/{server}', algorithms: ['ES256', 'EdDSA'], scopes: ['mcp', 'tickets:use'], clockSkewMs: 10_000, maxTokenAgeMs: 3_600_000 },
      { issuer: 'http://127.0.0.1:8080/realms/agents', jwksUri: null, audience: null, algorithms: ['RS256', 'ES256', 'EdDSA', 'PS256'], scopes: [], clockSkewMs: 30_000, maxTokenAgeMs: 86_400_000 },
    ]);
    // A grant that an issuer vouches for gets no token of ours unless it asks for one.
    expect(file?.grants.map((grant) => [grant.label, grant.token.kind, grant.oauth])).toEqual([
      ['alice', 'none', { issuer: 'https://login.example.com/', claims: { sub: 'alice', client_id: 'cli' } }],
      ['both', 'hash', { issuer: 'http://127.0.0.1:8080/realms/agents', claims: { sub: 'bob' } }],
    ]);
  });

  it('every mistake is an error with its place, all at once', async () => {
    const { file, lines } = await read(`servers: { s: { command: [node] } }
oauth:
  public_url: http://gateway.example.com
  issuers:
    - issuer: http://login.example.com
    - { issuer: https://a.example.com, algorithms: [HS256, none, RS512, RS1] }
    - { issuer: https://b.example.com, scopes: [offline_access, "two words"], clock_skew: 2m }
    - { issuer: https://c.example.com, jwks_uri: "https://user:pass@c.example.com/keys" }
    - { issuer: https://d.example.com, audiance: x }
    - { issuer: https://e.example.com }
    - { issuer: https://e.example.com }
    - {}
grants:
  - { label: one, server: s, oauth: { issuer: https://e.example.com } }
  - { label: two, server: s, oauth: { issuer: https://e.example.com, claims: {} } }
  - { label: three, server: s, oauth: { issuer: https://e.example.com, claims: { aud: x, sub: 5 } } }
  - { label: four, server: s, edge: true, oauth: { issuer: https://e.example.com, claims: { sub: x } } }
`);
    expect(file).toBeNull();
    expect(errors(lines)).toEqual([
      '3:15 error invalid_value: `public_url` is not https: whoever stands on the way could put in keys of his own: found `http://gateway.example.com`, expected https://host/path, or http:// for this machine',
      '5:15 error invalid_value: `issuer` is not https: whoever stands on the way could put in keys of his own: found `http://login.example.com`, expected https://host/path, or http:// for this machine',
      expect.stringMatching(/^6:53 error invalid_value: `HS256` does not prove who has signed a token: expected RS256/),
      expect.stringMatching(/^6:60 error invalid_value: `none` does not prove/),
      expect.stringMatching(/^\d+:\d+ error invalid_value: an algorithm has no such value: found `RS1`/),
      expect.stringMatching(/^7:\d+ error invalid_value: offline_access is no scope of a server/),
      expect.stringMatching(/^7:\d+ error invalid_value: not a scope: found `two words`/),
      expect.stringMatching(/^7:\d+ error out_of_range: `clock_skew` is out of range: found `2m`, expected 0s to 60s/),
      '8:50 error invalid_value: `jwks_uri` holds a user name or password: expected https://host/path, or http:// for this machine',
      expect.stringMatching(/^9:40 error unknown_key: unknown key `audiance` in an issuer: .* \| did you mean `audience`\?$/),
      '11:7 error invalid_value: the issuer `https://e.example.com` is there twice | remove one',
      '12:7 error missing_key: an issuer has no `issuer` | add issuer',
      expect.stringMatching(/^14:\d+ error missing_key: `oauth` of a grant has no `claims`/),
      expect.stringMatching(/^15:\d+ error invalid_value: `claims` is empty: every token of the issuer would be this grant/),
      expect.stringMatching(/^16:\d+ error invalid_value: the claim `aud` says nothing of who it is/),
      expect.stringMatching(/^16:\d+ error wrong_type: the claim `sub` has the wrong type: found 5, expected text \| put it in quotes/),
      expect.stringMatching(/^17:\d+ error invalid_value: server `s` has no edge listener/),
      expect.stringMatching(/^17:\d+ error invalid_value: a grant has `edge` and `oauth`/),
    ]);
  });

  it('an issuer that is not configured is an error with the nearest one, and two grants for the same tokens are one', async () => {
    const { lines } = await read(whole.replace('{ issuer: http://127.0.0.1:8080/realms/agents, claims: { sub: bob } }', '{ issuer: https://login.example.com, claims: { sub: bob } }'));
    expect(errors(lines)).toEqual([expect.stringMatching(/^20:22 error unknown_name: there is no issuer `https:\/\/login\.example\.com`: .* \| did you mean `https:\/\/login\.example\.com\/`\?$/)]);
    const twice = await read(whole.replace('{ issuer: http://127.0.0.1:8080/realms/agents, claims: { sub: bob } }', '{ issuer: https://login.example.com/, claims: { client_id: cli, sub: alice } }'));
    expect(errors(twice.lines)).toEqual([expect.stringMatching(/^17:5 error invalid_value: grants `alice` and `both` are for the same tokens/)]);
  });

  it('an audience that is the same for all servers is warned of', async () => {
    const { file, lines } = await read(whole.replace('api://policylayer/{server}', 'api://policylayer'));
    expect(file).not.toBeNull();
    expect(lines.some((line) => line.startsWith('7:17 warning invalid_value: `audience` is the same for every server'))).toBe(true);
  });
});
