import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';

/** The official clients: SDK 1.x, and SDK 2.x in either era. */
export type ClientLine = 'sdk1' | 'sdk2-legacy' | 'sdk2-modern';
export const CLIENT_LINES: readonly ClientLine[] = ['sdk1', 'sdk2-legacy', 'sdk2-modern'];

/** Where a client connects: a command on stdio, or a URL with a bearer token. */
export type Address =
  | { readonly command: readonly string[]; readonly env: Record<string, string>; readonly cwd: string }
  | { readonly url: string; readonly token: string };

export interface Decision {
  readonly code: string;
  readonly rule: string;
  readonly policy: string;
  readonly decisionId: string;
  readonly retryAfterMs: number | null;
  readonly approval: null;
}

export interface Answer {
  readonly isError: boolean;
  readonly text: string;
  readonly decision: Decision | null;
  /** A JSON-RPC error, which the SDKs throw. */
  readonly error: { readonly code: number; readonly message: string; readonly data: unknown } | null;
}

/** One connected client, with the same face for all three lines. */
export interface Session {
  /** Process id of the command, or null over HTTP. */
  readonly pid: number | null;
  /** The definitions that the client was shown. */
  list(): Promise<{ readonly name: string }[]>;
  call(name: string, args?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

interface AnyClient {
  connect(transport: never): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  close(): Promise<void>;
}

/** Connects a client of this line. */
export async function connect(line: ClientLine, address: Address): Promise<Session> {
  const info = { name: `e2e-${line}`, version: '1.0.0' };
  const client: unknown = line === 'sdk1' ? new Client1(info) : new Client2(info, { versionNegotiation: { mode: line === 'sdk2-legacy' ? 'legacy' : { pin: '2026-07-28' } } });
  const transport = transportFor(line, address);
  await (client as AnyClient).connect(transport as never);
  return faceOf(client as AnyClient, transport);
}

function transportFor(line: ClientLine, address: Address): Stdio1 | Http1 | Stdio2 | Http2 {
  if ('url' in address) {
    const options = { requestInit: { headers: { Authorization: `Bearer ${address.token}` } } };
    return line === 'sdk1' ? new Http1(new URL(address.url), options) : new Http2(new URL(address.url), options);
  }
  const [command = '', ...args] = address.command;
  const parameters = { command, args, env: address.env, cwd: address.cwd, stderr: 'ignore' as const };
  return line === 'sdk1' ? new Stdio1(parameters) : new Stdio2(parameters);
}

function faceOf(client: AnyClient, transport: object): Session {
  return {
    pid: (transport as { pid?: number | null }).pid ?? null,
    list: async () => (await client.listTools()).tools,
    call: async (name, args = {}) => {
      try {
        return readResult(await client.callTool({ name, arguments: args }));
      } catch (error) {
        const { code, message, data } = error as { code: number; message: string; data?: unknown };
        return { isError: true, text: '', decision: null, error: { code, message, data } };
      }
    },
    close: async () => {
      if ('terminateSession' in transport) await (transport as Http1).terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

function readResult(result: unknown): Answer {
  const { content, isError, _meta } = result as { content: { text?: string }[]; isError?: boolean; _meta?: Record<string, Decision> };
  return { isError: isError === true, text: content.map((part) => part.text ?? '').join(''), decision: _meta?.['policylayer/decision'] ?? null, error: null };
}
