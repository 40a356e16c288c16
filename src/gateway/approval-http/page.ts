import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-style.ts';
import type { Shown } from './shown-json.ts';

/** HTML that has been escaped, or was written here. A type of its own, so that a plain text cannot be put into a page by mistake. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

type Part = Html | string | number | null | readonly Html[];

/** A template whose values are escaped unless they are HTML already. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  let out = texts[0] ?? '';
  values.forEach((value, index) => {
    out += value === null ? '' : value instanceof Html ? value.text : typeof value === 'object' ? value.map((one) => one.text).join('') : escape(String(value));
    out += texts[index + 1] ?? '';
  });
  return new Html(out);
}

/** What a person reads of a text that somebody else chose: escapes are marked, and the direction of one text cannot turn another. */
export function shown(pieces: readonly Shown[]): Html {
  return html`<bdi>${marked(pieces)}</bdi>`;
}

/**
 * The same for JSON. It runs from left to right whatever its names and strings hold, each of which is isolated from its surroundings by the
 * style: a right-to-left name would otherwise change places with the value behind it.
 */
export function shownCode(pieces: readonly Shown[]): Html {
  return html`<bdi dir="ltr">${marked(pieces)}</bdi>`;
}

function marked(pieces: readonly Shown[]): readonly Html[] {
  return pieces.map((piece) => {
    const text = piece.escaped ? html`<mark>${piece.text}</mark>` : html`${piece.text}`;
    return piece.kind === 'structure' ? text : html`<span class="${piece.kind === 'name' ? 'key' : 'text'}">${text}</span>`;
  });
}

const sourceHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${sourceHash(PAGE_STYLE)}; script-src ${sourceHash(PAGE_SCRIPT)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // Not no-referrer: a form would then be posted with `Origin: null`, which is refused.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
  'cache-control': 'no-store',
};

const SHIELD = new Html('<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M12 3l8 3v6c0 4.6-3.2 7.9-8 9-4.8-1.1-8-4.4-8-9V6z"/><path d="M8.5 12l2.5 2.5 4.5-5" stroke-linecap="round"/></svg>');

/** Sends one page. Nothing of it may be kept by a browser or a proxy. */
export function sendPage(response: ServerResponse, status: number, title: string, content: Html, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title} - PolicyLayer</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<main>
<header>${SHIELD}<span>PolicyLayer</span></header>
${content}
</main>
<script>${new Html(PAGE_SCRIPT)}</script>
</body>
</html>
`;
  const body = Buffer.from(page.text);
  response.writeHead(status, { ...HEADERS, 'content-length': body.length, ...headers });
  response.end(body);
}
