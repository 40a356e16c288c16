import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { toDiagnostic } from '../../src/cli/config/to-diagnostic.ts';

const env = { TICKETS_TOKEN: 'tickets-secret-value', SUPPORT_AGENT_TOKEN: 'plg_0123456789abcdef0123456789abcdef', AWS_PROFILE: 'prod', EMPTY: '' };

/** The file of product.md, as it stands there. */
const product = `listen: 127.0.0.1:4600            # the default; anything but loopback needs TLS in front or --insecure-listen
data: ./data                      # the embedded default: one SQLite database
servers:
  amazon-mq:
    command: [uvx, awslabs.amazon-mq-mcp-server@latest]
    env: { AWS_REGION: eu-central-1, AWS_PROFILE: "\${AWS_PROFILE}" }
    isolation: session            # session (default) | grant | shared : who gets a process of their own
  tickets:
    url: https://tickets.example.com/mcp
    headers: { Authorization: "Bearer \${TICKETS_TOKEN}" }
policies:
  mq-support: ./mq-support.policy.yaml
grants:
  - label: support-agent
    server: amazon-mq
    policies: [mq-support]
    token: \${SUPPORT_AGENT_TOKEN}  # or token_sha256; without either one is minted and shown once
`;

async function read(text: string, variables: Record<string, string> = env) {
  const { file, problems } = await readGatewayFile(text, '/etc/gateway', variables);
  return { file, lines: problems.map((problem) => { const d = toDiagnostic(problem, 'gateway.yaml'); return `${d.line}:${d.column} ${d.severity} ${d.code}: ${d.message}${d.help === null ? '' : ` | ${d.help}`}`; }) };
}

const server = 'servers: { s: { command: [node] } }\n';

