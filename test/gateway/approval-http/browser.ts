import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';

/** A browser of this machine, or null. */
export const BROWSER: string | null = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name)))
  .find((path) => existsSync(path)) ?? null;

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string }; readonly entry?: { readonly level: string; readonly text: string } };
  readonly result?: Record<string, unknown>;
}

/** One page of a real browser without a window. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  #socket!: WebSocket;
  #next = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  /** Addresses that the page asked for. */
  readonly requests: string[] = [];
  /** What the browser complained of: a script that its policy forbids, say. */
  readonly complaints: string[] = [];
  #loads = 0;

  private constructor(path: string) {
    this.#profile = mkdtempSync(join(tmpdir(), 'policylayer-browser-'));
    this.#child = spawn(path, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0', `--user-data-dir=${this.#profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  }

  static async open(path: string): Promise<Browser> {
    const browser = new Browser(path);
    const base = await new Promise<string>((resolve) => {
      let text = '';
      browser.#child.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const match = /ws:\/\/(127\.0\.0\.1:\d+)\//.exec(text);
        if (match?.[1] !== undefined) resolve(match[1]);
      });
    });
    const targets = (await (await fetch(`http://${base}/json`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
    browser.#socket = new WebSocket(targets.find((target) => target.type === 'page')?.webSocketDebuggerUrl ?? '');
    await new Promise((resolve) => browser.#socket.addEventListener('open', resolve));
    browser.#socket.addEventListener('message', (event) => browser.#take(JSON.parse(String(event.data)) as Reply));
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.#send(`${domain}.enable`);
    return browser;
  }

  #take(reply: Reply): void {
    if (reply.id !== undefined) {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    } else if (reply.method === 'Page.loadEventFired') {
      this.#loads += 1;
    } else if (reply.method === 'Network.requestWillBeSent') {
      this.requests.push(reply.params?.request?.url ?? '');
    } else if (reply.method === 'Log.entryAdded') {
      if (reply.params?.entry?.level === 'error') this.complaints.push(reply.params.entry.text);
    }
  }

  #send(method: string, params: Record<string, unknown> = {}): Promise<Reply> {
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    return (result?.['result'] as { value?: unknown } | undefined)?.value;
  }

  /** Goes to an address, or does something that loads a page, and waits until the expression is true there. */
  async until(act: string | { readonly script: string }, expression: string): Promise<void> {
    const before = this.#loads;
    if (typeof act === 'string') await this.#send('Page.navigate', { url: act });
    else await this.evaluate(act.script);
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.#loads > before && (await this.evaluate(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the page never came to ${expression}`);
  }

  /** Sets the size of the window, in CSS pixels, and the colours that the system prefers. */
  async appearance(width: number, height: number, scheme: 'light' | 'dark'): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    // A window that nobody looks at has no focus.
    await this.#send('Emulation.setFocusEmulationEnabled', { enabled: true });
  }

  /** Runs a script in every page before its own. */
  async before(script: string): Promise<void> {
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: script });
  }

  /** A picture of the whole page, PNG. */
  async picture(): Promise<Buffer> {
    const { result } = await this.#send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    return Buffer.from(String(result?.['data'] ?? ''), 'base64');
  }

  async scripts(enabled: boolean): Promise<void> {
    await this.#send('Emulation.setScriptExecutionDisabled', { value: !enabled });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    // The whole group: helpers that outlive the browser go on writing into its profile.
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    await ended;
    for (let left = 50; left > 0; left -= 1) {
      try {
        return rmSync(this.#profile, { recursive: true, force: true });
      } catch (error) {
        if (left === 1) throw error;
        await sleep(100);
      }
    }
  }
}
