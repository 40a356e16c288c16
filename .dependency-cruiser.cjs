// The walls of docs/architecture.md. Imports run downwards only:
//   cli -> control -> gateway -> {upstream, state, policy, catalogue} -> mcp -> wire
// scripts/walls.mjs cruises every import in src/, type-only ones included, with these rules.

/** Everything a room must not import: each room that is not listed as one it may use. */
const ROOMS = ['cli', 'control', 'gateway', 'upstream', 'state', 'policy', 'catalogue', 'mcp', 'wire'];
const MAY_USE = {
  cli: ['cli', 'control', 'gateway', 'upstream', 'state', 'policy', 'catalogue', 'mcp', 'wire'],
  control: ['control', 'gateway', 'upstream', 'state', 'policy', 'catalogue', 'mcp', 'wire'],
  gateway: ['gateway', 'upstream', 'state', 'policy', 'catalogue', 'mcp', 'wire'],
  upstream: ['upstream', 'mcp', 'wire'],
  state: ['state', 'policy', 'mcp', 'wire'],
  policy: ['policy', 'mcp', 'wire'],
  catalogue: ['catalogue', 'mcp', 'wire'],
  mcp: ['mcp', 'wire'],
  wire: ['wire'],
};
const rooms = (names) => `^src/(${names.join('|')})/`;

const downwards = ROOMS.map((room) => ({
  name: `${room}-imports-downwards-only`,
  comment: `src/${room} may import ${MAY_USE[room].map((r) => `src/${r}`).join(', ')} and nothing above it.`,
  severity: 'error',
  from: { path: rooms([room]) },
  to: { path: '^src/', pathNot: rooms(MAY_USE[room]) },
}));

module.exports = {
  forbidden: [
    ...downwards,
    {
      name: 'state-sees-only-the-types-of-policy',
      comment: 'State stores claims, it never decides: of src/policy it may import types.ts and nothing else.',
      severity: 'error',
      from: { path: rooms(['state']) },
      to: { path: rooms(['policy']), pathNot: '^src/policy/types\\.js$' },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'policy, catalogue, mcp and wire are pure: of the Node builtins they may use node:buffer, node:crypto (hashes) and node:util only.',
      severity: 'error',
      from: { path: rooms(['policy', 'catalogue', 'mcp', 'wire']) },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|crypto|util)$' },
    },
    {
      name: 'wire-and-mcp-have-no-dependencies',
      comment: 'What reads hostile bytes is ours alone.',
      severity: 'error',
      from: { path: rooms(['wire', 'mcp']) },
      to: { pathNot: ['^src/', '^(node:)?(buffer|crypto|util)$'] },
    },
    {
      name: 'policy-and-catalogue-depend-on-yaml-only',
      comment: 'The policy language needs a YAML parser; any other package in the pure rooms needs a decision record first (0012).',
      severity: 'error',
      from: { path: rooms(['policy', 'catalogue']), pathNot: '^src/policy/(cel/parse|re2)\\.js$' },
      to: { pathNot: ['^src/', '^(node:)?(buffer|crypto|util)$', '^node_modules/yaml/'] },
    },
    {
      name: 'one-file-for-each-package-of-policy',
      comment: 'A package behind one file of ours can be replaced, and its evaluator and its regular expressions stay out of reach.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/policy/(cel/parse|re2)\\.js$' },
      to: { path: '^node_modules/(@marcbachmann/cel-js|re2js)/' },
    },
    {
      name: 'cel-js-is-a-parser-and-re2js-is-behind-re2',
      comment: 'The evaluator of cel-js must never run, and patterns must never meet another engine: one file each may see the library.',
      severity: 'error',
      from: { path: '^src/policy/(cel/parse|re2)\\.js$' },
      to: { pathNot: ['^src/', '^node_modules/@marcbachmann/cel-js/', '^node_modules/re2js/'] },
    },
    {
      name: 'only-upstream-starts-processes-and-http-clients',
      comment: 'Child processes and undici live in src/upstream: nothing else can reach an upstream by itself.',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms(['upstream']) },
      to: { path: ['^(node:)?child_process$', '^node_modules/undici/'] },
    },
    {
      name: 'only-the-gateway-and-scan-use-upstreams',
      comment: 'A call reaches an upstream through gateway/govern.ts. `scan` lists tools and never calls one; types are free for all; for control see the next rule.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(upstream|gateway|control|cli/scan)/' },
      to: { path: rooms(['upstream']), pathNot: '^src/upstream/types\\.js$' },
    },
    {
      name: 'control-uses-guarded-requests-only',
      comment: 'The control room talks to authorization servers, never to MCP servers: what it may use of upstream carries no JSON-RPC message, and the address guard judges every target.',
      severity: 'error',
      from: { path: rooms(['control']) },
      to: { path: rooms(['upstream']), pathNot: '^src/upstream/(types|address-guard|guarded-request|guarded-fetch|oauth/[a-z-]+)\\.js$' },
    },
    {
      name: 'only-the-gateway-and-scan-open-http-links',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(gateway|cli/scan)/' },
      to: { path: '^src/gateway/open-http-link\\.js$' },
    },
    {
      name: 'only-state-opens-databases',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms(['state']) },
      to: { path: ['^(node:)?sqlite$', '^node_modules/libsql/'] },
    },
    {
      name: 'commander-stays-in-the-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms(['cli']) },
      to: { path: '^node_modules/commander/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that import each other at run time cannot be understood apart.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: { path: '^src/' },
      // Node builtins that this Node does not have (node:sqlite on 20) cannot be resolved.
      to: { couldNotResolve: true, pathNot: '^node:' },
    },
    {
      name: 'no-tests-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
