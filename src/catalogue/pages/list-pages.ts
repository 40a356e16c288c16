import { html, type Html } from './html.ts';
import { serverRow } from './index-page.ts';
import type { Links } from './links.ts';
import { pageId, slices, type Page, type Slice } from './page.ts';
import { categoryBadge, listPager, riskBadge, serverTable, toolTable } from './parts.ts';
import { FACET_VALUES, FACETS, type Facet, type FacetValues, type Site, type ToolEntry } from './site.ts';
import { serverTwin, toolTwin } from './twins.ts';
import { counted, numeral, valueLabel, valueText } from './wording.ts';

const FACET_TITLES: Readonly<Record<Facet, string>> = { category: 'Category', risk: 'Risk', signal: 'Signal', finding: 'Finding', confidence: 'Confidence' };

/** All lists: of servers, of tools, and of the tools with each value of each facet. */
export function listPages(site: Site): readonly Page[] {
  return [...serverPages(site), ...allTools(site), ...FACETS.flatMap((facet) => FACET_VALUES[facet].flatMap((value) => facetPages(site, facet, value)))];
}

function serverPages(site: Site): readonly Page[] {
  const pages = slices(site.servers);
  return pages.map((slice) => ({
    id: pageId('servers', slice.number),
    title: `All servers${part(slice)}`,
    description: `${counted(site.servers.length, 'MCP server')}, with how many of their tools are of which class.`,
    crumbs: [{ id: '', text: 'Catalogue' }, { id: 'servers', text: 'Servers' }],
    body: (links) => html`<h1>All servers</h1>
<p class="lede">${counted(site.servers.length, 'server')} with ${counted(site.tools.length, 'tool')}, by name of the package.</p>
${serverTable(slice.rows.map(serverRow), links, 'All servers')}${listPager('servers', 'servers', slice, links)}`,
    json: (links) => ({ kind: 'servers', total: site.servers.length, ...paging('servers', slice, links), servers: slice.rows.map((server) => serverTwin(server, links)) }),
  }));
}

function allTools(site: Site): readonly Page[] {
  const tools = site.severe;
  return slices(tools).map((slice) => ({
    id: pageId('tools', slice.number),
    title: `All tools${part(slice)}`,
    description: `${counted(tools.length, 'tool')} of MCP servers, most severe first.`,
    crumbs: [{ id: '', text: 'Catalogue' }, { id: 'tools', text: 'Tools' }],
    body: (links) => html`<h1>All tools</h1>
<p class="lede">${counted(tools.length, 'tool')}, most severe first.</p>
${toolTable(slice.rows, links, 'All tools', true)}${listPager('tools', 'tools', slice, links)}`,
    json: (links) => ({ kind: 'tools', total: tools.length, ...paging('tools', slice, links), tools: slice.rows.map((entry) => toolTwin(entry, links)) }),
  }));
}

function facetPages<F extends Facet>(site: Site, facet: F, value: FacetValues[F]): readonly Page[] {
  const base = `${facet}/${value}`;
  const tools = site.byFacet.get(base) ?? [];
  const label = valueLabel(facet, value);
  return slices(tools).map((slice) => ({
    id: pageId(base, slice.number),
    title: `${FACET_TITLES[facet]}: ${label}${part(slice)}`,
    description: `${counted(tools.length, 'tool')}. ${valueText(facet, value)}`,
    crumbs: [{ id: '', text: 'Catalogue' }, { id: base, text: `${FACET_TITLES[facet]}: ${label}` }],
    body: (links) => html`${siblings(site, facet, value, links)}
<h1>${facet === 'category' ? categoryBadge(value as FacetValues['category']) : facet === 'risk' ? riskBadge(value as FacetValues['risk']) : label}</h1>
<p class="lede"><strong>${counted(tools.length, 'tool')}.</strong> ${valueText(facet, value)}</p>
${tools.length === 0 ? html`<p class="note">No tool of the scanned servers has it.</p>` : toolTable(slice.rows, links, `${FACET_TITLES[facet]} ${label}`, true)}${listPager(label, base, slice, links)}`,
    json: (links) => ({ kind: 'facet', facet, value, text: valueText(facet, value), total: tools.length, ...paging(base, slice, links), tools: slice.rows.map((entry: ToolEntry) => toolTwin(entry, links)) }),
  }));
}

/** The other values of the same facet, one step away. */
function siblings(site: Site, facet: Facet, current: string, links: Links): Html {
  return html`<nav class="siblings" aria-label="${FACET_TITLES[facet]}"><ul class="chips">${FACET_VALUES[facet].map((value) => {
    const count = html`<span>${numeral(site.byFacet.get(`${facet}/${value}`)?.length ?? 0)}</span>`;
    return html`<li>${value === current ? html`<a href="${links.page(`${facet}/${value}`)}" aria-current="page">${valueLabel(facet, value)} ${count}</a>` : html`<a href="${links.page(`${facet}/${value}`)}">${valueLabel(facet, value)} ${count}</a>`}</li>`;
  })}</ul></nav>`;
}

function part(slice: Slice<unknown>): string {
  return slice.number === 1 ? '' : `, page ${slice.number} of ${slice.pages}`;
}

function paging(base: string, slice: Slice<unknown>, links: Links): object {
  return { page: slice.number, pages: slice.pages, next: slice.number < slice.pages ? links.data(pageId(base, slice.number + 1)) : null };
}
