// A real gateway (`serve` of the build) with its dashboard in a real Chromium, for tests of pages.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

export const BIN = fileURLToPath(new URL('../../dist/bin.mjs', import.meta.url));
const PLACES = [process.env['POLICYLAYER_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Null where no browser is installed. */
export const CHROMIUM = PLACES.find((path) => path !== '' && existsSync(path)) ?? null;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Small enough for a line of YAML, with one tool of each class. */
export const BROKER = fileURLToPath(new URL('./broker-server.mjs', import.meta.url));

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of any form
  readonly body: any;
  readonly etag: string | null;
}

export class Dashboard {
  readonly base: string;
  readonly #process: ChildProcess;
  readonly #data: string;
  readonly browser: Browser;
  /** What the browser complained about: errors of scripts, of the policy for contents, of loading. */
  readonly complaints: string[] = [];
  #cookie = '';
  #csrf = '';
  #context: BrowserContext | null = null;

  private constructor(base: string, child: ChildProcess, data: string, browser: Browser) {
    this.base = base;
    this.#process = child;
    this.#data = data;
    this.browser = browser;
  }

  /** Starts the gateway on an empty data directory, and makes the first admin with the link that it prints. */
  static async start(): Promise<Dashboard> {
    const data = mkdtempSync(join(tmpdir(), 'policylayer-web-'));
    const port = await freePort();
    const child = spawn(process.execPath, [BIN, 'serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--json'], { cwd: data, stdio: ['ignore', 'pipe', 'pipe'] });
    const link = await setupLink(child);
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    const dashboard = new Dashboard(`http://127.0.0.1:${port}`, child, data, browser);
    await dashboard.api('POST', '/session/link', { secret: link, name: 'Anna Admin', email: 'anna@example.com', password: 'a long enough password' });
    return dashboard;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.#process.kill('SIGTERM');
    await new Promise((resolve) => this.#process.once('exit', resolve));
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** A call of the API as the admin, in a session of its own cookie. */
  async api(method: string, path: string, body?: unknown, version?: string | number | null): Promise<Answer> {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: { origin: this.base, cookie: this.#cookie, 'x-csrf-token': this.#csrf, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(version === undefined || version === null ? {} : { 'if-match': `"${version}"` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const cookie = response.headers.get('set-cookie');
    if (cookie !== null) this.#cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    const parsed: unknown = text === '' ? null : JSON.parse(text);
    const token = (parsed as { csrfToken?: unknown } | null)?.csrfToken;
    if (typeof token === 'string') this.#csrf = token;
    return { status: response.status, body: parsed, etag: response.headers.get('etag') };
  }

  /** A page with the admin signed in. The colours follow the system, which a test may change with `page.emulateMedia`. */
  async open(path: string): Promise<Page> {
    this.#context ??= await this.browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
    const at = this.#cookie.indexOf('=');
    await this.#context.addCookies([{ name: this.#cookie.slice(0, at), value: this.#cookie.slice(at + 1), url: this.base }]);
    // A browser has six connections for a host, and each page that a failed test left open holds one for its events.
    for (const left of this.#context.pages()) await left.close();
    const page = await this.#context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    await page.goto(`${this.base}${path}`);
    return page;
  }
}

/** Serious and critical faults of accessibility. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>("axe.run(document,{resultTypes:['violations']}).then(r=>r.violations.map(v=>({id:v.id,impact:v.impact,nodes:v.nodes.slice(0,3).map(n=>({html:n.html.slice(0,150)}))})))");
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

function setupLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += String(chunk);
      const link = /#link=([A-Za-z0-9_-]+)/.exec(text)?.[1];
      if (link !== undefined) resolve(link);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => reject(new Error(`the gateway ended: ${text}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
