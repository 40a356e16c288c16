/** An MCP client over HTTP for measuring: one undici connection, `dispatch` without promises in between, JSON or SSE answers. */
import { Client } from 'undici';

const MODERN_META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}';

/** The JSON text of the first SSE event that answers `id`, or null. */
function fromEvents(text, id) {
  for (const event of text.split(/\r?\n\r?\n/)) {
    const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
    if (data !== '' && JSON.parse(data).id === id) return data;
  }
  return null;
}

export class HttpClient {
  /**
   * @param {{ url: string, headers?: Record<string, string>, modern?: boolean }} endpoint
   */
  constructor({ url, headers = {}, modern = false }) {
    const { origin, pathname } = new URL(url);
    this.client = new Client(origin, { pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
    this.path = pathname;
    this.modern = modern;
    this.sessionId = null;
    this.headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
    if (modern) this.headers['mcp-protocol-version'] = '2026-07-28';
  }

  /**
   * @param {{ method?: string, body?: string | null, headers?: Record<string, string> }} request
   * @param {(error: Error | null, status: number, headers: Record<string, string>, text: string) => void} done
   */
  exchange({ method = 'POST', body = null, headers }, done) {
    let status = 0;
    let type = {};
    const chunks = [];
    this.client.dispatch(
      { path: this.path, method, headers: headers === undefined ? this.headers : { ...this.headers, ...headers }, body },
      {
        onConnect() {},
        onHeaders(code, raw) {
          if (code < 200) return true;
          status = code;
          type = {};
          for (let i = 0; i < raw.length; i += 2) type[raw[i].toString('latin1').toLowerCase()] = raw[i + 1].toString('latin1');
          return true;
        },
        onData(chunk) {
          chunks.push(chunk);
          return true;
        },
        onComplete: () => done(null, status, type, chunks.length === 1 ? chunks[0].toString() : Buffer.concat(chunks).toString()),
        onError: (error) => done(error, 0, {}, ''),
      },
    );
  }

  /**
   * Sends one request and finds its answer.
   * @param {number} id must be new on this session
   * @param {string} method JSON-RPC method
   * @param {string} params members of `params` as JSON text, without the braces
   * @param {string | null} name what the `Mcp-Name` header says in the modern era
   * @param {(error: Error | null, answer: object | null, text: string) => void} done `answer` is the parsed response
   */
  request(id, method, params, name, done) {
    const members = this.modern ? (params === '' ? MODERN_META : `${params},${MODERN_META}`) : params;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${members}}}`;
    const headers = this.modern ? (name === null ? { 'mcp-method': method } : { 'mcp-method': method, 'mcp-name': name }) : undefined;
    this.exchange({ body, headers }, (error, status, type, text) => {
      if (error !== null) return done(error, null, '');
      if (method === 'initialize') this.sessionId = type['mcp-session-id'] ?? null;
      try {
        const json = type['content-type']?.startsWith('text/event-stream') ? fromEvents(text, id) : text;
        const answer = json === null || json === '' ? null : JSON.parse(json);
        if (status !== 200 || answer === null) return done(new Error(`HTTP ${status}: ${text.slice(0, 200)}`), answer, text);
        return done(null, answer, json);
      } catch (cause) {
        return done(cause, null, text);
      }
    });
  }

  ask(id, method, params = '', name = null) {
    return new Promise((resolve, reject) => {
      this.request(id, method, params, name, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  }

  /** Opens a legacy session (`initialize`, `notifications/initialized`), or joins one, or does nothing in the modern era. */
  async open(joinSession = null) {
    if (this.modern) return;
    if (joinSession === null) {
      const answer = await this.ask(0, 'initialize', '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}');
      if (answer.result?.protocolVersion !== '2025-11-25') throw new Error(`initialize answered ${JSON.stringify(answer).slice(0, 200)}`);
    } else {
      this.sessionId = joinSession;
    }
    this.headers['mcp-protocol-version'] = '2025-11-25';
    if (this.sessionId !== null) this.headers['mcp-session-id'] = this.sessionId;
    if (joinSession !== null) return;
    await new Promise((resolve, reject) => {
      this.exchange({ body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' }, (error, status, _type, text) => {
        if (error !== null) reject(error);
        else if (status !== 202 && status !== 200) reject(new Error(`notifications/initialized answered HTTP ${status}: ${text.slice(0, 200)}`));
        else resolve();
      });
    });
  }

  /** Ends the session with DELETE where there is one; resolves to the HTTP status, or 0. */
  delete() {
    if (this.sessionId === null) return Promise.resolve(0);
    return new Promise((resolve) => this.exchange({ method: 'DELETE' }, (_error, status) => resolve(status)));
  }

  async close({ endSession = true } = {}) {
    if (endSession) await this.delete();
    await this.client.destroy();
  }
}
