import { CATEGORIES, RISKS } from '../severity.ts';
import type { Category, Risk } from '../types.ts';
import { parameterCount } from './explain.ts';
import { html, Html } from './html.ts';
import type { Links } from './links.ts';
import { pageId, type Slice } from './page.ts';
import { serverName, type ServerEntry, type ToolEntry } from './site.ts';
import { shown, visible } from './visible.ts';
import { counted, numeral } from './wording.ts';

/** A category by colour and by word. */
export function categoryBadge(category: Category): Html {
  return html`<span class="cat c-${category}">${category}</span>`;
}

/** A risk class by colour, by the length of a scale, and by word. */
export function riskBadge(risk: Risk): Html {
  const level = RISKS.indexOf(risk);
  return html`<span class="risk r-${risk}">${scale(level)}${risk}</span>`;
}

function scale(level: number): Html {
  const bars = RISKS.map((_, index) => html`<rect x="${index * 5}" y="${9 - index * 3}" width="3" height="${3 + index * 3}" rx="1"${index > level ? html` class="off"` : null}/>`);
  return html`<svg class="scale" viewBox="0 0 18 12" width="18" height="12" aria-hidden="true">${bars}</svg>`;
}

/** Shares of the categories as one bar; the numbers stand beside it as text. */
export function categoryBar(counts: ReadonlyMap<string, number>): Html {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"></svg>`;
  let x = 0;
  const parts = CATEGORIES.filter((category) => (counts.get(category) ?? 0) > 0).map((category) => {
    const width = Math.round(((counts.get(category) ?? 0) / total) * 10_000) / 100;
    const part = html`<rect class="f-${category}" x="${x}" width="${width}" height="1"/>`;
    x = Math.round((x + width) * 100) / 100;
    return part;
  });
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** Text to copy. The button is made by the script, so there is none that does nothing. */
export function codeBlock(text: string, label: string): Html {
  return html`<div class="code"><pre tabindex="0" role="group" aria-label="${label}"><code>${text}</code></pre></div>`;
}

const NAME_IN_TABLE = 72;

/** Tools as a table. @param withServer whether the rows are of several servers */
export function toolTable(rows: readonly ToolEntry[], links: Links, caption: string, withServer: boolean): Html {
  return html`<table class="tools">
<caption class="hidden">${caption}</caption>
<thead><tr><th scope="col">Tool</th><th scope="col">Category</th><th scope="col">Risk</th><th scope="col" class="wide">Confidence</th></tr></thead>
<tbody>
${rows.map((entry) => toolRow(entry, links, withServer))}</tbody>
</table>`;
}

function toolRow(entry: ToolEntry, links: Links, withServer: boolean): Html {
  const { tool, server } = entry;
  const { category, risk, confidence, findings } = tool.classification;
  const serverPart = withServer ? html`${shown(serverName(server), 48)} · ` : null;
  const wrong = findings.length === 0 ? null : html` · <span class="flag">${counted(findings.length, 'finding')}</span>`;
  return html`<tr><th scope="row"><a class="name" href="${links.page(entry.id)}">${shown(tool.name, NAME_IN_TABLE)}</a><small>${serverPart}${parameterCount(tool)}${wrong}</small></th><td>${categoryBadge(category)}</td><td>${riskBadge(risk)}</td><td class="wide">${confidence}</td></tr>
`;
}

/** Servers as a table. */
export function serverTable(rows: readonly { readonly server: ServerEntry; readonly counts: ReadonlyMap<string, number>; readonly severe: number }[], links: Links, caption: string): Html {
  return html`<table class="servers">
<caption class="hidden">${caption}</caption>
<thead><tr><th scope="col">Server</th><th scope="col" class="num">Tools</th><th scope="col" class="num">High or critical</th><th scope="col" class="wide">Categories</th></tr></thead>
<tbody>
${rows.map(({ server, counts, severe }) => html`<tr><th scope="row"><a href="${links.page(server.id)}">${shown(serverName(server), 64)}</a><small>${visible(server.record.package.name, 96)} ${visible(server.record.package.version, 32)}</small></th><td class="num">${numeral(server.tools.length)}</td><td class="num">${numeral(severe)}</td><td class="wide">${categoryBar(counts)}</td></tr>
`)}</tbody>
</table>`;
}

/** Links to the pages of a long list; nothing for a short one. */
export function pager(base: string, slice: Slice<unknown>, href: (number: number) => string): Html | null {
  if (slice.pages === 1) return null;
  const { number, pages } = slice;
  const wanted = [...new Set([1, number - 1, number, number + 1, pages])].filter((one) => one >= 1 && one <= pages);
  const items = wanted.map((one, index) => html`${index > 0 && one - (wanted[index - 1] ?? 0) > 1 ? html`<li aria-hidden="true">…</li>` : null}<li>${one === number ? html`<span aria-current="page">${one}</span>` : html`<a href="${href(one)}">${one}</a>`}</li>`);
  return html`<nav class="pager" aria-label="Pages of ${base}"><ul>${number > 1 ? html`<li><a href="${href(number - 1)}" rel="prev">Previous</a></li>` : null}${items}${number < pages ? html`<li><a href="${href(number + 1)}" rel="next">Next</a></li>` : null}</ul></nav>`;
}

/** The pager of a list whose pages have ids of their own. */
export function listPager(label: string, base: string, slice: Slice<unknown>, links: Links): Html | null {
  return pager(label, slice, (number) => links.page(pageId(base, number)));
}

export const SHIELD: Html = new Html('<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M12 3l8 3v6c0 4.6-3.2 7.9-8 9-4.8-1.1-8-4.4-8-9V6z"/><path d="M8.5 12l2.5 2.5 4.5-5" stroke-linecap="round"/></svg>');
