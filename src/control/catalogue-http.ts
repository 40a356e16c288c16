import type { IncomingMessage, ServerResponse } from 'node:http';
import { robotsText, servedLinks, twinText, type Catalogue, type Page } from '../catalogue/pages/index.ts';
import type { Head } from '../gateway/http/head.ts';
import type { Messages } from '../state/types.ts';
import { ContactForm } from './contact-form.ts';
import { BASE } from './catalogue-paths.ts';
import { answer, problem, PageCache, redirect, type Body } from './page-reply.ts';

export interface CatalogueHttpOptions {
  readonly catalogue: Catalogue;
  /** Where the contact form's messages go. */
  readonly messages: Messages;
  /** Address of the catalogue as readers reach it, without a trailing slash; null when that is not known. */
  readonly baseUrl: string | null;
  readonly log: (line: string) => void;
}

/**
 * The catalogue on a gateway's listener, which has checked Host and Origin. Pages are made when they are asked for, and kept; GET and HEAD
 * are all there is, but for the contact form.
 */
export class CatalogueEndpoint {
  readonly #options: CatalogueHttpOptions;
  readonly #contact: ContactForm;
  readonly #cache = new PageCache();

  constructor(options: CatalogueHttpOptions) {
    this.#options = options;
    this.#contact = new ContactForm(options, (page, from) => this.#html(page, from));
  }

  handle(head: Head, request: IncomingMessage, response: ServerResponse): void {
    const below = head.path === BASE ? '' : head.path.slice(BASE.length + 1);
    if (below === 'contact') return this.#contact.handle(head, request, response);
    if (head.method !== 'GET' && head.method !== 'HEAD') return problem(response, 405, 'Method not allowed: GET and HEAD are served here', { allow: 'GET, HEAD' });
    if (head.path === '/robots.txt') return answer(head, response, this.#robots());
    if (head.path === `${BASE}.json`) return this.#twin(head, response, '');
    if (below === '' && head.path !== BASE) return redirect(response, '../catalogue', head.query);
    const file = this.#file(below);
    if (file !== null) return answer(head, response, file);
    if (below.endsWith('.json')) return this.#twin(head, response, below.slice(0, -'.json'.length));
    this.#page(head, response, below);
  }

  #page(head: Head, response: ServerResponse, id: string): void {
    if (id === '' && head.query !== '') {
      const found = this.#options.catalogue.searched(new URLSearchParams(head.query));
      if (found !== null) return answer(head, response, { ...this.#html(found, ''), cache: 'no-cache' });
    }
    const body = this.#cache.get(`page ${id}`, () => this.#known(id, (page) => this.#html(page, id)));
    if (body !== null) return answer(head, response, body);
    const elsewhere = this.#elsewhere(id);
    // From the address that was asked for: as many steps up as it has parts.
    if (elsewhere !== null) return redirect(response, `${'../'.repeat(id.split('/').length - 1) || './'}${elsewhere}`, '');
    answer(head, response, { ...this.#html(this.#options.catalogue.missing(decoded(id) ?? id), id), cache: 'no-store' }, 404);
  }

  #known(id: string, make: (page: Page) => Body): Body | null {
    const page = this.#options.catalogue.page(id);
    return page === null ? null : make(page);
  }

  /** The id that was meant: a trailing slash, an ending of an export, or the exact name of a tool. */
  #elsewhere(id: string): string | null {
    const { catalogue } = this.#options;
    const short = id.replace(/\/+$|\.html$/, '');
    if (short !== id && short !== '' && catalogue.page(short) !== null) return short;
    const name = decoded(id);
    return name === null ? null : catalogue.idOfName(name);
  }

  #twin(head: Head, response: ServerResponse, id: string): void {
    const { catalogue } = this.#options;
    const found = id === '' && head.query !== '' ? catalogue.searched(new URLSearchParams(head.query)) : null;
    if (found !== null) return answer(head, response, { ...this.#json(found, ''), cache: 'no-cache' });
    const body = this.#cache.get(`json ${id}`, () => this.#known(id, (page) => this.#json(page, id)));
    if (body !== null) return answer(head, response, body);
    answer(head, response, { type: 'application/json', text: `${JSON.stringify({ error: { code: 'not_found', message: 'there is no such page in the catalogue' } })}\n`, cache: 'no-store' }, 404);
  }

  #file(path: string): Body | null {
    const { catalogue } = this.#options;
    const asset = catalogue.assetFiles.get(path);
    if (asset !== undefined) return { type: assetType(path), text: asset, cache: path.includes('-') ? 'public, max-age=31536000, immutable' : CACHED };
    if (path.endsWith('.policy.yaml')) return this.#cache.get(path, () => textBody('application/yaml; charset=utf-8', catalogue.policy(path)));
    if (path === 'llms.txt' || /^sitemap(?:-\d+)?\.xml$/.test(path)) {
      return this.#cache.get(path, () => textBody(path === 'llms.txt' ? PLAIN : 'application/xml; charset=utf-8', catalogue.machineFiles(servedLinks('', this.#options.baseUrl)).find(({ name }) => name === path)?.text ?? null));
    }
    return null;
  }

  #robots(): Body {
    const { baseUrl } = this.#options;
    return { type: PLAIN, text: robotsText(BASE, baseUrl === null ? null : `${baseUrl}/sitemap.xml`), cache: CACHED };
  }

  #html(page: Page, from: string): Body {
    return { type: 'text/html; charset=utf-8', text: this.#options.catalogue.html(page, servedLinks(from, this.#options.baseUrl)), cache: CACHED };
  }

  #json(page: Page, from: string): Body {
    return { type: 'application/json', text: twinText(page, servedLinks(from, this.#options.baseUrl)), cache: CACHED };
  }
}

const PLAIN = 'text/plain; charset=utf-8';
/** Data changes with a new version only; an ETag makes asking again cheap. */
const CACHED = 'public, max-age=300';

function assetType(path: string): string {
  if (path.endsWith('.css')) return 'text/css; charset=utf-8';
  return path.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'image/svg+xml';
}

function textBody(type: string, text: string | null): Body | null {
  return text === null ? null : { type, text, cache: CACHED };
}

/** A path without its escapes, or null when they are no UTF-8. */
function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
