import { CATEGORIES, RISKS } from '../severity.ts';
import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Page } from './page.ts';
import { categoryBadge, riskBadge, serverTable } from './parts.ts';
import { searchPart } from './search-form.ts';
import { countBy, FACET_VALUES, type Facet, type ServerEntry, type Site } from './site.ts';
import { serverTwin } from './twins.ts';
import { CATEGORY_WORDS, counted, day, numeral, RISK_WORDS, upperFirst, valueLabel } from './wording.ts';

/** A server with what lists say of it. */
export interface ServerRow {
  readonly server: ServerEntry;
  readonly counts: ReadonlyMap<string, number>;
  /** Tools of high or critical risk. */
  readonly severe: number;
}

export function serverRow(server: ServerEntry): ServerRow {
  return { server, counts: countBy(server.tools, 'category'), severe: server.tools.filter(({ tool }) => RISKS.indexOf(tool.classification.risk) >= 2).length };
}

const FIRST_SERVERS = 12;

/** The catalogue's own page: search, the classes with their counts, and the servers that need a policy most. */
export function indexPage(site: Site): Page {
  const rows = site.servers.map(serverRow).toSorted((a, b) => b.severe - a.severe || b.server.tools.length - a.server.tools.length || (a.server.id < b.server.id ? -1 : 1));
  const extent = `${counted(site.tools.length, 'tool')} of ${counted(site.servers.length, 'server')}`;
  return {
    id: '',
    title: 'What MCP tools can do',
    description: `${extent}, classed by what they do to the world, with evidence and with rules to copy.`,
    crumbs: [{ id: '', text: 'Catalogue' }],
    body: (links) => html`
<section class="hero">
<h1>What every tool of every MCP server can do</h1>
<p class="lede">${extent}, read from what the servers really list. Each tool is classed by its most severe effect, with the evidence for it and the rule that it deserves.</p>
${searchPart(site, links, null)}
</section>
${site.tools.length === 0 ? html`<p class="note">No server has been scanned yet.</p>` : browse(site, links)}
<section aria-labelledby="servers"><div class="heading"><h2 id="servers">Servers that need a policy most</h2><a href="${links.page('servers')}">All ${counted(site.servers.length, 'server')}</a></div>
${serverTable(rows.slice(0, FIRST_SERVERS), links, 'Servers with most tools of high or critical risk')}</section>
<section aria-labelledby="about"><h2 id="about">How this is made</h2>
<p>Each server was started in a sandbox without network and asked for its tools; none was called. A classifier that runs on every machine, without a model, reads each definition as hostile input: a description that says “safe” lowers nothing. What is shown here are facts and our own words, no descriptions of others.${site.scannedOn === null ? null : ` The newest scan is of ${day(site.scannedOn)}.`}</p>
<p>See your own servers the same way: <code>policylayer scan -- COMMAND</code>. The classes work in policies as <code>@destructive</code> or <code>@high</code>, also for tools that nobody has seen yet.</p></section>`,
    json: (links) => ({
      kind: 'catalogue', url: links.absolute('') ?? links.page(''), servers: site.servers.length, tools: site.tools.length, scannedOn: site.scannedOn,
      facets: Object.fromEntries((['category', 'risk', 'confidence', 'signal', 'finding'] as const).map((facet) => [facet, Object.fromEntries(FACET_VALUES[facet].map((value) => [value, countOf(site, facet, value)]))])),
      lists: { servers: links.data('servers'), tools: links.data('tools') },
      mostSevere: rows.slice(0, FIRST_SERVERS).map(({ server }) => serverTwin(server, links)),
    }),
  };
}

function countOf(site: Site, facet: Facet, value: string): number {
  return site.byFacet.get(`${facet}/${value}`)?.length ?? 0;
}

function browse(site: Site, links: Links): Html {
  const share = (count: number): string => `${((count / site.tools.length) * 100).toFixed(count > 0 && count * 10 < site.tools.length ? 1 : 0)} %`;
  const cell = (facet: Facet, value: string, badge: Html, text: string): Html => {
    const count = countOf(site, facet, value);
    return html`<li><a class="tile" href="${links.page(`${facet}/${value}`)}">${badge}<b>${numeral(count)}</b><small>${share(count)}</small></a><p>${text}</p></li>`;
  };
  const chips = (facet: Facet): Html => html`<ul class="chips">${FACET_VALUES[facet].filter((value) => countOf(site, facet, value) > 0).map((value) => html`<li><a href="${links.page(`${facet}/${value}`)}">${valueLabel(facet, value)} <span>${numeral(countOf(site, facet, value))}</span></a></li>`)}</ul>`;
  return html`<section aria-labelledby="by-category"><h2 id="by-category">By what it does</h2>
<ul class="tiles five">${CATEGORIES.map((category) => cell('category', category, categoryBadge(category), `Can ${CATEGORY_WORDS[category].can}.`))}</ul></section>
<section aria-labelledby="by-risk"><h2 id="by-risk">By risk</h2>
<ul class="tiles four">${RISKS.map((risk) => cell('risk', risk, riskBadge(risk), `${upperFirst(RISK_WORDS[risk])}.`))}</ul></section>
<section class="pair" aria-label="More ways in"><div><h2>By signal</h2><p class="soft">Facts about a tool that rules can use.</p>${chips('signal')}</div><div><h2>By finding</h2><p class="soft">Something is wrong with the definition.</p>${chips('finding')}</div></section>`;
}

