import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Head } from '../../gateway/http/head.ts';
import { isSpaPage } from './spa-pages.ts';

const pack = promisify(gzip);

/** What stands for the nonce in index.html, wherever one is needed. */
const NONCE_MARK = '__CSP_NONCE__';
const WORTH_PACKING = 1_024;

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.ico': 'image/x-icon', '.webp': 'image/webp', '.woff2': 'font/woff2', '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
};

interface Kept {
  readonly etag: string;
  readonly plain: Buffer;
  readonly packed: Buffer | null;
}

/**
 * The dashboard's files on a listener that has checked Host and Origin. Names come from a list: a path that is not in it is never joined to a folder. The list
 * is made at the start, and again when index.html has changed: a build that is replaced under a running gateway is taken over with the next page.
 */
export class WebFiles {
  readonly #directory: string;
  #names: ReadonlySet<string>;
  #page: Buffer | null = null;
  readonly #kept = new Map<string, Promise<Kept>>();

  /** @param directory of index.html and assets/; may be missing, then there is no dashboard */
  constructor(directory: string) {
    this.#directory = directory;
    this.#names = namesBelow(directory);
  }

  get present(): boolean {
    return this.#names.has('/index.html');
  }

  owns(path: string): boolean {
    return this.present && (this.#names.has(path) || path.startsWith('/assets/') || isSpaPage(path));
  }

  async handle(head: Pick<Head, 'get' | 'method' | 'path'>, response: ServerResponse): Promise<void> {
    if (head.method !== 'GET' && head.method !== 'HEAD') return plain(response, 405, 'Method not allowed: GET and HEAD are served here', { allow: 'GET, HEAD' });
    const { path } = head;
    if (path !== '/index.html' && this.#names.has(path)) return this.#file(path, head, response);
    if (path.startsWith('/assets/')) return plain(response, 404, 'Not found', {});
    const page = await this.#newestPage();
    if (page === null) return plain(response, 503, 'The files of the dashboard are being replaced: reload this page', { 'retry-after': '2' });
    const nonce = randomBytes(16).toString('base64url');
    const html = Buffer.from(page.toString('utf8').replaceAll(NONCE_MARK, nonce));
    await send(head, response, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'content-security-policy': policy(nonce), ...PAGE_HEADERS }, html, takesGzip(head) ? await pack(html) : null);
  }

  /** Read anew for every page, else one that names assets of a build before would be sent until a restart. Null while there is none. */
  async #newestPage(): Promise<Buffer | null> {
    const page = await unlessMissing(readFile(join(this.#directory, 'index.html')));
    if (page === null) return null;
    if (this.#page?.equals(page) !== true) {
      this.#names = namesBelow(this.#directory);
      // Names without a hash may hold something else now.
      for (const path of this.#kept.keys()) if (!path.startsWith('/assets/')) this.#kept.delete(path);
    }
    this.#page = page;
    return page;
  }

  async #file(path: string, head: Pick<Head, 'get' | 'method'>, response: ServerResponse): Promise<void> {
    const file = await unlessMissing(this.#read(path));
    if (file === null) return plain(response, 404, 'Not found', {});
    const headers: Record<string, string> = {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream', etag: file.etag, vary: 'accept-encoding', 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin',
      // The name of an asset holds a hash of what is in it.
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    if ((head.get('if-none-match') ?? '').split(',', 16).some((tag) => tag.trim() === file.etag)) {
      delete headers['content-type'];
      response.writeHead(304, headers);
      response.end();
      return;
    }
    await send(head, response, headers, file.plain, takesGzip(head) ? file.packed : null);
  }

  #read(path: string): Promise<Kept> {
    let kept = this.#kept.get(path);
    if (kept === undefined) {
      kept = this.#load(path);
      this.#kept.set(path, kept);
      kept.catch(() => this.#kept.delete(path));
    }
    return kept;
  }

  async #load(path: string): Promise<Kept> {
    const bytes = await readFile(join(this.#directory, path));
    const text = /javascript|css|html|svg|json|manifest|plain/.test(TYPES[extname(path)] ?? '');
    return { etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`, plain: bytes, packed: text && bytes.length >= WORTH_PACKING ? await pack(bytes, { level: 8 }) : null };
  }
}

/** @returns null for a file that is gone; other failures are thrown */
async function unlessMissing<Read>(read: Promise<Read>): Promise<Read | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw error;
  }
}

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()', vary: 'accept-encoding',
};

/** Scripts are files of ours. Style elements that a library makes carry the nonce of this one page. */
function policy(nonce: string): string {
  return `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

async function send(head: Pick<Head, 'method'>, response: ServerResponse, headers: Record<string, string>, bytes: Buffer, packed: Buffer | null): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const out = packed ?? bytes;
  response.writeHead(200, { ...headers, ...(packed === null ? {} : { 'content-encoding': 'gzip' }), 'content-length': out.length });
  response.end(head.method === 'HEAD' ? undefined : out);
}

function plain(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(`${text}\n`);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': bytes.length, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', connection: 'close', ...headers });
  response.end(bytes);
}

function takesGzip(head: Pick<Head, 'get'>): boolean {
  return (head.get('accept-encoding') ?? '').split(',', 32).some((coding) => /^\s*gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*)\s*)?$/i.test(coding));
}

function namesBelow(directory: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
      .map((entry) => `/${relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/')}`));
  } catch {
    return new Set();
  }
}
