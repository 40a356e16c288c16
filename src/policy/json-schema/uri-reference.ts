/** A URI reference in its five parts (RFC 3986 appendix B); null is a part that is not there, which differs from an empty one. */
interface Parts {
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

const REFERENCE = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function split(text: string): Parts {
  const [, scheme, authority, path = '', query, fragment] = REFERENCE.exec(text) ?? [];
  return { scheme: scheme ?? null, authority: authority ?? null, path, query: query ?? null, fragment: fragment ?? null };
}

/**
 * What a reference means in a document (RFC 3986 section 5.2), apart from its fragment. Own code because `URL` refuses relative
 * bases, and schemas may be named by any URI or by none; nothing is ever fetched.
 */
export function resolveReference(base: string, reference: string): { uri: string; fragment: string } {
  const r = split(reference);
  const b = split(base);
  const fragment = r.fragment ?? '';
  const join = (scheme: string | null, authority: string | null, path: string, query: string | null): { uri: string; fragment: string } => ({
    uri: `${scheme === null ? '' : `${scheme}:`}${authority === null ? '' : `//${authority}`}${path}${query === null ? '' : `?${query}`}`,
    fragment,
  });
  if (r.scheme !== null) return join(r.scheme, r.authority, withoutDots(r.path), r.query);
  if (r.authority !== null) return join(b.scheme, r.authority, withoutDots(r.path), r.query);
  if (r.path === '') return join(b.scheme, b.authority, b.path, r.query ?? b.query);
  if (r.path.startsWith('/')) return join(b.scheme, b.authority, withoutDots(r.path), r.query);
  const folder = b.authority !== null && b.path === '' ? '/' : b.path.slice(0, b.path.lastIndexOf('/') + 1);
  return join(b.scheme, b.authority, withoutDots(folder + r.path), r.query);
}

function withoutDots(path: string): string {
  const out: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') {
      if (out.length > 1 || out[0] !== '') out.pop();
      if (last) out.push('');
    } else if (segment === '.') {
      if (last) out.push('');
    } else out.push(segment);
  }
  return out.join('/');
}
