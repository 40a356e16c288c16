import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { program, repository, World } from '../e2e/world.ts';
import { BROWSER } from '../gateway/approval-http/browser.ts';

export { BROWSER };

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const EMAIL = 'ada@example.com';
export const PASSWORD = 'correct horse battery staple';
export const DEMO_SERVER = join(repository, 'examples/demo/server.mjs');
const TOKEN = `plg_${'A'.repeat(43)}`;

const CONFIG = `listen: 127.0.0.1:0
servers:
  images:
    command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(DEMO_SERVER)}]
policies:
  images: ./images.policy.yaml
grants:
  - label: demo-agent
    server: images
    policies: [images]
    token: ${TOKEN}
`;
const POLICY = `version: "1"
default: deny
tools:
  list_images: allow
  describe_image: allow
  delete_image:
    action: require_approval
    reason: Images of production are deleted by two eyes only
    approval: { timeout: 1800, wait: 1 }
`;

export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly where: string;
}

/** A real `serve` with what gateway.yaml can say, nobody signed in yet, and a real Chromium. */
export class GatewayInBrowser {
  readonly #world = new World();
  #browser!: Browser;
  #state: Awaited<ReturnType<BrowserContext['storageState']>> | undefined;
  url = '';
  /** The one-time link of the first start. */
  link = '';

  static async start(): Promise<GatewayInBrowser> {
    const gateway = new GatewayInBrowser();
    const world = gateway.#world;
    world.write('images.policy.yaml', POLICY);
    const child = world.start([program, 'serve', '--json', '--config', world.write('gateway.yaml', CONFIG), '--data', world.path('data')]);
    const line = await new Promise<string>((resolve, reject) => {
      let text = '';
      let errors = '';
      child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) resolve(text);
      });
      child.once('exit', () => reject(new Error(`serve did not start: ${errors}`)));
    });
    const greeting = JSON.parse(line) as { readonly url: string; readonly signIn: string };
    gateway.url = greeting.url;
    gateway.link = greeting.signIn;
    gateway.#browser = await chromium.launch({ executablePath: BROWSER ?? '', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
    return gateway;
  }

  /** A window of its own; signed in where somebody has signed in before. */
  async open(look: Partial<Look> = {}, signedIn = true): Promise<Page> {
    const { width = 1280, scheme = 'light' } = look;
    const context = await this.#browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: 'reduce', ...(signedIn && this.#state !== undefined ? { storageState: this.#state } : {}) });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    return page;
  }

  /** The session of this page is that of the pages that are opened from now on. */
  async keepSession(page: Page): Promise<void> {
    this.#state = await page.context().storageState();
  }

  /** Calls a tool as the agent of gateway.yaml does. @param body of `arguments`, as JSON text that reaches the gateway byte for byte */
  async call(name: string, body: string): Promise<string> {
    const meta = JSON.stringify({ 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${TOKEN}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name };
    const response = await fetch(`${this.url}/mcp/images`, { method: 'POST', headers, body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${body},"_meta":${meta}}}` });
    return response.text();
  }

  /** @returns processes that outlived it */
  async close(): Promise<readonly string[]> {
    await this.#browser.close();
    return this.#world.close();
  }
}

/** Collects what a page says that no page may say: errors on the console (breaches of the Content-Security-Policy among them) and exceptions. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
  return found;
}

/** Serious and critical findings of axe in what is shown now. */
export async function violations(page: Page): Promise<readonly Violation[]> {
  await page.evaluate(`if (!window.axe) { ${AXE} } 0`);
  const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ target }) => target.join(' ')).join(', ') })))")) as readonly Violation[];
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}

/** Waits until nothing loads any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('[aria-busy=true], .mantine-Skeleton-root').first().waitFor({ state: 'detached' });
}
