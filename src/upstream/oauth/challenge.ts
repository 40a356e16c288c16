/** What a server says in `WWW-Authenticate: Bearer` (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface BearerChallenge {
  readonly resourceMetadata: string | null;
  readonly scopes: readonly string[];
  readonly error: string | null;
}

const NOTHING: BearerChallenge = { resourceMetadata: null, scopes: [], error: null };
const MAX_LENGTH = 8 * 1024;
const MAX_SCOPES = 64;
/** One token of RFC 9110, or `name=value` with a token or a quoted text; sticky, so that time is linear. */
const PART = /\s*(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?)?\s*(,|$|(?=\s|[A-Za-z]))/y;

/** Reads the first Bearer challenge; what cannot be read says nothing. */
export function bearerChallenge(header: string | null): BearerChallenge {
  if (header === null || header.length > MAX_LENGTH) return NOTHING;
  const parameters = new Map<string, string>();
  let scheme: string | null = null;
  PART.lastIndex = 0;
  for (let at = 0; at < header.length; at = PART.lastIndex) {
    const match = PART.exec(header);
    if (match === null || PART.lastIndex === at) break;
    const [, name, quoted, plain] = match;
    if (name === undefined) continue;
    if (quoted === undefined && plain === undefined) {
      if (scheme === 'bearer') break;
      scheme = name.toLowerCase();
    } else if (scheme === 'bearer' && !parameters.has(name.toLowerCase())) {
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    }
  }
  return { resourceMetadata: parameters.get('resource_metadata') ?? null, scopes: scopesOf(parameters.get('scope')), error: parameters.get('error') ?? null };
}

/** The scopes of a text, each once; those that are no scope-token of RFC 6749 are left out. */
export function scopesOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return [...new Set(text.split(' ').filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope)))].slice(0, MAX_SCOPES);
}
