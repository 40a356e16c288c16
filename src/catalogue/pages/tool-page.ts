import { readyRules, type ReadyRule } from '../starter/index.ts';
import type { ToolRecord } from '../server-record.ts';
import { parameterCount, summary, sureness, toolName, whatItDoes, whyPolicy } from './explain.ts';
import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Page } from './page.ts';
import { categoryBadge, codeBlock, riskBadge } from './parts.ts';
import { questions, type Question } from './questions.ts';
import { serverName, type Site, type ToolEntry } from './site.ts';
import { wholeToolTwin } from './twins.ts';
import { shown, visible } from './visible.ts';
import { counted, day, FINDING_WORDS, numeral, PLACE_WORDS, SIGNAL_WORDS, size, suggestsText } from './wording.ts';

const SHOWN_PARAMETERS = 60;
const SHOWN_EVIDENCE = 40;

/** The page of one tool, with every section that catalogue.md asks for. */
export function toolPage(site: Site, entry: ToolEntry): Page {
  const { tool, server } = entry;
  const provider = visible(serverName(server), 64);
  const rules = readyRules(tool);
  const asked = questions(site, entry, rules);
  return {
    id: entry.id,
    title: `${toolName(tool)}: what it does and which policy it needs`,
    description: summary(tool, provider),
    crumbs: [{ id: '', text: 'Catalogue' }, { id: server.id, text: provider }, { id: entry.id, text: toolName(tool) }],
    questions: asked,
    body: (links) => html`<p class="kind">Tool of <a href="${links.page(server.id)}">${shown(serverName(server), 64)}</a></p>
<h1 class="name long">${shown(tool.name, 256)}</h1>
${tool.title === null || tool.title === tool.name ? null : html`<p class="soft">It calls itself “${shown(tool.title, 96)}”.</p>`}
<p class="verdict">${categoryBadge(tool.classification.category)}${riskBadge(tool.classification.risk)}<span class="confidence">${tool.classification.confidence} confidence</span></p>
<div class="split tool"><div>
<section aria-labelledby="does"><h2 id="does">What it does</h2>${whatItDoes(tool).map((text) => html`<p>${text}</p>`)}</section>
<section aria-labelledby="why"><h2 id="why">Why it needs a policy</h2>${whyPolicy(tool).map((text) => html`<p>${text}</p>`)}</section>
${parametersPart(tool)}
${evidencePart(tool)}
</div>${factsPart(entry, links)}</div>
${rulesPart(rules)}
${questionsPart(asked)}`,
    json: (links) => wholeToolTwin(entry, links, rules, asked),
  };
}

function factsPart({ tool, server }: ToolEntry, links: Links): Html {
  const { record } = server;
  const { category, effects, risk, confidence, signals, findings } = tool.classification;
  const links_ = (facet: 'signal' | 'finding', values: readonly string[], label: (value: string) => string): Html => html`<ul class="plain">${values.map((value) => html`<li><a href="${links.page(`${facet}/${value}`)}">${label(value)}</a></li>`)}</ul>`;
  const hints = Object.entries(tool.annotations ?? {}).slice(0, 8);
  return html`<dl class="facts">
<dt>Server</dt><dd><a href="${links.page(server.id)}">${shown(serverName(server), 96)}</a></dd>
<dt>Package</dt><dd>${shown(record.package.name, 214)} ${shown(record.package.version, 64)}</dd>
<dt>Category</dt><dd><a href="${links.page(`category/${category}`)}">${category}</a>${effects.length > 1 ? html`<br><span class="soft">effects: ${effects.join(', ')}</span>` : null}</dd>
<dt>Risk class</dt><dd><a href="${links.page(`risk/${risk}`)}">${risk}</a></dd>
<dt>Confidence</dt><dd><a href="${links.page(`confidence/${confidence}`)}">${confidence}</a></dd>
<dt>Parameters</dt><dd>${parameterCount(tool)}</dd>
${signals.length === 0 ? null : html`<dt>Signals</dt><dd>${links_('signal', signals, (value) => SIGNAL_WORDS[value as keyof typeof SIGNAL_WORDS].label)}</dd>`}
${findings.length === 0 ? null : html`<dt>Findings</dt><dd>${links_('finding', findings, (value) => FINDING_WORDS[value as keyof typeof FINDING_WORDS].label)}</dd>`}
<dt>The server says</dt><dd>${hints.length === 0 ? 'no annotations' : html`<ul class="plain">${hints.map(([key, value]) => html`<li>${shown(key, 32)}: ${value ? 'yes' : 'no'}</li>`)}</ul>`}</dd>
<dt>Context cost</dt><dd>${size(tool.bytes)}, about ${numeral(Math.round(tool.bytes / 4))} tokens</dd>
<dt>Scanned</dt><dd>${day(record.scannedOn)}</dd>
<dt>SHA-256</dt><dd>${tool.sha256 === null ? 'differs with every start' : html`<code class="hash">${tool.sha256}</code>`}</dd>
</dl>`;
}

