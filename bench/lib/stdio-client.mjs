/** An MCP client over the stdio of a child process, for measuring: lines out, lines in, every answer matched to its request. */
import { start } from './processes.mjs';

export class StdioClient {
  /** @param {readonly string[]} command @param {Record<string, string>} env */
  constructor(command, env = {}) {
    this.child = start(command, { stdio: 'pipes', env });
    this.waiting = new Map();
    this.fragments = [];
    this.stray = 0;
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (chunk) => this.#read(chunk));
    this.child.stdout.on('error', () => {});
    this.child.ended.then((how) => this.#failAll(new Error(`the process ended with ${how}`)));
  }

  get pid() {
    return this.child.pid;
  }

  #failAll(error) {
    for (const done of this.waiting.values()) done(error, null, '');
    this.waiting.clear();
  }

  #read(chunk) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.fragments.push(chunk.subarray(from, end));
      const text = (this.fragments.length === 1 ? this.fragments[0] : Buffer.concat(this.fragments)).toString();
      this.fragments = [];
      from = end + 1;
      this.#line(text);
    }
    if (from < chunk.length) this.fragments.push(chunk.subarray(from));
  }

  #line(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.stray += 1;
      return;
    }
    const done = this.waiting.get(message.id);
    if (done === undefined) {
      if (message.method === undefined) this.stray += 1;
      return;
    }
    this.waiting.delete(message.id);
    done(null, message, text);
  }

  write(text) {
    this.child.stdin.write(`${text}\n`);
  }

  /**
   * As `HttpClient.request`; the name is not needed here.
   * @param {number} id
   * @param {string} method
   * @param {string} params
   * @param {string | null} _name
   * @param {(error: Error | null, answer: object | null, text: string) => void} done
   */
  request(id, method, params, _name, done) {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      done(new Error('the process has ended'), null, '');
      return;
    }
    this.waiting.set(id, done);
    this.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`);
  }

  ask(id, method, params = '') {
    return new Promise((resolve, reject) => {
      this.request(id, method, params, null, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  }

  async open() {
    const answer = await this.ask(0, 'initialize', '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}');
    if (answer.result?.protocolVersion !== '2025-11-25') throw new Error(`initialize answered ${JSON.stringify(answer).slice(0, 200)}`);
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }

  /** Closes stdin, as a client that is done does, and waits for the process to end by itself. Resolves to its exit code. */
  async close(timeoutMs = 5000) {
    this.child.stdin.end();
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs, 'late');
    });
    const how = await Promise.race([this.child.ended, late]);
    clearTimeout(timer);
    return how;
  }
}
