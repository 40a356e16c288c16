/** How this project's own contenders are configured: the files that `serve` and `run` are started with. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The build under test; POLICYLAYER_DIST names another one, e.g. that of an earlier release. */
export const DIST = resolve(process.env['POLICYLAYER_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url)));
export const BIN = join(DIST, 'bin.mjs');
export const STDIO_ECHO = fileURLToPath(new URL('../servers/stdio-echo.mjs', import.meta.url));

/** A grant token in the form that the gateway mints. It guards a gateway on loopback that lives for minutes. */
export const TOKEN = `plg_${'bench'.padEnd(43, '0')}`;

/** What the measured calls are judged by: a rule with a limit, high enough that no run reaches it; the journal is always on. */
export const LIMITED_POLICY = `version: "1"
default: deny
tools:
  echo:
    action: allow
    rate_limit: { max: 1000000, window: 60 }
  blob: allow
  wait: allow
  "filler_*": allow
`;

/** Lets everything pass: what is left is the cost of the gateway without rules. */
export const OPEN_POLICY = 'version: "1"\ndefault: allow\n';

/** Hides a part of a long list, so that the list has to be edited. */
export const HIDING_POLICY = `version: "1"
default: allow
tools:
  "filler_000*": hide
`;

/**
 * A policy with that many rules besides the one for `echo`, which stands in the middle.
 * @param {number} rules
 * @param {'exact' | 'mixed'} kind `mixed`: every second selector is a glob, half of them with a star in the middle
 */
export function policyOf(rules, kind) {
  const lines = ['version: "1"', 'default: deny', 'tools:'];
  for (let i = 0; i < rules; i += 1) {
    if (i === Math.floor(rules / 2)) lines.push('  echo: { action: allow, rate_limit: { max: 1000000, window: 60 } }');
    const effect = i % 3 === 0 ? 'deny' : 'allow';
    if (kind === 'exact' || i % 2 === 0) lines.push(`  service_${i}_tool: ${effect}`);
    else if (i % 4 === 1) lines.push(`  "service_${i}_*": ${effect}`);
    else lines.push(`  "ns${i}_*_write": ${effect}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Fails with what to do when the gateway has not been built. */
export function requireBuild() {
  if (!existsSync(BIN)) throw new Error('not built: npm run build');
}

/**
 * Writes gateway.yaml and its policies.
 * @param {string} dir a directory of this contender's own
 * @param {{ port: number, servers: Record<string, object>, policies: Record<string, string>, grants: { server: string, policy: string, token?: string }[], extra?: object }} config
 *   servers and extra are written as JSON, which is YAML
 * @returns {string} path of the configuration
 */
export function writeGatewayConfig(dir, { port, servers, policies, grants, extra = {} }) {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(policies)) writeFileSync(join(dir, `${name}.policy.yaml`), text);
  const config = {
    listen: `127.0.0.1:${port}`,
    data: join(dir, 'data'),
    servers,
    policies: Object.fromEntries(Object.keys(policies).map((name) => [name, `./${name}.policy.yaml`])),
    grants: grants.map(({ server, policy, token = TOKEN }, i) => ({ label: `bench-${i}`, server, policies: [policy], token })),
    // The bench opens more sessions under one grant than an operator would allow.
    limits: { max_sessions_per_grant: 10_000 },
    ...extra,
  };
  const path = join(dir, 'gateway.yaml');
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

/**
 * Environment that keeps everything `run` writes inside the scratch directory.
 * @param {string} dir
 */
export function privateHome(dir) {
  mkdirSync(dir, { recursive: true });
  return { HOME: dir, XDG_STATE_HOME: join(dir, 'state'), XDG_DATA_HOME: join(dir, 'data'), XDG_CACHE_HOME: join(dir, 'cache'), XDG_CONFIG_HOME: join(dir, 'config') };
}
