import { html, jsonInHtml, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Page } from './page.ts';
import { SHIELD } from './parts.ts';

/** Files that every page loads, by their names below the catalogue. */
export interface Assets {
  readonly style: string;
  readonly script: string;
}

/** A whole document. */
export function documentOf(page: Page, links: Links, assets: Assets): string {
  const canonical = page.indexed === false ? null : links.absolute(page.id);
  const contact = links.contact(page.id);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · PolicyLayer catalogue</title>
<meta name="description" content="${page.description}">
<meta name="color-scheme" content="light dark">
${page.indexed === false ? html`<meta name="robots" content="noindex">` : html`${canonical === null ? null : html`<link rel="canonical" href="${canonical}">
`}<link rel="alternate" type="application/json" href="${links.json(page.id)}">`}
<link rel="icon" href="${links.file('assets/icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${links.file(assets.style)}">
<script src="${links.file(assets.script)}" defer></script>
${page.indexed === false ? null : structured(page, links)}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="inner"><a class="brand" href="${links.page('')}">${SHIELD}<span>PolicyLayer</span> <span class="of">Catalogue</span></a><nav aria-label="Catalogue"><a href="${links.page('servers')}">Servers</a><a href="${links.page('tools')}">Tools</a></nav>${page.id === '' ? null : html`<form class="quick" role="search" action="${links.page('')}" method="get"><label class="hidden" for="quick">Search the catalogue</label><input id="quick" name="q" type="search" placeholder="Search" maxlength="120" autocomplete="off" spellcheck="false"></form>`}</div></header>
<main id="main">
${page.crumbs.length < 2 ? null : html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${page.crumbs.map((crumb, index) => html`<li>${index === page.crumbs.length - 1 ? html`<span aria-current="page">${crumb.text}</span>` : html`<a href="${links.page(crumb.id)}">${crumb.text}</a>`}</li>`)}</ol></nav>`}
${page.body(links)}
</main>
<footer><div class="inner"><p>Classes are judged from definitions that servers write about themselves. A class is a reason to look, not a proof.</p><p>${page.indexed === false ? null : html`<a href="${links.json(page.id)}">This page as JSON</a>`}${contact === null || page.id === 'contact' ? null : html`<a href="${contact}">Get in touch</a>`}<a href="${links.file('llms.txt')}">llms.txt</a></p></div></footer>
</body>
</html>
`.text;
}

/** FAQPage and BreadcrumbList for search engines. */
function structured(page: Page, links: Links): Html {
  const breadcrumbs = {
    '@context': 'https://schema.org',
    '@type': 'BreadcrumbList',
    itemListElement: page.crumbs.map((crumb, index) => {
      const item = links.absolute(crumb.id);
      return { '@type': 'ListItem', position: index + 1, name: crumb.text, ...(item === null ? {} : { item }) };
    }),
  };
  const questions = page.questions === undefined ? null : {
    '@context': 'https://schema.org',
    '@type': 'FAQPage',
    mainEntity: page.questions.map(({ question, answer }) => ({ '@type': 'Question', name: question, acceptedAnswer: { '@type': 'Answer', text: answer.join(' ') } })),
  };
  return html`<script type="application/ld+json">${jsonInHtml(breadcrumbs)}</script>${questions === null ? null : html`
<script type="application/ld+json">${jsonInHtml(questions)}</script>`}`;
}
