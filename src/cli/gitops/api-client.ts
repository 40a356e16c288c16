import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isLoopback } from '../../gateway/checks/loopback.ts';
import { locate } from '../config/locate.ts';
import { readRunFile } from '../run-file.ts';
import { UsageError } from '../usage-error.ts';

const MAX_ANSWER = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

export interface ApiOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly allowHttp?: boolean;
  readonly config?: string;
  readonly data?: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; null when it is none. */
  readonly body: unknown;
}

/** One gateway's API, with a token. */
export interface Api {
  readonly url: string;
  /** @param path below /api/v1 @throws UsageError when there is no answer */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ApiAnswer>;
}

/** Finds gateway and token. @throws UsageError */
export async function openApi(options: ApiOptions, env: NodeJS.ProcessEnv = process.env): Promise<Api> {
  const base = await baseUrl(options, env);
  const token = readToken(options, env);
  return { url: base.href.replace(/\/$/, ''), call: (method, path, body) => send(base, token, method, path, body) };
}

async function baseUrl(options: ApiOptions, env: NodeJS.ProcessEnv): Promise<URL> {
  const text = options.url ?? env['POLICYLAYER_URL'] ?? readRunFile((await locate(options)).dataDir)?.url;
  if (text === undefined) throw new UsageError('no gateway was named, and none runs here', 'add --url https://gateway.example.com, or set POLICYLAYER_URL');
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new UsageError('the address of the gateway is not a URL', 'write https://host, or http://host:port of this machine');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw new UsageError('the address of the gateway holds a user name or password', 'the token comes from POLICYLAYER_API_TOKEN or --token-file');
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, '')) && options.allowHttp !== true) {
    throw new UsageError('the token would travel in the clear to another machine', 'use https://, or add --allow-http where the network between is your own');
  }
  return url;
}

/** A token on the command line could be read by every user of the machine. */
function readToken(options: ApiOptions, env: NodeJS.ProcessEnv): string {
  const text = options.tokenFile === undefined ? env['POLICYLAYER_API_TOKEN'] : tokenOf(options.tokenFile);
  if (text === undefined || text.trim() === '') {
    throw new UsageError(options.tokenFile === undefined ? 'there is no API token' : `${options.tokenFile} is empty`, 'make one in the dashboard under Tokens, and set POLICYLAYER_API_TOKEN or add --token-file FILE');
  }
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new UsageError('the API token holds a character that a token cannot have', 'copy it again; it begins with pla_');
  return token;
}

/** Secrets that are mounted into a container are links, and belong to others: whoever names the file vouches for it. */
function tokenOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, 'name a file that holds the API token');
  }
}

function send(base: URL, token: string, method: string, path: string, body: unknown): Promise<ApiAnswer> {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v1${path}`, base);
  const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void => reject(new UsageError(`the gateway at ${base.origin} does not answer: ${reason}`, 'check --url, and whether it runs with `policylayer status`'));
    const sent = request(url, {
      method, timeout: TIMEOUT_MS, agent: false,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...(bytes === null ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }) },
    }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER) sent.destroy(new Error('its answer is too large'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) }));
      response.on('error', (error) => failed(error.message));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', (error: NodeJS.ErrnoException) => failed(error.code ?? error.message));
    sent.end(bytes ?? undefined);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