function parametersPart(tool: ToolRecord): Html {
  const { parameters } = tool;
  const rest = parameters.length - SHOWN_PARAMETERS;
  const first = parameters.toSorted((a, b) => Number(b.required) - Number(a.required)).slice(0, SHOWN_PARAMETERS);
  return html`<section aria-labelledby="parameters"><h2 id="parameters">Parameters</h2><p>It takes ${parameterCount(tool)}.</p>
${parameters.length === 0 ? null : html`<table><caption class="hidden">Parameters</caption><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Required</th></tr></thead><tbody>${first.map((parameter) => html`<tr><th scope="row" class="name">${shown(parameter.name, 64)}</th><td>${parameter.type ?? 'unknown'}</td><td>${parameter.required ? 'required' : html`<span class="soft">optional</span>`}</td></tr>
`)}</tbody></table>`}
${rest > 0 ? html`<p class="soft">${counted(rest, 'more parameter')} in the JSON of this page.</p>` : null}</section>`;
}

function evidencePart(tool: ToolRecord): Html {
  const { evidence } = tool.classification;
  const rest = evidence.length - SHOWN_EVIDENCE;
  return html`<section aria-labelledby="evidence"><h2 id="evidence">What in the definition led there</h2><p>${sureness(tool)}</p>
${evidence.length === 0 ? html`<p>Nothing in the definition says what the tool does, so the class is the careful one.</p>` : html`<table><caption class="hidden">Evidence</caption><thead><tr><th scope="col">Where</th><th scope="col">What stood there</th><th scope="col">Speaks for</th></tr></thead><tbody>${evidence.slice(0, SHOWN_EVIDENCE).map(({ place, pointer, term, suggests }) => html`<tr><td>${PLACE_WORDS[place]}${pointer === `/${place}` || pointer === '' ? null : html`<small class="name">${shown(pointer, 64)}</small>`}</td><td class="name">${shown(term, 48)}</td><td>${suggestsText(suggests)}</td></tr>
`)}</tbody></table>`}
${rest > 0 ? html`<p class="soft">${counted(rest, 'more piece', 'more pieces')} in the JSON of this page.</p>` : null}</section>`;
}

function rulesPart(rules: readonly ReadyRule[]): Html {
  return html`<section aria-labelledby="rules"><h2 id="rules">Rules to copy</h2><p>Each is a whole policy that loads as it is. Copy one, or only its lines under <code>tools</code>.</p>
<div class="rules">${rules.map((rule, index) => html`<details${index === 0 ? html` open` : null}><summary>${rule.title}</summary><p>${rule.why}</p>${codeBlock(rule.yaml, rule.title)}</details>`)}</div></section>`;
}

function questionsPart(asked: readonly Question[]): Html {
  return html`<section class="questions" aria-labelledby="questions"><h2 id="questions">Questions</h2>
${asked.map(({ question, answer, yaml }) => html`<h3>${question}</h3>${answer.map((text) => html`<p>${text}</p>`)}${yaml === null ? null : codeBlock(yaml, question)}
`)}</section>`;
}
