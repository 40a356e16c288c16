const UNRESERVED = /[A-Za-z0-9._~-]/;
const ALLOWED_RAW = /[A-Za-z0-9._~:/?#[\]@!$&'()+,;=-]/;
/** Delimiters that mean nothing inside a path once decoded; `/`, `?`, `#` and `%` are never decoded. */
export const PATH_DELIMITERS = "!$&'()+,;=:@[]";
/** The same for a query, where `&`, `=`, `+` and `;` divide parameters. */
export const QUERY_DELIMITERS = "!$'(),:@/?[]";

/**
 * Decodes unreserved characters and those in `decoded`, writes other encodings in upper case, and encodes what a URI may not hold
 * raw. A literal `*` always becomes `%2A`, so that it is never taken for a wildcard; in a selector a raw `*` is the wildcard.
 */
export function recodePart(text: string, decoded: string, isSelector: boolean): string {
  return text.replace(/%[0-9a-f]{2}|[^%]/giu, (token) => {
    if (token.length === 3 && token.startsWith('%')) {
      const character = String.fromCharCode(Number.parseInt(token.slice(1), 16));
      return UNRESERVED.test(character) || decoded.includes(character) ? character : token.toUpperCase();
    }
    if (token === '*') return isSelector ? '*' : '%2A';
    return ALLOWED_RAW.test(token) ? token : encodeURIComponent(token);
  });
}
