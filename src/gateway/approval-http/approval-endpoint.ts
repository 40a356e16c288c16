import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSigned, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../upstream/signature.ts';
import { watchOf } from '../approvals/watch.ts';
import type { ApprovalsConfig } from '../config-types.ts';
import type { GatewayServices } from '../conversation-options.ts';
import { readBody } from '../http/body.ts';
import type { Head } from '../http/head.ts';
import { appendLoudly, randomId } from '../recorder.ts';
import { approverOf } from './approver.ts';
import { Attempts } from './attempts.ts';
import { jsonFields, readForm, type Posted } from './form.ts';
import { closed, outcomeOf, tooMany, UNAVAILABLE, UNKNOWN, WRONG_SECRET, type Outcome } from './outcome.ts';
import { sendPage } from './page.ts';
import { recordJson } from './record-json.ts';
import { askView, detailsView, MAX_COMMENT, outcomeView, plainView } from './views.ts';

export interface ApprovalEndpointOptions {
  readonly services: GatewayServices;
  /** The configuration in force now. */
  readonly config: () => ApprovalsConfig;
}

/** A secret, a decision and a comment have room in this. */
const MAX_BODY = 8 * 1024;
const BODY_TIMEOUT_MS = 10_000;
const MAX_APPROVER = 64;

const BAD_REQUEST = (text: string): Outcome => ({ status: 400, code: 'bad_request', title: 'That could not be read', text, tone: 'bad' });

/** True for the paths that are served here. @param path as it came, without query */
export function isApprovalPath(path: string): boolean {
  return path === '/approvals' || path.startsWith('/approvals/');
}

/** One request to one page. */
interface Visit {
  readonly id: string;
  readonly head: Head;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * The pages on which a person decides, and the same for programs (policy.md, "Approval"). GET never decides, so a previewer of links does no
 * harm; nothing of a call is shown before a secret is, and a secret stands in a body, never in an address.
 */
export class ApprovalEndpoint {
  readonly #services: GatewayServices;
  readonly #config: () => ApprovalsConfig;
  readonly #attempts = new Attempts();

  constructor(options: ApprovalEndpointOptions) {
    this.#services = options.services;
    this.#config = options.config;
  }

  /** Answers a request whose path begins with `/approvals`; Host and Origin have been checked. */
  handle(head: Head, request: IncomingMessage, response: ServerResponse): void {
    const match = /^\/approvals\/([A-Za-z0-9_-]{1,128})(?:\/(view|decide|decision))?$/.exec(head.path);
    if (match === null) return notFound(response);
    const visit: Visit = { id: match[1] ?? '', head, request, response };
    const action = match[2];
    if (action === undefined) {
      if (head.method !== 'GET' && head.method !== 'HEAD') return wrongMethod(visit, 'GET, HEAD');
      return this.#safely(visit, false, () => this.#ask(visit));
    }
    if (head.method !== 'POST') return wrongMethod(visit, 'POST');
    // A page of another site could post here in the name of a browser that has no secret to lose; it has no business here all the same.
    const site = head.get('sec-fetch-site');
    if (site !== null && site !== 'same-origin' && site !== 'none') return sendPage(response, 403, 'Refused', plainView('Refused', 'This address takes forms of its own pages only.'), CLOSE);
    readBody(request, MAX_BODY, BODY_TIMEOUT_MS, (body) => {
      if (!Buffer.isBuffer(body)) return sendPage(response, body.status, 'Refused', plainView('That could not be read', `Refused: ${body.text}.`), CLOSE);
      if (action === 'decision') return this.#safely(visit, true, () => this.#signed(visit, body));
      const posted = readForm(head, body);
      if (posted === null) return sendPage(response, 415, 'Refused', plainView('That could not be read', 'A form or a JSON object in UTF-8 is expected.'));
      this.#safely(visit, posted.json, () => (action === 'view' ? this.#view(visit, posted) : this.#decide(visit, posted)));
    });
  }

