import { CATEGORIES, RISKS } from '../severity.ts';
import { starterPolicy } from '../starter/index.ts';
import { countsText } from './explain.ts';
import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import { pageId, slices, type Page, type Slice } from './page.ts';
import { categoryBadge, categoryBar, codeBlock, listPager, riskBadge, toolTable } from './parts.ts';
import { configName, registration, wrapLine } from './registration.ts';
import { bySeverity, countBy, FACET_VALUES, serverName, type ServerEntry, type ToolEntry } from './site.ts';
import type { ServerRecord } from '../server-record.ts';
import { toolTwin } from './twins.ts';
import { shown, visible } from './visible.ts';
import { counted, day, FINDING_WORDS, numeral, size } from './wording.ts';

/** How much of a starter policy a page shows; all of it is in the file. */
const SHOWN_POLICY = 12_000;
/** A context of 200,000 tokens is what large models have; the share of it makes the number felt. */
const CONTEXT = 200_000;

/** Name of the file with a server's starter policy. */
export function policyFile(server: ServerEntry): string {
  return `${server.id}.policy.yaml`;
}

/** The starter policy of a server, as YAML that loads. */
export function policyOf(server: ServerEntry): string {
  const { package: of } = server.record;
  return starterPolicy(server.record.tools, { origin: `${of.name} ${of.version}`, name: serverName(server) });
}

/** Ids of a server's pages, without making them. */
export function serverPageIds(server: ServerEntry): readonly string[] {
  return slices(server.tools).map((slice) => pageId(server.id, slice.number));
}

/** The pages of a server: the first has everything, more follow when it has many tools. */
export function serverPages(server: ServerEntry): readonly Page[] {
  const tools = server.tools.toSorted(bySeverity);
  return slices(tools).map((slice) => serverPage(server, tools, slice));
}

function serverPage(server: ServerEntry, tools: readonly ToolEntry[], slice: Slice<ToolEntry>): Page {
  const { record } = server;
  const name = visible(serverName(server), 96);
  const counts = countBy(tools, 'category');
  const risks = countBy(tools, 'risk');
  const findings = countBy(tools, 'finding');
  return {
    id: pageId(server.id, slice.number),
    title: `${name}${slice.number === 1 ? '' : `, page ${slice.number} of ${slice.pages}`}`,
    description: `${visible(record.package.name, 96)} ${visible(record.package.version, 32)}. ${countsText(tools.length, counts)}. ${numeral(record.approximateTokens)} tokens of context. Findings and a starter policy.`,
    crumbs: [{ id: '', text: 'Catalogue' }, { id: server.id, text: name }],
    body: (links) => html`<p class="kind">MCP server</p>
<h1 class="long">${shown(serverName(server), 256)}</h1>
<p class="lede">${tools.length === 0 ? 'It lists no tools without further configuration.' : `${countsText(tools.length, counts)}.`}</p>
${slice.number === 1 ? html`${overview(server, counts, risks)}${findingsPart(tools, findings, links)}` : null}
${tools.length === 0 ? null : html`<section aria-labelledby="tools"><h2 id="tools">Tools</h2>${toolTable(slice.rows, links, `Tools of ${name}, most severe first`, false)}${listPager(`the tools of ${name}`, server.id, slice, links)}</section>`}
${slice.number === 1 ? html`${tools.length === 0 ? null : policyPart(server, links)}${registerPart(server)}` : null}`,
    json: (links) => ({
      kind: 'server', url: links.absolute(server.id) ?? links.page(server.id), name: serverName(server), slug: record.slug, package: record.package, server: record.server, scannedOn: record.scannedOn, status: record.status,
      bytes: record.bytes, approximateTokens: record.approximateTokens, unnamed: record.unnamed, byCategory: Object.fromEntries(counts), byRisk: Object.fromEntries(risks), findings: Object.fromEntries(findings),
      starterPolicy: server.tools.length === 0 ? null : links.located(policyFile(server)), total: tools.length, page: slice.number, pages: slice.pages, next: slice.number < slice.pages ? links.data(pageId(server.id, slice.number + 1)) : null,
      tools: slice.rows.map((entry) => toolTwin(entry, links)),
    }),
  };
}

