import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Head } from '../gateway/http/head.ts';
import type { OwnPages } from '../gateway/serve.ts';
import type { Route } from './api/route.ts';
import type { ControlServices } from './api/services.ts';
import { makeSetupLink } from './auth/setup-link.ts';
import { isOAuthPage } from './oauth/client-metadata.ts';
import { WebFiles } from './web/web-files.ts';

export interface ControlPlaneOptions extends ControlServices {
  /** Folder of the dashboard's files (index.html, assets/); may be missing. */
  readonly webDirectory: string;
  /** Left out: all there are. */
  readonly routes?: readonly Route[];
}

/**
 * API and dashboard on a gateway's listener, which has checked Host and Origin. The API's code is loaded by its first request: the start of a
 * gateway does not wait for it.
 */
export class ControlPlane implements OwnPages {
  readonly takesApprovals = true;
  readonly #services: ControlServices;
  readonly #web: WebFiles;
  readonly #routes: readonly Route[] | null;
  #api: Promise<(head: Head, request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void>> | null = null;

  constructor(options: ControlPlaneOptions) {
    this.#services = options;
    this.#routes = options.routes ?? null;
    this.#web = new WebFiles(options.webDirectory);
  }

  /**
   * The one-time link that makes the first admin. A new start makes a new one, and the one before is void.
   * @returns null when somebody can sign in already @throws StateUnavailable
   */
  async setupLink(): Promise<string | null> {
    const secret = await makeSetupLink(this.#services);
    return secret === null ? null : `${this.#services.publicUrl()}/sign-in#link=${secret}`;
  }

  /** An API token of somebody who may see everything may read /metrics too. */
  async mayReadMetrics(bearer: string): Promise<boolean> {
    const { authenticate } = await import('./auth/authenticate.ts');
    try {
      const { caller } = await authenticate({ get: (name) => (name === 'authorization' ? `Bearer ${bearer}` : null) }, this.#services);
      return caller.can('read', null);
    } catch {
      return false;
    }
  }

  /** Streams of events end with a word, so that browsers come back to the next process. */
  drain(): void {
    // Nobody watches before the first call of the API.
    if (this.#api !== null) void import('./live/live.ts').then(({ liveOf }) => liveOf(this.#services).hub.end());
  }

  owns(path: string): boolean {
    return isApi(path) || isOAuthPage(path) || this.#web.owns(path);
  }

  handle(head: Head, request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomBytes(12).toString('base64url');
    const work = isApi(head.path) ? this.#call(head, request, response, requestId) : isOAuthPage(head.path) ? this.#oauthPage(head, response, requestId) : this.#web.handle(head, response);
    work.catch((error: unknown) => {
      this.#services.log(`control: ${head.method} failed (request ${requestId}): ${error instanceof Error ? (error.stack ?? error.message) : 'not an Error'}`);
      if (response.headersSent) return void response.destroy();
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close', 'x-request-id': requestId });
      response.end('That did not work here; the log of the gateway says more.\n');
    });
  }

  async #oauthPage(head: Head, response: ServerResponse, requestId: string): Promise<void> {
    const { handleOAuthPage } = await import('./oauth/callback-pages.ts');
    await handleOAuthPage(head, response, this.#services, requestId);
  }

  async #call(head: Head, request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    this.#api ??= this.#load();
    return (await this.#api)(head, request, response, requestId);
  }

  async #load(): Promise<(head: Head, request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void>> {
    const [{ apiApp }, { bridge }, { routes }] = await Promise.all([import('./api/app.ts'), import('./api/bridge.ts'), import('./routes/index.ts')]);
    const app = apiApp(this.#routes ?? routes, this.#services);
    return (head, request, response, requestId) => bridge(app, head, request, response, requestId);
  }
}

function isApi(path: string): boolean {
  return path === '/api' || path.startsWith('/api/');
}
