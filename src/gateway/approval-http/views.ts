import type { ApprovalRecord } from '../../state/types.ts';
import type { Outcome } from './outcome.ts';
import { html, Html, shown, shownCode } from './page.ts';
import { ALSO_SENT, doing } from './shown-call.ts';
import { shownJson, shownText } from './shown-json.ts';

/** Longest comment of an approver. */
export const MAX_COMMENT = 500;

const WAYS: Readonly<Record<ApprovalRecord['votes'][number]['way'], string>> = { cli: 'on the command line', dashboard: 'here', link: 'by a link', webhook: 'through the webhook', elicitation: 'in the client' };

/**
 * The form that asks for a secret; nothing of the call is on it.
 * @param base where the form posts to, relative to the page
 * @param problem shown above the form
 */
export function askView(id: string, base: string, problem: Outcome | null): Html {
  return html`<div class="card">
${problem === null ? html`<h1>Request for approval</h1>
<p class="lede">Enter the code of your link, or your approver token, to see what is asked.</p>` : html`<h1>${problem.title}</h1>
<p class="lede">${problem.text}</p>`}
<form method="post" action="${base}view" id="open">
<label for="secret">Code or approver token</label>
<input type="password" id="secret" name="secret" required maxlength="512" autocomplete="current-password" spellcheck="false" autocapitalize="none"${problem === null ? null : new Html(' aria-invalid="true"')}>
<noscript><p class="soft">This browser runs no scripts. If you followed a link, paste what stands behind the # in the address.</p></noscript>
<button class="plain">Show the request</button>
</form>
</div>
<footer>Request <code>${id}</code></footer>`;
}

/** Everything an approver has to know, and the two buttons while there is something to decide. */
export function detailsView(record: ApprovalRecord, approver: string, secret: string, problem: Outcome | null): Html {
  const open = record.status === 'pending';
  const args = argumentsSection(record);
  const also = record.alsoSent === null ? null : exactSection('also', ALSO_SENT.title, ALSO_SENT.text, record.alsoSent);
  const whole = args.whole && also?.whole !== false;
  return html`<div class="card">
<h1>${open ? 'Approve this call?' : (problem?.title ?? 'This request is closed')}</h1>
${problem === null ? null : html`<div class="note ${problem.tone}" role="status"><p>${problem.text}</p></div>`}
<p class="lede"><span class="name">${shown(shownText(record.grant))}</span> wants to ${shown(shownText(doing(record)))} <code class="name">${shown(shownText(record.name))}</code> on <span class="name">${shown(shownText(record.server))}</span>.</p>
${args.html}
${also === null ? null : also.html}
<dl>
<dt>Method</dt><dd><code>${shown(shownText(record.method))}</code></dd>
${record.reason === null ? null : html`<dt>Reason</dt><dd>${shown(shownText(record.reason))}</dd>`}
<dt>Rule</dt><dd><code>${shown(shownText(record.rule))}</code> of <code>${shown(shownText(record.policyId))}</code></dd>
<dt>Asked</dt><dd>${time(record.createdAt)}</dd>
<dt>Expires</dt><dd>${time(record.expiresAt)}${open ? html` <span class="soft" data-until="${record.expiresAt}"></span>` : null}</dd>
${record.needed === 1 && record.approvers === null ? null : html`<dt>Needs</dt><dd>${record.needed === 1 ? 'one approval' : `${record.needed} approvals`}${record.approvers === null ? null : html` of ${record.approvers.map((name, index) => html`${index === 0 ? '' : ', '}${shown(shownText(name))}`)}`}</dd>`}
</dl>
${votesSection(record)}
${open ? decideForm(approver, secret, whole) : null}
</div>
<footer>Request <code>${record.id}</code></footer>`;
}

/** What became of a decision, without the call: the page may stay open on a shared screen. */
export function outcomeView(id: string, outcome: Outcome): Html {
  return html`<div class="card">
<h1>${outcome.title}</h1>
<div class="note ${outcome.tone}" role="status"><p>${outcome.text}</p></div>
<p class="soft">You can close this page.</p>
</div>
<footer>Request <code>${id}</code></footer>`;
}

/** A page without a request: an address that leads nowhere, a method that is not served. */
export function plainView(title: string, text: string, link: { readonly href: string; readonly text: string } | null = null): Html {
  return html`<div class="card">
<h1>${title}</h1>
<p>${text}</p>
${link === null ? null : html`<p><a href="${link.href}">${link.text}</a></p>`}
</div>`;
}

interface Section {
  readonly html: Html;
  readonly whole: boolean;
}

function argumentsSection(record: ApprovalRecord): Section {
  if (record.argumentsText !== null) return exactSection('arguments', 'Arguments', null, record.argumentsText);
  return { whole: true, html: html`<section><h2>Arguments</h2><p class="soft">${record.status === 'pending' ? 'The call has none.' : 'None, or they were erased after the decision.'}</p></section>` };
}

/** The exact text of a JSON value under a heading. */
function exactSection(id: string, title: string, note: string | null, text: string): Section {
  const { pieces, cut } = shownJson(text);
  const section = html`<section><h2 id="${id}">${title}</h2>
${note === null ? null : html`<p class="soft">${note}</p>`}
<pre tabindex="0" aria-labelledby="${id}">${shownCode(pieces)}</pre>
${pieces.some((piece) => piece.escaped) ? html`<p class="note warn">Marked: characters that cannot be seen or that change how text is shown, written as escapes.</p>` : null}
${cut ? html`<p class="note bad"><strong>Not everything is shown.</strong> These are ${Buffer.byteLength(text)} bytes, built so that they cannot be shown. The exact text is in <code>policylayer approvals show --json</code>.</p>` : null}
</section>`;
  return { html: section, whole: !cut };
}

function votesSection(record: ApprovalRecord): Html | null {
  if (record.votes.length === 0) return null;
  return html`<section><h2>Decisions so far</h2><ul>
${record.votes.map((vote) => html`<li><span class="name">${shown(shownText(vote.approver))}</span> ${vote.decision === 'approve' ? 'approved' : 'denied'} <span class="soft">${time(vote.at)}, ${WAYS[vote.way]}</span>${vote.comment === null ? null : html`<br>${shown(shownText(vote.comment))}`}</li>
`)}</ul></section>`;
}

/** @param whole without it nobody approves here: what is not seen is not approved */
function decideForm(approver: string, secret: string, whole: boolean): Html {
  return html`<form method="post" action="decide">
<input type="hidden" name="secret" value="${secret}">
<label for="comment">Comment <span class="soft">(optional, the agent may see it)</span></label>
<textarea id="comment" name="comment" maxlength="${MAX_COMMENT}" rows="2"></textarea>
${whole ? null : html`<p class="note bad">Not everything could be shown, so this page can only deny.</p>`}
<p class="soft">You decide as <span class="name">${shown(shownText(approver))}</span>. An approval is for this exact call, once.</p>
<div class="actions">
<button class="stop" name="decision" value="deny">Deny</button>
${whole ? html`<button class="go" name="decision" value="approve">Approve</button>` : null}
</div>
</form>`;
}

/** Readable without the script too, in UTC. */
function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, ' UTC')}</time>`;
}
