import { html, type Html } from './html.ts';
import type { Links } from './links.ts';
import type { Page } from './page.ts';
import { visible } from './visible.ts';

/** What a visitor wrote, as it came. */
export interface Contact {
  readonly name: string;
  readonly email: string;
  readonly about: string;
  readonly text: string;
}

/** Longest fields, in characters. */
export const CONTACT_LIMITS = { name: 100, email: 254, about: 200, text: 3_000 } as const;

export const EMPTY_CONTACT: Contact = { name: '', email: '', about: '', text: '' };

/** A field that nobody sees and programs fill in; what has it is thrown away. */
export const HONEYPOT = 'website';

export interface ContactState {
  readonly contact: Contact;
  /** What is wrong, by field. */
  readonly problems: Readonly<Partial<Record<keyof Contact, string>>>;
  /** Said above the form. */
  readonly notice: string | null;
}

/** The form, empty or with what has to be put right. */
export function contactPage(state: ContactState): Page {
  return plainPage('contact', 'Get in touch', (links) => html`<h1>Get in touch</h1>
<p class="lede">Is a class wrong, a server missing, a page broken? The operator of this catalogue reads what you write here.</p>
${state.notice === null ? null : html`<p class="note bad" role="alert">${state.notice}</p>`}
<form class="contact" method="post" action="${links.page('contact')}" accept-charset="utf-8">
${field('text', 'Message', state, html`<textarea id="text" name="text" rows="7" maxlength="${CONTACT_LIMITS.text}" required${describedBy('text', state)}>${state.contact.text}</textarea>`)}
${field('about', 'About which page', state, html`<input id="about" name="about" maxlength="${CONTACT_LIMITS.about}" value="${state.contact.about}"${describedBy('about', state)}>`, 'optional')}
${field('name', 'Your name', state, html`<input id="name" name="name" maxlength="${CONTACT_LIMITS.name}" autocomplete="name" value="${state.contact.name}"${describedBy('name', state)}>`, 'optional')}
${field('email', 'Your e-mail address', state, html`<input id="email" name="email" type="email" maxlength="${CONTACT_LIMITS.email}" autocomplete="email" value="${state.contact.email}"${describedBy('email', state)}>`, 'optional, for an answer')}
<div class="trap" aria-hidden="true"><label for="${HONEYPOT}">Leave this empty</label><input id="${HONEYPOT}" name="${HONEYPOT}" tabindex="-1" autocomplete="off"></div>
<button>Send</button>
<p class="soft">It is kept in the gateway’s own database until it is deleted there, and goes nowhere else.</p>
</form>`);
}

function field(id: keyof Contact, label: string, state: ContactState, control: Html, hint: string | null = null): Html {
  const problem = state.problems[id];
  return html`<div class="row"><label for="${id}">${label}${hint === null ? null : html` <span class="soft">${hint}</span>`}</label>${control}${problem === undefined ? null : html`<p class="problem" id="${id}-problem">${problem}</p>`}</div>`;
}

function describedBy(id: keyof Contact, state: ContactState): Html | null {
  return state.problems[id] === undefined ? null : html` aria-invalid="true" aria-describedby="${id}-problem"`;
}

/** After a message was taken. */
export function thanksPage(): Page {
  return plainPage('contact', 'Thank you', (links) => html`<h1>Thank you</h1><p class="lede">Your message has reached the operator’s inbox.</p><p><a href="${links.page('')}">Back to the catalogue</a></p>`);
}

/** Why a message, or a request, was not taken. */
export function refusedPage(title: string, text: string): Page {
  return plainPage('contact', title, (links) => html`<h1>${title}</h1><p class="lede">${text}</p><p><a href="${links.page('')}">Back to the catalogue</a></p>`);
}

/** An address that leads nowhere, with what was probably meant. */
export function missingPage(wanted: string, tools: readonly { readonly id: string; readonly text: string; readonly detail: string }[]): Page {
  return plainPage('404', 'There is no such page', (links) => html`<h1>There is no such page</h1>
<p class="lede">Nothing in the catalogue has the address <code>${visible(wanted, 96)}</code>.</p>
${tools.length === 0 ? null : html`<h2>Perhaps you meant</h2><ul class="near">${tools.map(({ id, text, detail }) => html`<li><a class="name" href="${links.page(id)}">${text}</a> <span class="soft">${detail}</span></li>`)}</ul>`}
<p><a href="${links.page('')}">Search the catalogue</a> · <a href="${links.page('servers')}">All servers</a></p>`);
}

function plainPage(id: string, title: string, body: (links: Links) => Html): Page {
  return { id, title, description: title, crumbs: [{ id: '', text: 'Catalogue' }, { id, text: title }], indexed: false, body, json: () => ({ kind: id, title }) };
}
