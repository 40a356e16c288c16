const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** How many rows a page has: what was asked for, within the bounds of the interface. */
export function bounded(limit: number | undefined): number {
  return Math.max(0, Math.min(MAX_LIMIT, Math.trunc(limit ?? DEFAULT_LIMIT) || 0));
}
