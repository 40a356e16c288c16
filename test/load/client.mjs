/** One client of the gateway: it calls at a steady pace, remembers what became of every call, and comes back when the gateway was gone. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const META = { 'io.modelcontextprotocol/protocolVersion': MODERN, 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'load', version: '1' } };
const DECISION = 'policylayer/decision';

export class LoadClient {
  #url;
  #token;
  #era;
  #dispatcher;
  #name;
  #session = null;
  #sent = 0;

  /** @param {{ url: string, token: string, era: 'modern' | 'legacy', dispatcher: import('undici').Dispatcher, tally: Tally }} options `url` of the proxy */
  constructor({ url, token, era, dispatcher, tally }) {
    this.#url = url;
    this.#token = token;
    this.#era = era;
    this.#dispatcher = dispatcher;
    this.tally = tally;
    this.#name = randomBytes(6).toString('hex');
  }

  /** Calls until told to stop. @param {() => boolean} running @param {number} pauseMs between two calls, on average */
  async run(running, pauseMs) {
    await sleep(Math.random() * pauseMs);
    while (running()) {
      await this.#call();
      await sleep(pauseMs * (0.5 + Math.random()));
    }
    await this.#leave();
  }

  async #call() {
    this.#sent += 1;
    const id = `${this.#name}-${this.#sent}`;
    // Most of them read; some are counted until their limit is used up, some are denied.
    const draw = Math.random();
    const name = draw < 0.6 ? 'read_item' : draw < 0.75 ? 'write_item' : draw < 0.9 ? 'limited_item' : 'delete_item';
    const started = performance.now();
    try {
      if (this.#era === 'legacy' && this.#session === null) await this.#open();
      const params = { name, arguments: { id, text: 'some text of an ordinary length' }, ...(this.#era === 'modern' ? { _meta: META } : {}) };
      const headers = this.#era === 'modern' ? { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': name } : this.#sessionHeaders();
      const { status, message } = await this.#post({ jsonrpc: '2.0', id, method: 'tools/call', params }, headers);
      this.tally.latency(performance.now() - started);
      if (status === 404 && this.#era === 'legacy') {
        this.#session = null;
        return this.tally.lost(id, 'session gone');
      }
      const decision = message?.result?._meta?.[DECISION] ?? message?.error?.data ?? null;
      if (status === 200 && message?.result !== undefined && message.result.isError !== true) this.tally.answered(id);
      else if (decision?.decisionId !== undefined) this.tally.refused(id, decision.decisionId, decision.code);
      else this.tally.lost(id, `HTTP ${status}: ${JSON.stringify(message ?? null).slice(0, 200)}`);
    } catch (error) {
      this.tally.lost(id, error.code ?? error.message);
      this.#session = null;
      await sleep(100 + Math.random() * 200);
    }
  }

  #sessionHeaders() {
    return { 'mcp-session-id': this.#session, 'mcp-protocol-version': LEGACY };
  }

  async #open() {
    const answer = await this.#post({ jsonrpc: '2.0', id: `${this.#name}-open-${this.#sent}`, method: 'initialize', params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'load', version: '1' } } });
    if (answer.session === null) throw new Error(`no session: HTTP ${answer.status}`);
    this.#session = answer.session;
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' }, this.#sessionHeaders());
  }

  async #leave() {
    if (this.#session === null) return;
    try {
      const { body } = await request(this.#url, { method: 'DELETE', headers: { authorization: `Bearer ${this.#token}`, ...this.#sessionHeaders() }, dispatcher: this.#dispatcher });
      await body.dump();
    } catch {
      // The gateway is gone, and the session with it.
    }
  }

  async #post(message, headers = {}) {
    const { statusCode, headers: answered, body } = await request(this.#url, {
      method: 'POST', dispatcher: this.#dispatcher, body: JSON.stringify(message), bodyTimeout: 30_000, headersTimeout: 30_000,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${this.#token}`, ...headers },
    });
    const text = await body.text();
    const data = text.startsWith('{') ? text : (text.split('\n').findLast((line) => line.startsWith('data: {'))?.slice(6) ?? null);
    return { status: statusCode, session: answered['mcp-session-id'] ?? null, message: data === null ? null : JSON.parse(data) };
  }
}

/** What all clients saw. */
export class Tally {
  answeredIds = new Set();
  /** Id of the call by the id of the journal row that refused it. */
  refusedRows = new Map();
  lostIds = new Map();
  codes = {};
  #latencies = [];
  #seen = 0;

  answered(id) {
    this.answeredIds.add(id);
  }

  refused(id, row, code) {
    this.refusedRows.set(row, id);
    this.codes[code] = (this.codes[code] ?? 0) + 1;
  }

  lost(id, why) {
    this.lostIds.set(id, why);
  }

  /** A sample of all latencies that does not grow. */
  latency(ms) {
    this.#seen += 1;
    if (this.#latencies.length < 50_000) this.#latencies.push(ms);
    else this.#latencies[Math.floor(Math.random() * this.#seen) % 50_000] = ms;
  }

  percentiles() {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (part) => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 100) / 100;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}
