/** Where the catalogue is served. */
export const BASE = '/catalogue';

/** True for the paths that are the catalogue's. @param path as it came, without query */
export function isCataloguePath(path: string): boolean {
  return path === BASE || path.startsWith(`${BASE}/`) || path === `${BASE}.json` || path === '/robots.txt';
}
