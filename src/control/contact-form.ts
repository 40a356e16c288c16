import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONTACT_LIMITS, contactPage, EMPTY_CONTACT, HONEYPOT, refusedPage, thanksPage, type Contact, type Page } from '../catalogue/pages/index.ts';
import { readForm } from '../gateway/approval-http/form.ts';
import { readBody } from '../gateway/http/body.ts';
import { mediaType, type Head } from '../gateway/http/head.ts';
import type { Messages } from '../state/types.ts';
import { answer, problem, type Body } from './page-reply.ts';
import { MessageRate } from './message-rate.ts';

/** The longest message, escaped for a form, has room in this. */
const MAX_BODY = 40 * 1024;
const BODY_TIMEOUT_MS = 10_000;

/** The form with which readers of the catalogue write to its operator (catalogue.md, "Pages"). Nothing is sent anywhere: messages are kept in the state. */
export class ContactForm {
  readonly #messages: Messages;
  readonly #log: (line: string) => void;
  readonly #render: (page: Page, from: string) => Body;
  readonly #rate = new MessageRate();

  constructor(options: { readonly messages: Messages; readonly log: (line: string) => void }, render: (page: Page, from: string) => Body) {
    this.#messages = options.messages;
    this.#log = options.log;
    this.#render = render;
  }

  handle(head: Head, request: IncomingMessage, response: ServerResponse): void {
    if (head.method === 'GET' || head.method === 'HEAD') return this.#ask(head, response);
    if (head.method !== 'POST') return problem(response, 405, 'Method not allowed: GET, HEAD and POST are served here', { allow: 'GET, HEAD, POST' });
    // The listener has compared Origin with Host; a browser that says where the form was says it here.
    const site = head.get('sec-fetch-site');
    if (site !== null && site !== 'same-origin' && site !== 'none') return this.#refuse(head, response, 403, 'Refused', 'This address takes its own form only.');
    if (mediaType(head.get('content-type')) !== 'application/x-www-form-urlencoded') return problem(response, 415, 'Unsupported media type: a form is expected');
    readBody(request, MAX_BODY, BODY_TIMEOUT_MS, (body) => {
      if (!Buffer.isBuffer(body)) return problem(response, body.status, `Refused: ${body.text}`);
      this.#take(head, request, response, body).catch((error: unknown) => {
        this.#log(`catalogue: a message could not be kept: ${error instanceof Error ? error.message : 'unknown error'}`);
        this.#refuse(head, response, 503, 'That did not work', 'Your message could not be kept. Please try again later.');
      });
    });
  }

  #ask(head: Head, response: ServerResponse): void {
    const query = new URLSearchParams(head.query);
    const page = query.has('sent') ? thanksPage() : contactPage({ contact: { ...EMPTY_CONTACT, about: (query.get('about') ?? '').slice(0, CONTACT_LIMITS.about) }, problems: {}, notice: null });
    this.#show(head, response, 200, page);
  }

  async #take(head: Head, request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const fields = readForm(head, body)?.fields;
    if (fields === undefined) return this.#refuse(head, response, 400, 'That could not be read', 'A form in UTF-8 is expected, with each field once.');
    // A program that filled in what nobody sees is told that all went well.
    if ((fields.get(HONEYPOT) ?? '') !== '') return sent(response);
    const contact: Contact = { name: field(fields, 'name'), email: field(fields, 'email'), about: field(fields, 'about'), text: field(fields, 'text') };
    const problems = problemsOf(contact);
    if (Object.keys(problems).length > 0) return this.#show(head, response, 422, contactPage({ contact, problems, notice: 'Nothing was sent yet: something has to be put right.' }));
    const waitMs = this.#rate.take(request.socket.remoteAddress ?? '', performance.now());
    if (waitMs > 0) return this.#show(head, response, 429, contactPage({ contact, problems: {}, notice: 'Too many messages have come in. Please wait some minutes and send it again.' }), { 'retry-after': String(Math.ceil(waitMs / 1_000)) });
    const id = await this.#messages.add({ name: contact.name, email: contact.email, page: contact.about, text: contact.text });
    if (id === null) return this.#show(head, response, 503, contactPage({ contact, problems: {}, notice: 'The inbox is full. Please try again another day.' }));
    sent(response);
  }

  #refuse(head: Head, response: ServerResponse, status: number, title: string, text: string): void {
    this.#show(head, response, status, refusedPage(title, text), { connection: 'close' });
  }

  #show(head: Head, response: ServerResponse, status: number, page: Page, headers: Readonly<Record<string, string>> = {}): void {
    if (response.headersSent || response.destroyed) return;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer(head, response, { ...this.#render(page, 'contact'), cache: 'no-store' }, status);
  }
}

/** To a page of its own, so that reading it again sends nothing again. */
function sent(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(303, { location: 'contact?sent=1', 'content-length': 0, 'cache-control': 'no-store' });
  response.end();
}

function field(fields: ReadonlyMap<string, string>, name: string): string {
  return (fields.get(name) ?? '').replace(/\r\n?/g, '\n').trim();
}

function problemsOf(contact: Contact): Partial<Record<keyof Contact, string>> {
  const problems: Partial<Record<keyof Contact, string>> = {};
  if (contact.text === '') problems.text = 'Please write a message.';
  for (const name of ['text', 'about', 'name', 'email'] as const) {
    const { length } = contact[name];
    if (length > CONTACT_LIMITS[name]) problems[name] = `This has ${length} characters; ${CONTACT_LIMITS[name]} are the most.`;
  }
  if (contact.email !== '' && problems.email === undefined && !/^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}$/.test(contact.email)) problems.email = 'This is no e-mail address, like name@example.com.';
  return problems;
}
