import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Head } from '../../gateway/http/head.ts';
import type { ControlServices } from '../api/services.ts';
import { cookieOf, Cookies } from '../auth/cookies.ts';
import { answer, problem } from '../page-reply.ts';
import { METADATA_PATH } from './client-metadata.ts';
import { flowCookieName } from './flow-cookie.ts';
import { OAuthProblem } from './problem.ts';

const NO_STORE = 'no-store';
/** Longer answers of authorization servers are none. */
const MAX_QUERY = 8_192;

/** The colours of the dashboard, to which this page leads. */
const STYLE = ':root{color-scheme:light dark}'
  + 'body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f4f5f7;color:#16181d;font:1rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}'
  + 'main{box-sizing:border-box;width:min(25rem,calc(100vw - 2rem));padding:2rem;border:1px solid #e2e4e8;border-radius:8px;background:#fcfcfb}'
  + 'h1{margin:0 0 .5rem;font-size:1.25rem}p{margin:0 0 1rem}p:last-child{margin:0}'
  + 'a{display:block;padding:.5rem 1rem;border-radius:8px;background:#2450c4;color:#fff;font-weight:600;text-align:center;text-decoration:none}a:focus-visible{outline:3px solid #2450c4;outline-offset:2px}'
  + '@media(prefers-color-scheme:dark){body{background:#191c22;color:#e9ebef}main{background:#111317;border-color:#2a2e36}a{background:#8fb2ff;color:#0c1730}a:focus-visible{outline-color:#8fb2ff}}';
const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The two addresses that authorization servers know: where people come back to, and what the gateway says of itself. */
export async function handleOAuthPage(head: Head, response: ServerResponse, services: ControlServices, requestId: string): Promise<void> {
  const oauth = services.upstreamOAuth;
  if (head.method !== 'GET' && head.method !== 'HEAD') return problem(response, 405, 'Method not allowed: GET is served here', { allow: 'GET, HEAD' });
  if (oauth === undefined) return problem(response, 404, 'Not found');
  if (head.path === METADATA_PATH) {
    const document = oauth.metadataDocument();
    if (document === null) return problem(response, 404, 'Not found: authorization servers reach this gateway by https only, and its public URL is another one');
    return answer(head, response, { type: 'application/json', text: JSON.stringify(document), cache: 'public, max-age=3600' });
  }
  // Only a GET ends a consent: previews and scanners ask by HEAD.
  if (head.method === 'HEAD') return problem(response, 405, 'Method not allowed: GET is served here', { allow: 'GET' });
  if (head.query.length > MAX_QUERY) return problem(response, 414, 'The answer of the authorization server is too long');
  const parameters = new URLSearchParams(head.query);
  const cookies = new Cookies(services.publicUrl());
  const name = flowCookieName(parameters.get('state') ?? '');
  const cookie = cookieOf(head.get('cookie'), cookies.name(name));
  if (cookie !== null) response.setHeader('set-cookie', cookies.set(name, '', 0, true));
  try {
    const { server, back } = await oauth.finish(parameters, cookie, requestId, response.req.socket.remoteAddress ?? null);
    page(head, response, 200, 'Access was given', `PolicyLayer can now call ${server}.`, back);
  } catch (error) {
    if (!(error instanceof OAuthProblem)) throw error;
    services.log(`OAuth callback refused: ${error.message} (request ${requestId})`);
    page(head, response, 400, 'Access was not given', `${error.message.slice(0, 1).toUpperCase()}${error.message.slice(1)}.`, '/servers');
  }
}

function page(head: Head, response: ServerResponse, status: number, title: string, text: string, back: string): void {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${escape(title)} - PolicyLayer</title><style>${STYLE}</style></head>`
    + `<body><main><h1>${escape(title)}</h1><p>${escape(text)}</p><p><a href="${escape(back)}">Back to the dashboard</a></p></main></body></html>\n`;
  answer(head, response, { type: 'text/html; charset=utf-8', text: html, cache: NO_STORE, style: STYLE_SOURCE }, status);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
