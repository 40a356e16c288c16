/** Names of the fields that differ. The order of keys says nothing. */
export function differing(before: object, after: object): string[] {
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => canonical(old[name]) !== canonical(now[name])).toSorted();
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner)) ?? '';
}

/** JSON Pointer (RFC 6901) of these steps of the document, within the body of a request. */
export function pointer(...steps: readonly string[]): string {
  return ['document', ...steps].map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
