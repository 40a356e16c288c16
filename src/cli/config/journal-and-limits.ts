import type { JournalConfig, LimitsConfig } from '../../gateway/config-types.ts';
import type { Reader } from './reader.ts';
import type { TreeNode } from './tree.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const KIB = 1024;
const GIB = 1024 * 1024 * 1024;

/** Reads `journal:`. What is not given stays as in `base`. */
export function readJournal(reader: Reader, node: TreeNode, base: JournalConfig): JournalConfig {
  let result = base;
  reader.fields(node, '`journal`', {
    arguments: (value) => {
      const chosen = reader.choice(value, '`arguments`', ['keys', 'values']);
      if (chosen !== null) result = { ...result, arguments: chosen };
    },
    retain_days: (value) => {
      const keepsAll = value.kind === 'scalar' && value.value === 'forever';
      const days = keepsAll ? null : reader.integer(value, '`retain_days`', 1, 36_500);
      if (keepsAll || days !== null) result = { ...result, retainDays: days };
    },
  });
  return result;
}

/** Reads `limits:`. What is not given stays as in `base`. */
export function readLimits(reader: Reader, node: TreeNode, base: LimitsConfig): LimitsConfig {
  let result = base;
  const whole = (key: string, min: number, max: number, apply: (value: number) => LimitsConfig) => (value: TreeNode) => {
    const number = reader.integer(value, `\`${key}\``, min, max);
    if (number !== null) result = apply(number);
  };
  const time = (key: string, min: number, max: number, apply: (ms: number) => LimitsConfig) => (value: TreeNode) => {
    const ms = reader.duration(value, `\`${key}\``, min, max);
    if (ms !== null) result = apply(ms);
  };
  // 256 MiB is half of what one JS string can hold: a message must still be decodable whole.
  reader.fields(node, '`limits`', {
    max_body_bytes: whole('max_body_bytes', KIB, GIB / 4, (maxBytes) => ({ ...result, client: { ...result.client, maxBytes } })),
    max_result_bytes: whole('max_result_bytes', KIB, GIB / 4, (maxBytes) => ({ ...result, upstream: { ...result.upstream, maxBytes } })),
    max_depth: whole('max_depth', 8, 512, (maxDepth) => ({ ...result, client: { ...result.client, maxDepth } })),
    max_keys: whole('max_keys', 100, 1_000_000, (maxKeys) => ({ ...result, client: { ...result.client, maxKeys } })),
    max_sessions_per_grant: whole('max_sessions_per_grant', 1, 100_000, (maxSessionsPerGrant) => ({ ...result, maxSessionsPerGrant })),
    session_idle: time('session_idle', MINUTE / 60, 30 * DAY, (sessionIdleMs) => ({ ...result, sessionIdleMs })),
    body_timeout: time('body_timeout', 1_000, 10 * MINUTE, (bodyTimeoutMs) => ({ ...result, bodyTimeoutMs })),
  });
  return result;
}