describe('gateway.yaml', () => {
  it('the example of product.md is read exactly as written', async () => {
    const { file, lines } = await read(product);
    expect(lines).toEqual([]);
    expect(file).toMatchObject({
      listen: { host: '127.0.0.1', port: 4600 },
      dataDir: '/etc/gateway/data',
      journal: { arguments: 'keys' },
      grants: [{ label: 'support-agent', server: 'amazon-mq', policies: ['mq-support'] }],
    });
    expect(file?.servers.get('amazon-mq')).toEqual({
      name: 'amazon-mq',
      upstream: {
        kind: 'command',
        spec: { command: ['uvx', 'awslabs.amazon-mq-mcp-server@latest'], env: { AWS_REGION: 'eu-central-1', AWS_PROFILE: 'prod' }, cwd: null, inheritEnv: false },
      },
      isolation: 'session',
      bridge: false,
      trustedAnnotations: false,
      drift: 'hold',
      edge: null,
    });
    expect(file?.servers.get('tickets')?.upstream).toMatchObject({ kind: 'http', spec: { headers: { Authorization: 'Bearer tickets-secret-value' } } });
    expect(file?.policies.get('mq-support')?.path).toBe('/etc/gateway/mq-support.policy.yaml');
    expect(file?.grants[0]?.token).toEqual({ kind: 'hash', sha256: createHash('sha256').update(env.SUPPORT_AGENT_TOKEN).digest() });
  });

  it('ten mistakes give ten errors at once, each with its place', async () => {
    const { file, lines } = await read(`listen: 127.0.0.1:99999
sevrers: {}
servers:
  Big: { command: [node] }
  both: { command: [node], url: https://example.com }
  none: {}
  text: { command: npx -y thing }
  iso: { command: [node], isolation: sesion }
  web: { url: "ftp://example.com/" }
grants:
  - { label: a, server: bith, token: short }
  - { server: iso, policies: [missing] }
journal: { arguments: vals }
limits: { max_body_bytes: 12 }
`);
    expect(file).toBeNull();
    expect(lines.filter((line) => !line.includes(' warning '))).toEqual([
      '1:9 error invalid_value: `listen` is not an address: found `127.0.0.1:99999`, expected host:port, for example 127.0.0.1:4600 or [::1]:4600',
      '2:1 error unknown_key: unknown key `sevrers` in the configuration: expected listen, data, allow_hosts, allow_origins, servers, policies, grants, oauth, approvals, journal, limits, metrics, tracing, log, drain, secret_key_file | did you mean `servers`?',
      '4:3 error invalid_value: `Big` cannot be the name of a server: expected lower-case letters, digits, dots, dashes and underscores, at most 64, a letter or digit first',
      '5:28 error invalid_value: server `both` has both `command` and `url`: expected one of them | make two servers of it',
      '6:3 error invalid_value: server `none` has neither `command` nor `url`: expected command: [program, argument, ...] or url: https://...',
      '7:20 error invalid_value: `command` is one text: found `npx -y thing`, expected a list; no shell reads it | write [npx, -y, thing]',
      '8:38 error invalid_value: `isolation` has no such value: found `sesion`, expected session, grant, shared | did you mean `session`?',
      '9:15 error invalid_value: `url` has a scheme that is not HTTP: found `ftp://example.com/`, expected https://host/path, or http:// for this machine',
      '11:25 error unknown_name: there is no server `bith`: expected Big, both, none, text, iso, web | did you mean `both`?',
      '11:38 error invalid_value: `token` is too short to be a secret: found 5 characters, expected at least 16 | remove it: a token of 256 random bits is then made and shown once',
      '12:5 error missing_key: a grant has no `label` | add label',
      '12:31 error unknown_name: there is no policy `missing`: expected a policy that the file defines (it defines none)',
      '13:23 error invalid_value: `arguments` has no such value: found `vals`, expected keys, values',
      '14:27 error out_of_range: `max_body_bytes` is out of range: found 12, expected a whole number from 1024 to 268435456',
    ]);
  });

  const refused: readonly [title: string, text: string, message: string][] = [
    ['a file that is not YAML', 'servers: [\n', '2:1 error syntax: '],
    ['an empty file', '', '1:1 error syntax: the file is empty'],
    ['a file of comments', '# nothing\n', '1:1 error syntax: the file is empty'],
    ['a duplicate key', `${server}servers: {}\n`, '2:1 error syntax: map keys must be unique'],
    ['a second document', `${server}---\n${server}`, 'a second document begins here'],
    ['a list instead of a map', '- 1\n', '1:1 error wrong_type: the configuration has the wrong type: found a list, expected a map'],
    ['a key that is not text', '1: 2\n', '1:1 error syntax: a key must be text'],
    ['an inherited member as a key', `${server}constructor: {}\n`, 'unknown key `constructor`'],
    ['__proto__ as a key', `${server}__proto__: {}\n`, 'unknown key `__proto__`'],
    ['no servers', 'listen: 127.0.0.1:1\n', 'the configuration has no `servers`'],
    ['an empty map of servers', 'servers: {}\n', 'no server is configured'],
    ['an alias bomb', `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nservers: [*e,*e,*e,*e]\n`, 'the document is too large'],
    ['an alias that contains itself', 'servers: &s [*s]\n', 'the document is too large'],
    ['a missing variable', 'servers: { s: { command: ["${NOPE}"] } }\n', 'the environment variable NOPE is not set or empty'],
    ['an empty variable', 'servers: { s: { command: ["${EMPTY}"] } }\n', 'the environment variable EMPTY is not set or empty'],
    ['an inherited member as a variable', 'servers: { s: { command: ["${constructor}"] } }\n', 'the environment variable constructor is not set'],
    ['a default that shells know', 'servers: { s: { command: ["${A:-b}"] } }\n', 'a `${` that names no variable: found `${A:-b}`, expected ${NAME}'],
    ['an unclosed variable', 'servers: { s: { command: ["${A"] } }\n', 'a `${` that names no variable'],
    ['env on an HTTP server', 'servers: { s: { url: "https://a.example", env: { A: b } } }\n', '`env` has no effect on server `s`'],
    ['edge on a command', 'servers: { s: { command: [node], edge: { listen: ":1" } } }\n', '`edge` has no effect on server `s`'],
    ['an empty command', 'servers: { s: { command: [] } }\n', '`command` is empty'],
    ['a number in a command', 'servers: { s: { command: [node, 8080] } }\n', 'a word of `command` has the wrong type: found 8080, expected text | put it in quotes'],
    ['a variable name that no system knows', 'servers: { s: { command: [node], env: { "A=B": c } } }\n', '`A=B` cannot be the name of a variable'],
    ['credentials in a URL', 'servers: { s: { url: "https://u:p@a.example" } }\n', '`url` holds a user name or password'],
    ['a Host header', 'servers: { s: { url: "https://a.example", headers: { HOST: b } } }\n', 'header `HOST` is set by the transport'],
    ['a header of the protocol', 'servers: { s: { url: "https://a.example", headers: { Mcp-Name: b } } }\n', 'header `Mcp-Name` is set by the transport'],
    ['a header with a line break', 'servers: { s: { url: "https://a.example", headers: { X-A: "b\\r\\nC: d" } } }\n', 'holds a character that headers cannot carry'],
    ['a header in two spellings', 'servers: { s: { url: "https://a.example", headers: { X-A: b, x-a: c } } }\n', 'header `x-a` is given twice'],
    ['a wildcard host', `${server}allow_hosts: ["*.example.com"]\n`, 'not a host name'],
    ['a host with a port', `${server}allow_hosts: ["a.example:80"]\n`, 'not a host name'],
    ['an origin with a path', `${server}allow_origins: ["https://a.example/x"]\n`, 'not an origin'],
    ['the null origin', `${server}allow_origins: ["null"]\n`, 'not an origin'],
    ['a wildcard origin', `${server}allow_origins: ["*"]\n`, 'not an origin'],
    ['two grants with one label', `${server}grants: [{ label: a, server: s }, { label: a, server: s }]\n`, 'the label `a` is used twice'],
    ['two grants with one token', `${server}grants: [{ label: a, server: s, token: "\${SUPPORT_AGENT_TOKEN}" }, { label: b, server: s, token: "\${SUPPORT_AGENT_TOKEN}" }]\n`, 'grants `a` and `b` have the same token'],
    ['a token and a hash', `${server}grants: [{ label: a, server: s, token: "\${SUPPORT_AGENT_TOKEN}", token_sha256: "${'a'.repeat(64)}" }]\n`, 'a grant has `token` and `token_sha256`'],
    ['a hash of the wrong length', `${server}grants: [{ label: a, server: s, token_sha256: abcdef }]\n`, '`token_sha256` is not a SHA-256'],
    ['a token with a space', `${server}grants: [{ label: a, server: s, token: "0123456789 0123456789" }]\n`, 'holds a character that a bearer token cannot have'],
    ['a label with a line break', `${server}grants: [{ label: "a\\nb", server: s }]\n`, '`label` holds a character'],
    ['an edge grant without an edge', `${server}grants: [{ label: a, server: s, edge: true }]\n`, 'server `s` has no edge listener'],
    ['two edge grants', 'servers: { s: { url: "https://a.example", edge: { listen: ":1" } } }\ngrants: [{ label: a, server: s, edge: true }, { label: b, server: s, edge: true }]\n', 'server `s` has two edge grants'],
    ['an edge on the gateway\'s address', 'listen: 127.0.0.1:7\nservers: { s: { url: "https://a.example", edge: { listen: ":7" } } }\n', 'has the address of the gateway'],
    ['a policy named twice', `${server}policies: { p: p.yaml }\ngrants: [{ label: a, server: s, policies: [p, p] }]\n`, 'policy `p` is listed twice'],
    ['a duration without sense', `${server}limits: { session_idle: soon }\n`, '`session_idle` is not a duration'],
  ];

  it.each(refused)('%s is refused', async (_title, text, message) => {
    const { file, lines } = await read(text);
    expect(file).toBeNull();
    expect(lines.join('\n')).toContain(message);
  });

  const warned: readonly [title: string, text: string, message: string][] = [
    ['no grants', server, 'no grant is configured'],
    ['a grant without a policy', `${server}grants: [{ label: a, server: s }]\n`, 'grant `a` has no policy, so it can call nothing'],
    ['an upstream without TLS', 'servers: { s: { url: "http://a.example" } }\ngrants: [{ label: a, server: s }]\n', 'reached without TLS'],
    ['a token in the file', `${server}grants: [{ label: a, server: s, token: "0123456789abcdef" }]\n`, 'a token stands in the file'],
    ['an edge listener nobody can use', 'servers: { s: { url: "https://a.example", edge: { listen: ":1" } } }\ngrants: [{ label: a, server: s }]\n', 'no edge grant'],
  ];

  it.each(warned)('%s is allowed, with a warning', async (_title, text, message) => {
    const { file, lines } = await read(text);
    expect(file).not.toBeNull();
    expect(lines.some((line) => line.includes(' warning ') && line.includes(message))).toBe(true);
  });

  it('one missing variable gives one message, wherever it stands', async () => {
    for (const place of ['listen: "${NOPE}"', 'data: "${NOPE}"', 'journal: { arguments: "${NOPE}" }', 'grants: [{ label: a, server: s, policies: [], token: "${NOPE}" }]', 'grants: "${NOPE}"']) {
      const { lines } = await read(`${server}${place}\n`);
      expect(lines.filter((line) => line.includes(' error '))).toEqual([expect.stringContaining('the environment variable NOPE is not set or empty')]);
    }
    const { lines } = await read('servers: { a: { command: "${NOPE}" }, b: { command: ["${NOPE2}"] }, c: { url: "${NOPE3}" } }\n');
    expect(lines.filter((line) => line.includes(' error '))).toHaveLength(3);
  });

  it('every field has its effect', async () => {
    const { file, lines } = await read(`listen: "[::1]:0"
data: /var/lib/policylayer
allow_hosts: [Gateway.Example.com]
allow_origins: ["https://app.example.com:8443"]
servers:
  s: { command: [node, ""], env: { A: "", B: "$\${x}" }, cwd: work, isolation: shared, bridge: true, trusted_annotations: true }
  h: { url: "http://127.0.0.1:9/mcp", edge: { listen: 4601 } }
policies: { p: p.yaml, q: /q.yaml }
grants:
  - { label: Ops team/1, server: s, policies: [p, q], tags: [prod, eu], token_sha256: "${'AB'.repeat(32)}" }
  - { label: e, server: h, policies: [p], edge: true }
  - { label: m, server: h, policies: [p] }
journal: { arguments: values, retain_days: forever }
limits: { max_body_bytes: 1048576, max_result_bytes: 2097152, max_depth: 32, max_keys: 500, max_sessions_per_grant: 3, session_idle: 10m, body_timeout: 5 }
`);
    expect(lines).toEqual([]);
    expect(file).toMatchObject({
      listen: { host: '::1', port: 0 },
      dataDir: '/var/lib/policylayer',
      allowHosts: ['gateway.example.com'],
      allowOrigins: ['https://app.example.com:8443'],
      journal: { arguments: 'values', retainDays: null },
      limits: {
        client: { maxBytes: 1_048_576, maxDepth: 32, maxKeys: 500 },
        upstream: { maxBytes: 2_097_152 },
        maxSessionsPerGrant: 3,
        sessionIdleMs: 600_000,
        bodyTimeoutMs: 5_000,
      },
    });
    expect(file?.servers.get('s')).toMatchObject({ isolation: 'shared', bridge: true, trustedAnnotations: true, upstream: { spec: { command: ['node', ''], env: { A: '', B: '${x}' }, cwd: '/etc/gateway/work' } } });
    expect(file?.servers.get('h')?.trustedAnnotations).toBe(false);
    expect(file?.servers.get('h')?.edge).toEqual({ listen: { host: '127.0.0.1', port: 4601 } });
    expect(file?.policies.get('q')?.path).toBe('/q.yaml');
    expect(file?.grants.map((grant) => grant.token.kind)).toEqual(['hash', 'edge', 'minted']);
    expect(file?.grants[0]).toMatchObject({ label: 'Ops team/1', tags: ['prod', 'eu'], policies: ['p', 'q'] });
  });

  it('the value of a variable never appears in a message, wherever it stands', async () => {
    const places = [
      'listen: "V"', 'data: "V"', 'allow_hosts: ["V"]', 'allow_origins: ["V"]', 'journal: { arguments: "V", retain_days: "V" }', 'limits: { session_idle: "V", max_depth: "V" }',
      'policies: { p: "V" }', 'grants: [{ label: "V", server: "V", policies: ["V"], token: "V", tags: "V" }]', 'grants: [{ label: a, server: s, token_sha256: "V" }]',
      'servers: { s: { command: "V", isolation: "V", bridge: "V", trusted_annotations: "V", cwd: ["V"] } }', 'servers: { s: { url: "V", headers: { A: "V", B: ["V"] } } }', 'servers: "V"',
    ];
    const secret = 'S3cr3t-\u0007-value!';
    for (const place of places) {
      const text = (place.startsWith('servers') ? '' : server) + place.replaceAll('V', '${SECRET}');
      const { lines } = await read(text, { SECRET: secret });
      expect(lines.join('\n')).not.toContain('S3cr3t');
    }
  });

  it('no text makes the reader throw, and a file is given exactly when there is no error', async () => {
    const word = fc.constantFrom('servers', 'grants', 'policies', 's', 'p', 'command', 'url', 'token', 'label', 'listen', '${A}', '[', ']', '{', '}', ':', '- ', '\n', '  ', '"', '&a', '*a', '!!binary', '? ', '|\n', '1', 'null');
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')), fc.string()), async (text) => {
        const { file, problems } = await readGatewayFile(text, '/', {});
        expect(file === null).toBe(problems.some((problem) => problem.severity === 'error'));
        for (const problem of problems) {
          expect(problem.at.line).toBeGreaterThan(0);
          expect(problem.at.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
