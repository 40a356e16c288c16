import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Head } from '../gateway/http/head.ts';

/** What is sent, before it is known whether the visitor has it already. */
export interface Body {
  readonly type: string;
  readonly text: string;
  /** Value of Cache-Control. */
  readonly cache: string;
  /** Source of the only style element in it, as the Content-Security-Policy writes it: `'sha256-...'`. */
  readonly style?: string;
}

/** No script and no style but our files, no frame, no form to elsewhere. The data in `ld+json` is no script to a browser. */
const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // Not no-referrer: the contact form would then be posted with `Origin: null`, which is refused.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Smaller bodies gain nothing. */
const WORTH_PACKING = 1_024;

interface Made {
  readonly etag: string;
  readonly plain: Buffer;
  packed: Buffer | null;
}

/** Bytes by the body that they are of; what nobody holds any more is forgotten. */
const made = new WeakMap<Body, Made>();

function bytesOf(body: Body): Made {
  let known = made.get(body);
  if (known === undefined) {
    const plain = Buffer.from(body.text);
    known = { etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`, plain, packed: null };
    made.set(body, known);
  }
  return known;
}

/** Sends a body to a GET or HEAD, or 304 when the visitor has it. */
export function answer(head: Pick<Head, 'get' | 'method'>, response: ServerResponse, body: Body, status: number = 200): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = bytesOf(body);
  const headers: Record<string, string | number> = { ...HEADERS, 'content-type': body.type, 'cache-control': body.cache, vary: 'accept-encoding' };
  if (body.style !== undefined) headers['content-security-policy'] = POLICY.replace("style-src 'self'", `style-src ${body.style}`);
  if (status === 200) headers['etag'] = bytes.etag;
  if (status === 200 && (head.get('if-none-match') ?? '').split(',', 16).some((tag) => tag.trim() === bytes.etag)) {
    delete headers['content-type'];
    response.writeHead(304, headers);
    response.end();
    return;
  }
  let out = bytes.plain;
  if (out.length >= WORTH_PACKING && takesGzip(head.get('accept-encoding'))) {
    out = bytes.packed ??= gzipSync(bytes.plain, { level: 6 });
    headers['content-encoding'] = 'gzip';
  }
  headers['content-length'] = out.length;
  response.writeHead(status, headers);
  response.end(head.method === 'HEAD' ? undefined : out);
}

function takesGzip(accepted: string | null): boolean {
  return (accepted ?? '').split(',', 32).some((coding) => /^\s*gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*)\s*)?$/i.test(coding));
}

/** Sends the visitor to the right address. @param location relative to the one that was asked for */
export function redirect(response: ServerResponse, location: string, query: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(308, { ...HEADERS, location: query === '' ? location : `${location}?${query}`, 'content-length': 0, 'cache-control': 'public, max-age=300' });
  response.end();
}

/** One line of text for what is no page. The connection is closed, since a body may not have been read. */
export function problem(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(`${text}\n`);
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', 'content-length': bytes.length, 'cache-control': 'no-store', connection: 'close', ...headers });
  response.end(bytes);
}

const KEPT_PAGES = 200;

/** The pages that were asked for last. Only what exists is kept, so made-up addresses push nothing out. */
export class PageCache {
  readonly #pages = new Map<string, Body>();

  get(key: string, make: () => Body | null): Body | null {
    const known = this.#pages.get(key);
    if (known !== undefined) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known;
    }
    const body = make();
    if (body === null) return null;
    this.#pages.set(key, body);
    if (this.#pages.size > KEPT_PAGES) for (const oldest of this.#pages.keys()) return this.#pages.delete(oldest) ? body : null;
    return body;
  }
}
