import { quoted } from '../../policy/printable.ts';
import { isLoopback } from './loopback.ts';

/** Headers that the transport, the protocol or HTTP itself sets; a configured one would contradict it. */
const RESERVED_HEADERS = new Set([
  'host', 'content-length', 'content-type', 'content-encoding', 'accept', 'accept-encoding', 'connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade',
  'last-event-id',
]);

export type UpstreamUrl =
  | { readonly ok: true; readonly url: URL; /** Plain HTTP to another machine. */ readonly inTheClear: boolean }
  | { readonly ok: false; readonly problem: string; readonly expected: string; readonly help: string | null; /** The text must not be shown. */ readonly secret: boolean };

/** Reads the address of an HTTP upstream. `problem` continues a sentence that begins with the name of the field. */
export function readUpstreamUrl(text: string): UpstreamUrl {
  const expected = 'https://host/path, or http:// for this machine';
  const refused = (problem: string, help: string | null = null, secret = false): UpstreamUrl => ({ ok: false, problem, expected, help, secret });
  if (!URL.canParse(text)) return refused('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refused('has a scheme that is not HTTP');
  if (url.username !== '' || url.password !== '') return refused('holds a user name or password', 'use headers: { Authorization: "Bearer ${NAME}" }', true);
  if (url.hash !== '') return refused('has a fragment, which is never sent', 'remove the part from # on');
  return { ok: true, url, inTheClear: url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, '')) };
}

/** What is wrong with a header that an operator configures for an upstream, or null. The value appears in no message. */
export function headerProblem(name: string, value: string): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `${quoted(name)} cannot be the name of a header`;
  const lower = name.toLowerCase();
  if (RESERVED_HEADERS.has(lower) || lower.startsWith('mcp-') || lower.startsWith('proxy-')) return `header ${quoted(name)} is set by the transport and cannot be configured`;
  // Printable ASCII and tab: anything else could end the header or be read differently behind us.
  if (!/^[\t\x20-\x7e]*$/.test(value)) return `the value of header ${quoted(name)} holds a character that headers cannot carry`;
  return null;
}
