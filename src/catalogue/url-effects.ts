import type { Definition, Parameter } from './definition.ts';
import { wordSet } from './lexicon/lookup.ts';
import * as names from './lexicon/parameters.ts';
import type { NameReading } from './read-name.ts';
import type { Trail } from './trail.ts';
import { splitWords } from './words.ts';

const URLS = wordSet(names.URLS);
const URL_CALLERS = wordSet(names.URL_CALLERS);
const BARE_CALLS = wordSet('fetch http https get head curl url request json html txt text markdown raw');
const METHODS = wordSet('get head post put patch delete');
const THINGS_OF_THE_WEB = wordSet('web website webpage url');
const PAGES = wordSet('page tab window');
const OPENING = wordSet('new create open add');
const BROWSERS = wordSet('browser playwright puppeteer selenium chrome chromium firefox webdriver devtools cdp stagehand browserbase');
/** Verbs that keep what they are given. */
export const RECORDERS = wordSet('create add update put patch edit set save insert upsert register list get search find');

/** What a URL that the caller gives makes of the tool: an address that is kept, data found by it, or anything on the net. */
export function judgeUrl(parameter: Parameter, name: NameReading, trail: Trail): void {
  if (!URLS.has(parameter.key) || parameter.values.length > 0 || parameter.type === 'boolean') return;
  // `web_data_posts(url)`: data of a kind, found by their address.
  const isData = name.words.includes('data') && (name.effect === null || name.effect === 'read');
  const calls = name.words.some((w) => URL_CALLERS.has(w) && !(isData && THINGS_OF_THE_WEB.has(w))) || (name.words.length <= 2 && METHODS.has(name.words.at(-1) ?? ''));
  if (!calls || isDeep(parameter)) return;
  trail.signal('arbitrary_url', 'parameter', parameter.pointer, parameter.name);
  // `create_webhook(url)` keeps the address; whoever calls it later is not this tool.
  const keeps = RECORDERS.has(name.verb ?? '') && !METHODS.has(name.verb ?? '') && !name.words.includes('call');
  if (!keeps && (name.effect === null || name.weak || name.effect !== 'read' || callsAnything(name))) trail.effect('execute', 'parameter', parameter.pointer, parameter.name);
}

/** `new_page(url)` of a browser goes there. */
export function judgeNewPage(definition: Definition, name: NameReading, server: string, trail: Trail): void {
  const url = definition.parameters.find((p) => URLS.has(p.key) && p.values.length === 0 && p.type !== 'boolean');
  if (url === undefined || isDeep(url) || !name.words.some((w) => PAGES.has(w)) || !name.words.some((w) => OPENING.has(w))) return;
  if (![...name.words, ...splitWords(server)].some((w) => BROWSERS.has(w))) return;
  trail.signal('arbitrary_url', 'parameter', url.pointer, url.name);
  trail.effect('execute', 'parameter', url.pointer, url.name);
}

/** `fetch(url)`, `http_get(url)`: nothing but the address says what is reached. */
function callsAnything(name: NameReading): boolean {
  return name.words.every((w) => BARE_CALLS.has(w));
}

/** Deeper than a wrapper such as `params`: a member of some record, not an argument. */
export function isDeep(parameter: Parameter): boolean {
  return parameter.pointer.split('/properties/').length > 3;
}
