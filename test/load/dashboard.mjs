/** Somebody with the dashboard open: signs in with the link of the first start, asks for the overview now and then, and listens to the events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';

export class Dashboard {
  #base;
  #cookie = null;
  #lastId = null;
  #ended = false;
  #abort = new AbortController();
  rows = new Set();
  figures = { events: 0, opened: 0, dropped: 0, ended: 0, gaps: 0, outOfOrder: 0, overviews: 0, errors: [] };

  constructor(base) {
    this.#base = base;
  }

  /** @param {string} link of the greeting */
  async signIn(link) {
    const secret = new URL(link).hash.replace('#link=', '');
    const response = await fetch(`${this.#base}/api/v1/session/link`, {
      method: 'POST', headers: { 'content-type': 'application/json', origin: this.#base }, body: JSON.stringify({ secret, name: 'Load', email: 'load@example.com', password: 'a-password-of-the-load-test-9' }),
    });
    if (response.status !== 200) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
    this.#cookie = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
  }

  /** Listens until `close`, and comes back whenever it is sent away. */
  async listen() {
    while (!this.#ended) {
      try {
        await this.#stream();
      } catch (error) {
        if (!this.#ended && !/fetch failed|terminated|other side closed|ECONN/.test(`${error.message} ${error.cause?.message ?? ''} ${error.cause?.code ?? ''}`)) this.figures.errors.push(String(error.message));
      }
      if (!this.#ended) await sleep(250);
    }
  }

  async watchOverview(everyMs) {
    while (!this.#ended) {
      try {
        const response = await fetch(`${this.#base}/api/v1/overview`, { headers: { cookie: this.#cookie }, signal: this.#abort.signal });
        await response.arrayBuffer();
        if (response.status === 200) this.figures.overviews += 1;
        else if (response.status !== 503) this.figures.errors.push(`overview: HTTP ${response.status}`);
      } catch {
        // The gateway is away for a moment.
      }
      await sleep(everyMs, undefined, { ref: false });
    }
  }

  async #stream() {
    const response = await fetch(`${this.#base}/api/v1/events`, { headers: { cookie: this.#cookie, ...(this.#lastId === null ? {} : { 'last-event-id': this.#lastId }) }, signal: this.#abort.signal });
    if (response.status !== 200) {
      await response.arrayBuffer();
      if (response.status !== 503) this.figures.errors.push(`events: HTTP ${response.status}`);
      return;
    }
    this.figures.opened += 1;
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  #take(block) {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    if (event === undefined) return;
    this.figures.events += 1;
    if (event === 'dropped') this.figures.dropped += 1;
    if (event === 'gap') this.figures.gaps += 1;
    if (event === 'end') this.figures.ended += 1;
    if (event !== 'call') return;
    const id = /^id: (\d+)$/m.exec(block)?.[1];
    if (id !== undefined) {
      if (this.#lastId !== null && Number(id) <= Number(this.#lastId)) this.figures.outOfOrder += 1;
      this.#lastId = id;
    }
    this.rows.add(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}').id);
  }

  close() {
    this.#ended = true;
    this.#abort.abort();
  }
}
