import { createHash } from 'node:crypto';
import type { ServerRecord } from '../server-record.ts';
import { llmsText, searchScript, sitemaps, type TextFile } from './for-machines.ts';
import { indexPage } from './index-page.ts';
import { documentOf, type Assets } from './layout.ts';
import type { Links } from './links.ts';
import { listPages } from './list-pages.ts';
import type { Page } from './page.ts';
import { nearServers, readQuery, Search, searchPage } from './search.ts';
import { policyFile, policyOf, serverPageIds, serverPages } from './server-page.ts';
import { makeSite, serverName, type ServerEntry, type Site, type ToolEntry } from './site.ts';
import { ICON, STYLE } from './style.ts';
import { toolPage } from './tool-page.ts';
import { visible } from './visible.ts';
import { missingPage } from './contact-page.ts';

/** The pages of a catalogue: which there are, and each of them. Pure: the same records give the same bytes. */
export class Catalogue {
  readonly site: Site;
  readonly assets: Assets;
  /** Files that pages load, by name. */
  readonly assetFiles: ReadonlyMap<string, string>;
  readonly #search: Search;
  readonly #fixed = new Map<string, Page>();
  readonly #servers = new Map<string, { readonly server: ServerEntry; readonly part: number }>();
  readonly #tools = new Map<string, ToolEntry>();
  readonly #exact = new Map<string, string>();

  /** @param script the built code of browser/main.ts */
  constructor(records: readonly ServerRecord[], script: string) {
    this.site = makeSite(records);
    this.#search = new Search(this.site);
    this.assets = { style: `assets/style-${short(STYLE)}.css`, script: `assets/script-${short(script)}.js` };
    this.assetFiles = new Map([[this.assets.style, STYLE], [this.assets.script, script], ['assets/icon.svg', ICON]]);
    for (const page of [indexPage(this.site), ...listPages(this.site)]) this.#fixed.set(page.id, page);
    for (const server of this.site.servers) {
      serverPageIds(server).forEach((id, part) => this.#servers.set(id, { server, part }));
      for (const entry of server.tools) {
        this.#tools.set(entry.id, entry);
        const exact = `${server.id}/${entry.tool.name}`;
        if (!this.#exact.has(exact)) this.#exact.set(exact, entry.id);
      }
    }
  }

  /** Ids of all pages, in one order. */
  ids(): readonly string[] {
    return [...this.#fixed.keys(), ...this.#servers.keys(), ...this.#tools.keys()];
  }

  /** The page of an id, or null. */
  page(id: string): Page | null {
    const server = this.#servers.get(id);
    if (server !== undefined) return serverPages(server.server)[server.part] ?? null;
    const tool = this.#tools.get(id);
    return tool === undefined ? (this.#fixed.get(id) ?? null) : toolPage(this.site, tool);
  }

  /** The id of the page that `SERVER/EXACT NAME OF THE TOOL` means, or null. */
  idOfName(path: string): string | null {
    return this.#exact.get(path) ?? null;
  }

  /** The answer to a search, or null when the parameters ask for none. */
  searched(parameters: URLSearchParams): Page | null {
    const query = readQuery(this.site, parameters);
    return query === null ? null : searchPage(this.site, query, this.#search.find(query));
  }

  /** What to show where nothing is. @param path what was asked for */
  missing(path: string): Page {
    const last = path.slice(-200).split('/').filter((part) => part !== '').at(-1)?.replace(/\.(?:json|html)$/, '') ?? '';
    const servers = nearServers(this.site, last).slice(0, 3).map((server) => ({ id: server.id, text: visible(serverName(server), 64), detail: 'server' }));
    const tools = this.#search.near(last, 6).map(({ id, tool, server }) => ({ id, text: visible(tool.name, 64), detail: visible(serverName(server), 48) }));
    return missingPage(path, [...tools, ...servers]);
  }

  /** Starter policies by file name. */
  policy(file: string): string | null {
    const server = file.endsWith('.policy.yaml') ? this.#servers.get(file.slice(0, -'.policy.yaml'.length)) : undefined;
    return server === undefined || server.part !== 0 || server.server.tools.length === 0 ? null : policyOf(server.server);
  }

  policyFiles(): readonly string[] {
    return this.site.servers.filter(({ tools }) => tools.length > 0).map(policyFile);
  }

  /** Files for machines: sitemap.xml where the address is known, and llms.txt. @param links of the catalogue's own page */
  machineFiles(links: Links): readonly TextFile[] {
    return [...sitemaps(this.ids(), links, this.site.scannedOn), { name: 'llms.txt', text: llmsText(this.site, links) }];
  }

  /** The index that exported pages search in. */
  searchScript(): string {
    return searchScript(this.site);
  }

  html(page: Page, links: Links): string {
    return documentOf(page, links, this.assets);
  }
}

/** A page's JSON twin as text. */
export function twinText(page: Page, links: Links): string {
  return `${JSON.stringify(page.json(links))}\n`;
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

