/** The two ways of the protocol: sessions opened by `initialize`, or stateless requests that carry everything in `_meta`. */
export type Era = 'legacy' | 'modern';

export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];
export const LATEST_LEGACY = '2025-11-25';
export const LATEST_MODERN = '2026-07-28';

/** What a request without `MCP-Protocol-Version` and without a session is taken for (H10, S25 transports). */
export const ASSUMED_LEGACY = '2025-03-26';

const LEGACY = new Set(LEGACY_VERSIONS);
const MODERN = new Set(MODERN_VERSIONS);

/** Era of a version that we implement, or null: what we cannot read we cannot enforce (V1). */
export function eraOf(version: string): Era | null {
  if (LEGACY.has(version)) return 'legacy';
  return MODERN.has(version) ? 'modern' : null;
}

/** True for a version string that is dated at or after the first modern revision, known to us or not. */
export function looksModern(version: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= '2026-07-28';
}
