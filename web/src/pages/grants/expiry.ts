/** How long something may live, to choose from. `never` and `date` are no spans. */
export const SPANS: readonly { readonly value: string; readonly label: string; readonly days: number | null }[] = [
  { value: '1', label: '1 day', days: 1 },
  { value: '7', label: '7 days', days: 7 },
  { value: '30', label: '30 days', days: 30 },
  { value: '90', label: '90 days', days: 90 },
  { value: '365', label: '1 year', days: 365 },
  { value: 'never', label: 'Never', days: null },
];

/** @returns ISO 8601, UTC; null: never */
export function expiryOf(value: string, now: number): string | null {
  const days = SPANS.find((span) => span.value === value)?.days ?? null;
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** A client configuration with the token in place of the mark that the gateway leaves for it. JSON and TOML need no escaping: a token is letters, digits, `-` and `_`. */
export function withToken(text: string, token: string | null): string {
  return token === null ? text : text.replaceAll('<TOKEN>', token);
}

/** Claims as they are typed, `name=value` in each line. @returns what is wrong as text */
export function claimsOf(text: string): Readonly<Record<string, string>> | string {
  const claims: [string, string][] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (at < 1 || name === '' || value === '') return `“${line.trim()}” is no claim. Write name=value, one in each line.`;
    if (claims.some(([known]) => known === name)) return `${name} is there twice.`;
    claims.push([name, value]);
  }
  return claims.length === 0 ? 'Name at least one claim: without, every caller of the issuer would get in.' : Object.fromEntries(claims);
}
