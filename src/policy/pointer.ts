/** Builds a JSON Pointer (RFC 6901) from unescaped reference tokens. No tokens: the empty pointer, the whole document. */
export function pointer(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
