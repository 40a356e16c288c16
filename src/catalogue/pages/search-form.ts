import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Query } from './search.ts';
import { FACET_VALUES, FACETS, serverName, type Facet, type Site } from './site.ts';
import { visible } from './visible.ts';
import { counted, valueLabel } from './wording.ts';

const ANY: Readonly<Record<Facet, string>> = { category: 'Any category', risk: 'Any risk', signal: 'Any signal', finding: 'Any finding', confidence: 'Any confidence' };
const LABELS: Readonly<Record<Facet, string>> = { category: 'Category', risk: 'Risk', signal: 'Signal', finding: 'Finding', confidence: 'Confidence' };

/** The search form: a plain GET, so it works without scripts wherever the catalogue is served. @param query what was asked, or null */
export function searchPart(site: Site, links: Links, query: Query | null): Html {
  return html`<form class="search" role="search" method="get" action="${links.page('')}"${links.served ? null : html` data-index="${links.file('assets/search-index.js')}"`}>
<div class="field"><label class="hidden" for="q">Search tools and servers</label><input id="q" name="q" type="search" value="${query?.text ?? ''}" placeholder="Search ${counted(site.tools.length, 'tool')}" maxlength="120" autocomplete="off" autocapitalize="off" spellcheck="false"><button>Search</button></div>
<div class="filters">${FACETS.map((facet) => select(facet, LABELS[facet], ANY[facet], FACET_VALUES[facet].map((value) => ({ value, label: valueLabel(facet, value) })), query?.facets[facet] ?? null))}${select('server', 'Server', 'Any server', site.servers.map((server) => ({ value: server.id, label: visible(serverName(server), 40) })), query?.server ?? null)}</div>
</form>${links.served ? null : html`<noscript><p class="note">Search in this copy needs JavaScript. Everything can be found without it, by category, risk, signal and server below.</p></noscript><div id="results" aria-live="polite"></div>`}`;
}

function select(name: string, label: string, any: string, options: readonly { readonly value: string; readonly label: string }[], chosen: string | null): Html {
  return html`<label><span class="hidden">${label}</span><select name="${name}"><option value="">${any}</option>${options.map((option) => html`<option value="${option.value}"${option.value === chosen ? html` selected` : null}>${option.label}</option>`)}</select></label>`;
}
