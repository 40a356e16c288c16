/** Addresses of pages as they stand in one page: relative, so that they hold below any prefix. Ids need no escaping (segments.ts). */
export interface Links {
  /** Served pages search on the server; exported ones by a script. */
  readonly served: boolean;
  /** The page of an id; '' is the catalogue's own. */
  page(id: string): string;
  /** The JSON twin of a page. */
  json(id: string): string;
  /** A file that is no page: `assets/...`, `NAME.policy.yaml`. */
  file(path: string): string;
  /** The address that others can use, or null when nobody has said where the catalogue is published. */
  absolute(id: string): string | null;
  /** The same for a JSON twin; relative when that is not known. */
  data(id: string): string;
  /** The same for a file. */
  located(path: string): string;
  /** Where to write about a page, or null when nobody would read it. */
  contact(about: string): string | null;
}

/**
 * Links of the pages that the gateway serves below `/catalogue`.
 * @param from id of the page in which the links stand; for an address without a page, its path below the catalogue
 * @param baseUrl the catalogue's address as others reach it, without a trailing slash, or null
 */
export function servedLinks(from: string, baseUrl: string | null): Links {
  const depth = from === '' ? 0 : from.split('/').length;
  const below = depth === 0 ? 'catalogue/' : '../'.repeat(depth - 1) || './';
  const own = `${'../'.repeat(depth)}catalogue`;
  const json = (id: string): string => (id === '' ? `${own}.json` : `${below}${id}.json`);
  const file = (path: string): string => `${below}${path}`;
  return {
    served: true,
    page: (id) => (id === '' ? own : `${below}${id}`),
    json,
    file,
    absolute: (id) => (baseUrl === null ? null : id === '' ? baseUrl : `${baseUrl}/${id}`),
    data: (id) => (baseUrl === null ? json(id) : id === '' ? `${baseUrl}.json` : `${baseUrl}/${id}.json`),
    located: (path) => (baseUrl === null ? file(path) : `${baseUrl}/${path}`),
    contact: (about) => `${below}contact?about=${encodeURIComponent(about)}`,
  };
}

/** The file of a page in an export, without its ending. */
export function fileOf(id: string): string {
  return id === '' ? 'index' : id;
}

/**
 * Links of exported pages: with endings, so that they hold on the plainest web server, and on a disk.
 * @param from id of the page in which the links stand
 * @param baseUrl where the export will be published, without a trailing slash, or null
 * @param contact where readers can write to, or null
 */
export function exportedLinks(from: string, baseUrl: string | null, contact: string | null): Links {
  const up = '../'.repeat(fileOf(from).split('/').length - 1);
  const file = (path: string): string => `${up}${path}`;
  const located = (path: string): string => (baseUrl === null ? file(path) : `${baseUrl}/${path}`);
  return {
    served: false,
    page: (id) => file(`${fileOf(id)}.html`),
    json: (id) => file(`${fileOf(id)}.json`),
    file,
    absolute: (id) => (baseUrl === null ? null : id === '' ? `${baseUrl}/` : `${baseUrl}/${id}.html`),
    data: (id) => located(`${fileOf(id)}.json`),
    located,
    contact: () => contact,
  };
}
