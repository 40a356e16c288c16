/** Addresses of pages as they stand in one page. Ids and segments need no escaping (segments.ts). */
export interface Links {
  /** Served pages search on the server; exported ones by a script. */
  readonly served: boolean;
  /** The page of an id; '' is the catalogue's own. */
  page(id: string): string;
  /** The JSON twin of a page. */
  json(id: string): string;
  /** A file that is no page: `assets/...`, `NAME.policy.yaml`. */
  file(path: string): string;
  /** Where the search form goes. */
  search(): string;
  /** The address that others can use, or null when nobody has said where the catalogue is published. */
  absolute(id: string): string | null;
  /** Where to write about a page, or null when nobody would read it. */
  contact(about: string): string | null;
}

/**
 * Links of the pages that the gateway serves.
 * @param base path of the catalogue, `/catalogue`
 * @param baseUrl the same as others reach it, without a trailing slash, or null
 */
export function servedLinks(base: string, baseUrl: string | null): Links {
  const page = (id: string): string => (id === '' ? base : `${base}/${id}`);
  return {
    served: true,
    page,
    json: (id) => `${page(id)}.json`,
    file: (path) => `${base}/${path}`,
    search: () => base,
    absolute: (id) => (baseUrl === null ? null : id === '' ? baseUrl : `${baseUrl}/${id}`),
    contact: (about) => `${base}/contact?about=${encodeURIComponent(about)}`,
  };
}

/** The file of a page in an export, without its ending. */
export function fileOf(id: string): string {
  return id === '' ? 'index' : id;
}

/**
 * Links of exported pages: relative and with endings, so that they hold below any address, on the plainest web server, and on a disk.
 * @param from id of the page in which the links stand
 * @param baseUrl where the export will be published, without a trailing slash, or null
 * @param contact where readers can write to, or null
 */
export function exportedLinks(from: string, baseUrl: string | null, contact: string | null): Links {
  const up = '../'.repeat(fileOf(from).split('/').length - 1);
  return {
    served: false,
    page: (id) => `${up}${fileOf(id)}.html`,
    json: (id) => `${up}${fileOf(id)}.json`,
    file: (path) => `${up}${path}`,
    search: () => `${up}index.html`,
    absolute: (id) => (baseUrl === null ? null : id === '' ? `${baseUrl}/` : `${baseUrl}/${id}.html`),
    contact: () => contact,
  };
}
