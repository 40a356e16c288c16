import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';

export interface Listening {
  readonly url: URL;
  /** Sockets accepted so far. */
  readonly accepted: () => number;
  /** Sockets open now. */
  readonly open: () => number;
  close(): Promise<void>;
}

function listening(server: Server | TcpServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: new URL(`http://127.0.0.1:${port}/mcp`),
        accepted: () => accepted,
        open: () => sockets.size,
        close: () => new Promise((done) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => done());
        }),
      });
    });
  });
}

/** A node:http server. `keepAliveTimeout` 0 sends no hint and never closes. */
export function httpServer(listener: RequestListener, keepAliveTimeout = 60_000): Promise<Listening> {
  const server = createServer(listener);
  server.keepAliveTimeout = keepAliveTimeout;
  return listening(server);
}

/** A TCP server that answers with exactly the bytes that the test writes. */
export function rawServer(connection: (socket: Socket, number: number) => void): Promise<Listening> {
  let number = 0;
  return listening(createTcpServer((socket) => {
    number += 1;
    connection(socket, number);
  }));
}

/** Calls `request` once per complete HTTP/1.1 request on a raw socket, with its text. */
export function eachRequest(socket: Socket, request: (text: string, count: number) => void): void {
  let pending = '';
  let count = 0;
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    for (;;) {
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(pending.slice(0, head))?.[1] ?? 0);
      const end = head + 4 + length;
      if (pending.length < end) return;
      const text = pending.slice(0, end);
      pending = pending.slice(end);
      count += 1;
      request(text, count);
    }
  });
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export function json(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
