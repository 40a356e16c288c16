import type { Notification, Request, Response } from '../mcp/message.ts';
import { headerValue } from './content-type.ts';
import { isSessionId } from './http-headers.ts';
import type { ListenStream } from './listen-stream.ts';

/** Age from which on a session counts as one that worked. */
const SETTLED_MS = 5_000;

/** One session of a legacy HTTP upstream, opened by the client's own `initialize` (S25 lifecycle, transports#session-management). */
export class LegacySession {
  readonly initialize: Request;
  /** `Mcp-Session-Id`; null while unknown, and for servers that keep no session. */
  id: string | null = null;
  /** Version that the server chose in its result. */
  version: string | null = null;
  initialized: Notification | null = null;
  stream: ListenStream | null = null;
  #proven = false;
  readonly #since = performance.now();

  constructor(initialize: Request) {
    this.initialize = initialize;
  }

  /** Takes the session id from the head of the answer to `initialize`. */
  readHead(status: number, headers: readonly string[]): void {
    const id = status >= 200 && status < 300 ? headerValue(headers, 'mcp-session-id') : null;
    this.id = id !== null && isSessionId(id) ? id : null;
  }

  /** Takes the version from the answer to `initialize`. */
  readAnswer(response: Response): void {
    this.version = response.result?.get('protocolVersion')?.text() ?? null;
  }

  /** Notes that the server knows this session: that it does not, later, means that it expired. */
  prove(): void {
    this.#proven = true;
  }

  /** Whether a 404 is worth a new `initialize`. In a session that never worked it would only come again. */
  get renewable(): boolean {
    return this.initialized !== null && (this.#proven || performance.now() - this.#since > SETTLED_MS);
  }
}
