import type { MetricsConfig, OperationsConfig } from '../../gateway/config-types.ts';
import { describe, type Reader } from './reader.ts';
import { readToken, readTokenHash } from './secrets.ts';
import type { TreeNode } from './tree.ts';

const MINUTE = 60_000;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export const DEFAULT_OPERATIONS: OperationsConfig = { tracing: null, log: { format: 'text', level: 'info' }, drain: { graceMs: 10_000, delayMs: 0 } };

/** Reads `metrics:`. */
export function readMetrics(reader: Reader, node: TreeNode): MetricsConfig | null {
  const hashes: (Buffer | null)[] = [];
  reader.fields(node, '`metrics`', {
    token: (value) => hashes.push(readToken(reader, value, 'make one with: openssl rand -hex 32')),
    token_sha256: (value) => hashes.push(readTokenHash(reader, value)),
  });
  if (hashes.length !== 1 && node.kind === 'map') return reader.error(node.at, hashes.length === 0 ? '`metrics` has no token' : '`metrics` has `token` and `token_sha256`', { expected: 'one of token and token_sha256' });
  const [tokenSha256] = hashes;
  return tokenSha256 === null || tokenSha256 === undefined ? null : { tokenSha256 };
}

/** Reads `tracing:`. What is not given stays as in `base`. */
export function readTracing(reader: Reader, node: TreeNode, base: OperationsConfig): OperationsConfig {
  let endpoint: string | null = null;
  let sample = 1;
  const headers: Record<string, string> = {};
  reader.fields(node, '`tracing`', {
    endpoint: (value) => {
      const text = reader.text(value, '`endpoint`');
      if (text === null) return;
      const url = URL.canParse(text) ? new URL(text) : null;
      const usable = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
      if (usable) endpoint = text.replace(/\/+$/, '');
      else reader.error(value.at, '`endpoint` is not the address of an OTLP/HTTP collector', { found: describe(value), expected: 'for example http://127.0.0.1:4318, without user name and query' });
    },
    headers: (value) => {
      for (const entry of reader.entries(value, '`headers` of the collector') ?? []) {
        const text = reader.text(entry.value, 'a header of the collector', true);
        if (text === null) continue;
        if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(entry.key) && /^[\t\x20-\x7e]*$/.test(text)) headers[entry.key] = text;
        else reader.error(entry.at, 'this is no HTTP header', { expected: 'a name of letters, digits and -, and a value of visible characters' });
      }
    },
    sample: (value) => {
      if (value.kind === 'scalar' && typeof value.value === 'number' && value.value >= 0 && value.value <= 1) sample = value.value;
      else reader.error(value.at, '`sample` is no part of the traces', { found: describe(value), expected: 'a number from 0 to 1' });
    },
  }, ['endpoint']);
  return { ...base, tracing: endpoint === null ? null : { endpoint, headers, sample } };
}

/** Reads `log:`. What is not given stays as in `base`. */
export function readLog(reader: Reader, node: TreeNode, base: OperationsConfig): OperationsConfig {
  let { log } = base;
  reader.fields(node, '`log`', {
    format: (value) => {
      const format = reader.choice(value, '`format`', ['text', 'json']);
      if (format !== null) log = { ...log, format };
    },
    level: (value) => {
      const level = reader.choice(value, '`level`', LEVELS);
      if (level !== null) log = { ...log, level };
    },
  });
  return { ...base, log };
}

/** Reads `drain:`. What is not given stays as in `base`. */
export function readDrain(reader: Reader, node: TreeNode, base: OperationsConfig): OperationsConfig {
  let { drain } = base;
  reader.fields(node, '`drain`', {
    grace: (value) => {
      const graceMs = reader.duration(value, '`grace`', 0, 10 * MINUTE);
      if (graceMs !== null) drain = { ...drain, graceMs };
    },
    delay: (value) => {
      const delayMs = reader.duration(value, '`delay`', 0, 10 * MINUTE);
      if (delayMs !== null) drain = { ...drain, delayMs };
    },
  });
  return { ...base, drain };
}
