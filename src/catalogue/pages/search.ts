import { searchPart } from './search-form.ts';
import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Page } from './page.ts';
import { slices } from './page.ts';
import { pager, toolTable } from './parts.ts';
import { SearchIndex } from './search-index.ts';
import { FACET_VALUES, FACETS, serverName, valuesOf, type Facet, type ServerEntry, type Site, type ToolEntry } from './site.ts';
import { toolTwin } from './twins.ts';
import { visible } from './visible.ts';
import { counted } from './wording.ts';

/** What somebody looks for. */
export interface Query {
  readonly text: string;
  readonly facets: Readonly<Partial<Record<Facet, string>>>;
  /** Id of a server. */
  readonly server: string | null;
  /** From 1. */
  readonly page: number;
}

export interface Results {
  readonly tools: readonly ToolEntry[];
  readonly complete: boolean;
}

const MAX_QUERY = 120;

/** Reads the query of an address. @returns null when it asks for nothing. Values that no facet has are left out */
export function readQuery(site: Site, parameters: URLSearchParams): Query | null {
  const text = (parameters.get('q') ?? '').slice(0, MAX_QUERY).trim();
  const facets: Partial<Record<Facet, string>> = {};
  for (const facet of FACETS) {
    const value = FACET_VALUES[facet].find((one) => one === parameters.get(facet));
    if (value !== undefined) facets[facet] = value;
  }
  const wanted = parameters.get('server');
  const server = site.servers.find(({ id }) => id === wanted)?.id ?? null;
  if (text === '' && server === null && Object.keys(facets).length === 0 && !parameters.has('q')) return null;
  const page = /^[1-9]\d{0,4}$/.test(parameters.get('page') ?? '') ? Number(parameters.get('page')) : 1;
  return { text, facets, server, page };
}

/** Searches the tools of a site; the index is made at the first search. */
export class Search {
  readonly #site: Site;
  #index: SearchIndex | null = null;

  constructor(site: Site) {
    this.#site = site;
  }

  find(query: Query): Results {
    const found = query.text === '' ? { rows: this.#site.severe, complete: true } : this.#matches(query.text);
    return { tools: found.rows.filter((entry) => fits(entry, query)), complete: found.complete };
  }

  /** The tools whose names are nearest to a text. */
  near(text: string, count: number): readonly ToolEntry[] {
    return this.#matches(text).rows.slice(0, count);
  }

  #matches(text: string): { rows: readonly ToolEntry[]; complete: boolean } {
    const { tools } = this.#site;
    this.#index ??= new SearchIndex(tools.map(({ tool, server }) => ({ name: tool.name, server: searchedServer(server) })));
    const { rows, complete } = this.#index.search(text);
    return { rows: rows.map((row) => tools[row]).filter((entry) => entry !== undefined), complete };
  }
}

/** The names under which a server can be looked for. */
export function searchedServer({ record }: ServerEntry): string {
  return `${record.slug} ${record.server.name ?? ''}`;
}

function fits({ tool, server }: ToolEntry, query: Query): boolean {
  if (query.server !== null && server.id !== query.server) return false;
  return FACETS.every((facet) => query.facets[facet] === undefined || valuesOf(tool.classification, facet).includes(query.facets[facet]));
}

/** The address of a query, without its page. */
export function queryString(query: Query, page: number): string {
  const parameters = new URLSearchParams();
  if (query.text !== '') parameters.set('q', query.text);
  if (query.server !== null) parameters.set('server', query.server);
  for (const facet of FACETS) if (query.facets[facet] !== undefined) parameters.set(facet, query.facets[facet]);
  if (page > 1) parameters.set('page', String(page));
  return `?${parameters.toString()}`;
}

/** The page of a search, as the server answers it. */
export function searchPage(site: Site, query: Query, results: Results): Page {
  const pages = slices(results.tools);
  const slice = pages[Math.min(query.page, pages.length) - 1] ?? pages[0];
  const said = visible(query.text, 80);
  const title = query.text === '' ? 'Tools by class' : `Search: ${said}`;
  return {
    id: '',
    title,
    description: `${counted(results.tools.length, 'tool')} found in the catalogue.`,
    crumbs: [{ id: '', text: 'Catalogue' }],
    indexed: false,
    body: (links) => html`
<h1 class="quiet">Search the catalogue</h1>
${searchPart(site, links, query)}
${outcome(results, query)}
${slice === undefined || slice.rows.length === 0 ? nothing(site, query, links) : html`${toolTable(slice.rows, links, 'Tools that were found', true)}${pager('the results', slice, (number) => `${links.page('')}${queryString(query, number)}`)}`}`,
    json: (links) => ({
      kind: 'search', query: query.text, server: query.server, ...query.facets, total: results.tools.length, complete: results.complete, page: slice?.number ?? 1, pages: pages.length,
      tools: (slice?.rows ?? []).map((entry) => toolTwin(entry, links)),
    }),
  };
}

function outcome(results: Results, query: Query): Html {
  const count = html`<strong>${counted(results.tools.length, 'tool')}</strong>`;
  if (results.tools.length === 0) return html`<p class="outcome" role="status">Nothing was found.</p>`;
  if (!results.complete) return html`<p class="outcome" role="status">No tool has all of these words. ${count} with some of them:</p>`;
  return html`<p class="outcome" role="status">${count}${query.text === '' ? ', most severe first' : ', best match first'}</p>`;
}

function nothing(site: Site, query: Query, links: Links): Html {
  const servers = query.text === '' ? [] : nearServers(site, query.text);
  return html`<div class="empty">
<p>Try fewer words, or a word for what the tool does: <a href="${links.page('')}?q=delete">delete</a>, <a href="${links.page('')}?q=send">send</a>, <a href="${links.page('')}?q=query">query</a>. One or two typing mistakes in a word do no harm.</p>
${Object.keys(query.facets).length === 0 && query.server === null ? null : html`<p><a href="${links.page('')}${queryString({ ...query, facets: {}, server: null }, 1)}">Search without the filters</a></p>`}
${servers.length === 0 ? null : html`<p>Servers with a similar name: ${servers.map((server, index) => html`${index === 0 ? null : ', '}<a href="${links.page(server.id)}">${visible(serverName(server), 64)}</a>`)}</p>`}
<p><a href="${links.page('servers')}">All servers</a> · <a href="${links.page('tools')}">All tools</a></p>
</div>`;
}

/** Servers whose names are nearest to a text. */
export function nearServers(site: Site, text: string): readonly ServerEntry[] {
  const index = new SearchIndex(site.servers.map((server) => ({ name: searchedServer(server), server: server.record.package.name })));
  return index.search(text).rows.slice(0, 5).map((row) => site.servers[row]).filter((server) => server !== undefined);
}
