import type { TargetKind } from './types.ts';
import { DEFAULT_PORT, readAuthority } from './uri-authority.ts';
import { PATH_DELIMITERS, QUERY_DELIMITERS, recodePart } from './uri-characters.ts';

/**
 * How resource URIs are compared (protocol.md A7). Servers disagree on when two URIs are the same resource, and each disagreement
 * is a way around a rule: `file:///etc//passwd`, `file:///etc/passwd#x` and `file:///etc/p%61sswd` all open one file. So a URI has
 * two forms. `exact` is RFC 3986 normalisation and nothing else. `folded` also merges what lenient servers treat alike: repeated
 * slashes, a slash at the end, encoded delimiters, the user name, an empty query, the fragment, and for `file:` the query and the
 * host `localhost`. Rules are asked with both forms and the stricter answer counts, so folding can refuse more and can never let
 * more through.
 * What a gateway cannot see stays unseen: symbolic links, case-insensitive file systems, short names.
 */
export type UriReading =
  | { readonly ok: true; readonly exact: string; readonly folded: string }
  | { readonly ok: false; readonly problem: string };

/** Reads a URI as it arrives. `problem` completes the sentence "the URI ...". */
export function readUri(uri: string): UriReading {
  const problem = rawProblem(uri);
  if (problem !== null) return { ok: false, problem };
  if (!/^[a-z][a-z0-9+.-]*:/i.test(uri)) return { ok: false, problem: NOT_ABSOLUTE };
  return build(uri, false);
}

/**
 * The name under which calls are counted: every spelling of one resource draws from one counter. A URI that cannot be read has no rules
 * that count, and stays as it is.
 */
export function countedName(kind: TargetKind, name: string): string {
  if (kind !== 'resource') return name;
  const uri = readUri(name);
  return uri.ok ? uri.folded : name;
}

/** Reads a selector for URIs, in which `*` is a wildcard and everything else is a URI. Both forms keep the stars. */
export function readUriSelector(selector: string): UriReading {
  const problem = rawProblem(selector);
  if (problem !== null) return { ok: false, problem };
  const start = /^(?:[a-z][a-z0-9+.-]*)?[:*]/i.exec(selector)?.[0];
  if (start === undefined || start === ':') return { ok: false, problem: NOT_ABSOLUTE };
  if (hasDotSegment(split(selector).path)) return { ok: false, problem: 'has a `.` or `..` segment' };
  // What stands before a first `*` is the beginning of a scheme, which has no case.
  return build(start.toLowerCase() + selector.slice(start.length), true);
}

const NOT_ABSOLUTE = 'is not absolute: it does not start with a scheme such as `file:`';

interface Parts {
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/**
 * RFC 3986, appendix B. In a selector, text with a `*` before the first colon is a scheme only when `//` follows; elsewhere the
 * star may reach into the path, where case counts.
 */
function split(uri: string): Parts {
  const match = /^(?:([a-z][a-z0-9+.-]*|[a-z0-9+.*-]+(?=:\/\/)):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(uri);
  return {
    scheme: match?.[1] ?? null,
    authority: match?.[2] ?? null,
    path: match?.[3] ?? '',
    query: match?.[4] ?? '',
    fragment: match?.[5] ?? '',
  };
}

/** What no parser can be trusted with, whatever part of the URI it is in. */
function rawProblem(uri: string): string | null {
  if (uri === '') return 'is empty';
  if (/[\u0000-\u001f\u007f]/.test(uri)) return 'has a control character';
  if (uri.includes('\\')) return 'has a backslash';
  if (/^\s|\s$/u.test(uri)) return 'starts or ends with a space';
  if (/\p{Surrogate}/u.test(uri)) return 'has an unpaired surrogate';
  if (/%(?![0-9a-f]{2})/i.test(uri)) return 'has a `%` that encodes nothing';
  if (/%(?:[01][0-9a-f]|7f)/i.test(uri)) return 'has an encoded control character';
  if (/%2f/i.test(uri)) return 'has an encoded slash (`%2F`)';
  if (/%5c/i.test(uri)) return 'has an encoded backslash (`%5C`)';
  if (/%2e/i.test(uri)) return 'has an encoded dot (`%2E`)';
  if (/%25(?:[0-9a-f]|%3[0-9]|%[46][1-6]){2}/i.test(uri)) return 'is encoded twice';
  try {
    decodeURIComponent(uri);
  } catch {
    return 'has encoded bytes that are not UTF-8';
  }
  return null;
}

function build(uri: string, isSelector: boolean): UriReading {
  const parts = split(uri);
  const scheme = parts.scheme?.toLowerCase() ?? null;
  // A selector that ends in `*` already covers a path with and without its closing slash.
  const open = isSelector && uri.endsWith('*') && parts.query === '' && parts.fragment === '';
  if (scheme !== null && parts.authority === null && needsAuthority(scheme, parts.path, isSelector)) {
    return { ok: false, problem: `has no \`//\` after \`${scheme}:\`` };
  }
  const authority = parts.authority === null ? null : readAuthority(parts.authority, scheme, isSelector);
  if (authority !== null && !authority.ok) return authority;

  if (/(?:^|\/)\.{1,2};/.test(parts.path)) return { ok: false, problem: 'has a `..;` segment' };
  const dotted = hasDotSegment(parts.path);
  if (dotted && !parts.path.startsWith('/')) return { ok: false, problem: 'has a `.` or `..` segment in a path that does not start with `/`' };
  // Some remove `..` first and some merge `//` first, and they end up in different places.
  if (dotted && parts.path.includes('//')) return { ok: false, problem: 'has a `.` or `..` segment beside an empty one' };

  const recode = (text: string, decoded: string): string => recodePart(text, decoded, isSelector);
  const implied = parts.path === '' && scheme !== null && DEFAULT_PORT.has(scheme) && !open ? '/' : parts.path;
  const path = recode(implied, '');
  const exact = join(
    scheme,
    authority === null ? null : authority.user + authority.host,
    dotted ? removeDotSegments(path) : path,
    recode(parts.query, ''),
    recode(parts.fragment, ''),
  );

  const merged = recode(parts.path, PATH_DELIMITERS).replace(/\/{2,}/g, '/');
  const local = scheme === 'file';
  const host = authority === null ? (local ? '' : null) : authority.host;
  const folded = join(
    scheme,
    local && host === 'localhost' ? '' : host,
    open ? merged : closePath(dotted ? removeDotSegments(merged) : merged),
    local || parts.query === '?' ? '' : recode(parts.query, QUERY_DELIMITERS),
    '',
  );
  return { ok: true, exact, folded };
}

/** Browsers and Node read `https:host/x` as `https://host/x`; others do not. `file:/path` is written by Java and is clear. */
function needsAuthority(scheme: string, path: string, isSelector: boolean): boolean {
  if (isSelector && path.startsWith('*')) return false;
  return scheme === 'file' ? !path.startsWith('/') : DEFAULT_PORT.has(scheme);
}

function hasDotSegment(path: string): boolean {
  return /(?:^|\/)\.{1,2}(?:\/|$)/.test(path);
}

/** RFC 3986, 5.2.4, for a path that starts with `/`. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment === '.' || segment === '..') {
      if (last) kept.push('');
    } else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** Gives a path the closing slash that lenient servers ignore. */
function closePath(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function join(scheme: string | null, authority: string | null, path: string, query: string, fragment: string): string {
  return (scheme === null ? '' : `${scheme}:`) + (authority === null ? '' : `//${authority}`) + path + query + fragment;
}