function overview(server: ServerEntry, counts: ReadonlyMap<string, number>, risks: ReadonlyMap<string, number>): Html {
  const { record } = server;
  return html`<section class="split" aria-label="Overview"><div>
${categoryBar(counts)}
<ul class="legend">${CATEGORIES.map((category) => html`<li>${categoryBadge(category)} <b>${numeral(counts.get(category) ?? 0)}</b></li>`)}</ul>
<ul class="legend">${RISKS.map((risk) => html`<li>${riskBadge(risk)} <b>${numeral(risks.get(risk) ?? 0)}</b></li>`)}</ul>
<h2>Context cost</h2>
${contextCost(record)}
</div>
<dl class="facts">
<dt>Package</dt><dd>${shown(record.package.name, 214)}</dd>
<dt>Version</dt><dd>${shown(record.package.version, 64)}</dd>
<dt>Registry</dt><dd>${record.package.registry === 'npm' ? 'npm' : 'PyPI'}</dd>
<dt>Says it is</dt><dd>${record.server.name === null ? 'without a name' : shown(record.server.name, 96)}${record.server.version === null ? null : html` ${shown(record.server.version, 32)}`}</dd>
<dt>Protocol</dt><dd>${record.server.protocol === null ? 'unknown' : shown(record.server.protocol, 32)}</dd>
<dt>Scanned</dt><dd>${day(record.scannedOn)}</dd>
${record.classifiedOn === record.scannedOn ? null : html`<dt>Classified</dt><dd>${day(record.classifiedOn)}</dd>`}
${record.unnamed === 0 ? null : html`<dt>Without name</dt><dd>${counted(record.unnamed, 'item')}</dd>`}
${record.status === 'ok' ? null : html`<dt>Status</dt><dd>${record.status === 'duplicate_tools' ? 'lists a name twice' : shown(record.status, 48)}</dd>`}
</dl></section>`;
}

/** What the definitions cost in each conversation. */
function contextCost(record: ServerRecord): Html {
  if (record.bytes === 0) return html`<p>It costs nothing: there are no definitions.</p>`;
  const described = record.tools.reduce((sum, tool) => sum + tool.descriptionBytes, 0);
  return html`<p><strong class="figure">${size(record.bytes)}, about ${numeral(record.approximateTokens)} tokens</strong> of definitions in every conversation, before a question is asked: ${share(record.approximateTokens)} of a context of 200,000 tokens. ${Math.round((described / record.bytes) * 100)} % of it is descriptions. Tools that a policy hides cost nothing.</p>`;
}

function share(tokens: number): string {
  const percent = (tokens / CONTEXT) * 100;
  return `${percent < 10 ? percent.toFixed(1) : String(Math.round(percent))} %`;
}

const TOOLS_PER_FINDING = 6;

function findingsPart(tools: readonly ToolEntry[], findings: ReadonlyMap<string, number>, links: Links): Html {
  const found = FACET_VALUES.finding.filter((finding) => (findings.get(finding) ?? 0) > 0);
  if (found.length === 0) return html`<section aria-labelledby="findings"><h2 id="findings">Findings</h2><p>${tools.length === 0 ? 'There is no definition to find anything in.' : 'Nothing is wrong with its definitions, as far as we can tell.'}</p></section>`;
  return html`<section aria-labelledby="findings"><h2 id="findings">Findings</h2><ul class="findings">${found.map((finding) => {
    const having = tools.filter(({ tool }) => tool.classification.findings.includes(finding));
    const rest = having.length - TOOLS_PER_FINDING;
    return html`<li><p><b>${FINDING_WORDS[finding].label}</b> <span class="soft">${having.length === tools.length ? 'every tool' : `${numeral(having.length)} of ${counted(tools.length, 'tool')}`}</span></p><p>${FINDING_WORDS[finding].text}</p><p class="names">${having.slice(0, TOOLS_PER_FINDING).map((entry) => html`<a class="name" href="${links.page(entry.id)}">${shown(entry.tool.name, 48)}</a> `)}${rest > 0 ? html`<span class="soft">and ${numeral(rest)} more</span>` : null}</p></li>`;
  })}</ul></section>`;
}

function policyPart(server: ServerEntry, links: Links): Html {
  const text = policyOf(server);
  const cut = text.length > SHOWN_POLICY ? text.lastIndexOf('\n', SHOWN_POLICY) : -1;
  const rest = cut < 0 ? 0 : text.slice(cut + 1).split('\n').length - 1;
  return html`<section aria-labelledby="policy"><div class="heading"><h2 id="policy">Starter policy</h2><a class="button" href="${links.file(policyFile(server))}" download="${configName(server)}.policy.yaml">Download</a></div>
<p>Reading is allowed with a cap, writing is limited, execution is limited and checked, what cannot be undone waits for a person, and secrets are hidden. Read it before you sign it.</p>
${codeBlock(cut < 0 ? text : text.slice(0, cut + 1), 'Starter policy')}
${rest === 0 ? null : html`<p class="soft">${counted(rest, 'more line')} in the file.</p>`}</section>`;
}

function registerPart(server: ServerEntry): Html {
  return html`<section aria-labelledby="register"><h2 id="register">Register it in PolicyLayer</h2>
<p>In gateway.yaml, with ${server.tools.length === 0 ? 'a policy of yours' : 'the policy above'} beside it. Credentials that the server needs go under <code>env</code>; agents never see them.</p>
${codeBlock(registration(server), 'Lines for gateway.yaml')}
<p>Or for one client, without a gateway:</p>
${codeBlock(`${wrapLine(server)}\n`, 'Command line')}</section>`;
}