  /** Whatever goes wrong, nothing was decided, and the visitor is told so. */
  #safely(visit: Visit, json: boolean, act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      this.#services.log(`approvals: ${error instanceof Error ? error.message : 'unknown error'}`);
      this.#tell(visit, json, UNAVAILABLE);
    });
  }

  async #ask(visit: Visit): Promise<void> {
    if ((await this.#services.state.approval(visit.id)) === null) return this.#tell(visit, false, UNKNOWN);
    sendPage(visit.response, 200, 'Approval', askView(visit.id, `${visit.id}/`, null));
  }

  async #view(visit: Visit, posted: Posted): Promise<void> {
    const secret = posted.fields.get('secret') ?? '';
    const who = await this.#who(visit, posted, secret);
    if (who === null) return;
    const { record, approver } = who;
    if (posted.json) return sendJson(visit.response, 200, { ...recordJson(record, this.#services.approvals.urlOf(record.id)), you: approver.name });
    const over = closed(record);
    sendPage(visit.response, 200, over?.title ?? 'Approve this call?', detailsView(record, approver.name, secret, over));
  }

  async #decide(visit: Visit, posted: Posted): Promise<void> {
    const { fields, json } = posted;
    const decision = fields.get('decision');
    const comment = fields.get('comment')?.trim() ?? '';
    if (decision !== 'approve' && decision !== 'deny') return this.#tell(visit, json, BAD_REQUEST('The decision must be `approve` or `deny`.'));
    if (comment.length > MAX_COMMENT) return this.#tell(visit, json, BAD_REQUEST(`The comment is longer than ${MAX_COMMENT} characters.`));
    const who = await this.#who(visit, posted, fields.get('secret') ?? '');
    if (who === null) return;
    const result = await who.approver.vote(decision, comment === '' ? null : comment);
    watchOf(this.#services.state).look(visit.id);
    // Its holder was here a moment ago: the link was used meanwhile, in another window say.
    const used = !result.ok && result.why === 'not_found';
    this.#tell(visit, json, used ? WRONG_SECRET : outcomeOf(result, decision));
  }

  /** The request and who asks for it; answers and gives null when either is not there. */
  async #who(visit: Visit, posted: Posted, secret: string): Promise<{ readonly record: Known; readonly approver: NonNullable<Awaited<ReturnType<typeof approverOf>>> } | null> {
    const { id } = visit;
    const { state } = this.#services;
    const record = await state.approval(id);
    const approver = record === null || secret === '' ? null : await approverOf(state, this.#config().approvers, id, secret);
    // Before anything is counted: wrong codes of others, behind the same proxy say, must not keep out who has the right one. The secrets
    // are too long to be guessed at any rate; counting keeps the journal and its readers from floods.
    if (record !== null && approver !== null) return { record, approver };
    const address = visit.request.socket.remoteAddress ?? '';
    const waitMs = this.#attempts.waitMs(address, performance.now());
    if (waitMs > 0) {
      this.#tell(visit, posted.json, tooMany(waitMs), { 'retry-after': String(Math.ceil(waitMs / 1_000)) });
      return null;
    }
    this.#attempts.wrong(address, performance.now());
    if (record === null) {
      this.#tell(visit, posted.json, UNKNOWN);
      return null;
    }
    this.#rejected(record.server, 'wrong_approval_secret', 'a secret for an approval was wrong, used or expired');
    // A link is used up by its decision, so its holder would not hear otherwise why it opens nothing any more.
    const over = closed(record);
    if (over !== null || posted.json) this.#tell(visit, posted.json, over ?? WRONG_SECRET);
    else sendPage(visit.response, WRONG_SECRET.status, WRONG_SECRET.title, askView(id, '', WRONG_SECRET));
    return null;
  }

  /** A decision that comes back from the webhook's receiver, signed as what was sent to it. */
  async #signed(visit: Visit, body: Buffer): Promise<void> {
    const { id, head } = visit;
    const { state } = this.#services;
    const { webhook } = this.#config();
    if (webhook === null) return this.#tell(visit, true, { ...UNKNOWN, text: 'no webhook is configured' });
    if (!isSigned(webhook.secret, 'decision', head.get(TIMESTAMP_HEADER), head.get(SIGNATURE_HEADER), body, this.#services.now())) {
      this.#rejected('-', 'wrong_approval_signature', 'a decision was not signed, not signed rightly, or too old');
      return this.#tell(visit, true, { status: 401, code: 'bad_signature', title: 'Refused', text: 'the signature is missing, wrong, or older than 5 minutes', tone: 'bad' });
    }
    const fields = jsonFields(body);
    const decision = fields?.get('decision');
    const approver = fields?.get('approver')?.trim() ?? '';
    const comment = fields?.get('comment')?.trim() ?? '';
    if (fields === null || (decision !== 'approve' && decision !== 'deny')) return this.#tell(visit, true, BAD_REQUEST('decision must be approve or deny'));
    // The id is signed with the rest: a decision on one request must not be sent to the address of another.
    if (fields.get('id') !== id) return this.#tell(visit, true, BAD_REQUEST('id must be the id of this request'));
    if (approver === '' || approver.length > MAX_APPROVER) return this.#tell(visit, true, BAD_REQUEST(`approver must be a name of at most ${MAX_APPROVER} characters`));
    if (comment.length > MAX_COMMENT) return this.#tell(visit, true, BAD_REQUEST(`comment must be at most ${MAX_COMMENT} characters`));
    // Sent a second time, it meets a request that is decided, or an approver who has voted.
    const result = await state.vote(id, { approver, way: 'webhook', decision, comment: comment === '' ? null : comment });
    watchOf(state).look(id);
    this.#tell(visit, true, outcomeOf(result, decision));
  }

  #tell(visit: Visit, json: boolean, outcome: Outcome, headers: Readonly<Record<string, string>> = {}): void {
    const { response, id } = visit;
    if (!json) return sendPage(response, outcome.status, outcome.title, outcome === UNKNOWN ? plainView(outcome.title, outcome.text) : outcomeView(id, outcome), headers);
    const { status, code, title, text } = outcome;
    sendJson(response, status, status < 400 ? { id, outcome: code, message: title } : { error: { code, message: `${title}: ${text}` } }, headers);
  }

  #rejected(server: string, code: string, reason: string): void {
    appendLoudly(this.#services, {
      id: randomId(), server, grant: null, session: null, transport: 'http', protocol: null, method: null, name: null, requestId: null, outcome: 'rejected',
      code, rule: null, policy: null, reason, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
    });
  }
}

type Known = Parameters<typeof recordJson>[0];

const CLOSE = { connection: 'close' };

function notFound(response: ServerResponse): void {
  sendPage(response, 404, 'Not found', plainView('Not found', 'Addresses of approvals look like /approvals/ID. Use the link that you were given.'), CLOSE);
}

function wrongMethod(visit: Visit, allow: string): void {
  const back = allow === 'POST' ? { href: `../${visit.id}`, text: 'Open the request' } : null;
  sendPage(visit.response, 405, 'Method not allowed', plainView('Nothing to see here', `This address takes ${allow} only.`, back), { allow, ...CLOSE });
}

function sendJson(response: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers });
  response.end(body);
}
