import type { IncomingMessage } from 'node:http';

/**
 * Headers whose repetition two parsers read differently: Node keeps the first of some and joins others, another parser may keep the
 * last (H2). A request that repeats one of them is refused.
 */
const SINGLE = new Set([
  'host', 'authorization', 'content-type', 'content-encoding', 'content-length', 'transfer-encoding', 'origin', 'last-event-id',
]);

/** Names that `Connection` may not declare hop-by-hop, because that would make a later proxy drop what we checked (attack 13). */
const PROTECTED = /^(?:mcp-.*|authorization|host|content-length|content-type|transfer-encoding|origin)$/;

export type HeadProblem = { readonly status: 400 | 431; readonly code: string; readonly text: string };

/** Longest value of an `Mcp-*` header (J8). */
const MAX_MCP_VALUE = 8 * 1024;

/** The head of a request, read from the raw header list. */
export class Head {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: string;
  readonly #values: ReadonlyMap<string, string>;

  private constructor(method: string, target: string, values: ReadonlyMap<string, string>) {
    const mark = target.indexOf('?');
    this.method = method;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
    this.#values = values;
  }

  /** The value of a header by lower-case name, or null. */
  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  /** Reads a head strictly. */
  static read(request: IncomingMessage): Head | HeadProblem {
    const target = request.url ?? '';
    if (!target.startsWith('/')) return { status: 400, code: 'bad_target', text: 'the request target must be a path' };
    const raw = request.rawHeaders;
    const values = new Map<string, string>();
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = (raw[index] ?? '').toLowerCase();
      const value = raw[index + 1] ?? '';
      const mcp = name.startsWith('mcp-');
      if (values.has(name) && (mcp || SINGLE.has(name))) return { status: 400, code: 'repeated_header', text: `the header ${name.slice(0, 64)} is repeated` };
      if (mcp && value.length > MAX_MCP_VALUE) return { status: 431, code: 'header_too_large', text: `the header ${name.slice(0, 64)} is longer than ${MAX_MCP_VALUE} bytes` };
      const before = values.get(name);
      values.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    const connection = values.get('connection');
    if (connection !== undefined && connection !== 'keep-alive' && connection.split(',').some((name) => PROTECTED.test(name.trim().toLowerCase()))) {
      return { status: 400, code: 'protected_header', text: 'the header connection names a header that may not be dropped' };
    }
    return new Head(request.method ?? '', target, values);
  }
}

/** The media type of a content type, lower case, without parameters. */
export function mediaType(value: string | null): string {
  return (value ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** True when the only charset that is named is UTF-8 (J1). */
export function isUtf8Charset(contentType: string): boolean {
  for (const parameter of contentType.split(';').slice(1)) {
    const [name, value] = parameter.split('=', 2);
    if (name?.trim().toLowerCase() === 'charset' && !/^"?utf-8"?$/i.test(value?.trim() ?? '')) return false;
  }
  return true;
}

/** True when `Accept` lists the type, or everything. Plain string work: regular expressions over this header have been attacked. */
export function accepts(accept: string | null, type: string): boolean {
  if (accept === null) return false;
  for (const part of accept.split(',', 64)) {
    const media = mediaType(part);
    if (media === type || media === '*/*') return true;
  }
  return false;
}
