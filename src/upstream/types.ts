import type { Message } from '../mcp/message.ts';
import type { AddressGuard } from './address-guard.ts';

/** How a stdio upstream is started. Comes from the operator's configuration only, never from a request (protocol.md D4). */
export interface CommandSpec {
  readonly command: readonly [string, ...string[]];
  /** Added to the explicit base environment (PATH, HOME, LANG, TMPDIR, ...: see base-environment.ts). */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  /** `run` wraps one server for one client in place of the client's own entry: it inherits the whole environment. */
  readonly inheritEnv: boolean;
}

/** An HTTP upstream. */
export interface HttpSpec {
  readonly url: URL;
  /** The gateway's own credentials for this upstream. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which addresses it may resolve to; absent for servers of gateway.yaml, which are the operator's own choice. */
  readonly guard?: AddressGuard;
  /** Gives each request an access token of the gateway's own, in place of any configured `Authorization`. */
  readonly authorize?: UpstreamAuthorizer;
}

/** The gateway's own access to a server that asks for OAuth. Shared by all connections to that server. */
export interface UpstreamAuthorizer {
  /** The value of `Authorization` for a request, at once where a token is at hand; or why there is none, and then nothing is sent. */
  header(): string | UpstreamFailure | Promise<string | UpstreamFailure>;
  /**
   * The server refused a request: 401, or 403 with `insufficient_scope`. In both cases it has processed nothing of it.
   * @param sent the `Authorization` that it was sent with
   * @param challenge value of `WWW-Authenticate`, null without one
   * @returns another `Authorization` that is worth one more try, or what to tell the caller
   */
  refused(sent: string, status: 401 | 403, challenge: string | null): Promise<string | UpstreamFailure>;
}

/** Why an upstream did not answer. `text` is safe to show to the client: no secret, no environment, no stack. */
export interface UpstreamFailure {
  readonly kind: 'cannot_start' | 'exited' | 'unreachable' | 'closed' | 'bad_response' | 'http_status' | 'session_expired' | 'timeout';
  readonly text: string;
  /** HTTP status, where there was one. */
  readonly status: number | null;
  /** False only when it is certain that the upstream never saw the request: a reserved amount or an approval may be given back. */
  readonly reached: boolean;
}

/**
 * One logical connection to one upstream: a child process (or a share in one), or an HTTP session. Messages are forwarded as
 * the bytes given; a link never judges and never edits what it carries, except the ids and progress tokens of a shared child.
 */
export interface UpstreamLink {
  readonly transport: 'stdio' | 'http';
  /**
   * Sends a message to the upstream, in order. Returns false when the caller should wait for `drain` before sending more.
   * A request that can never be answered is reported by `LinkObserver.failed`, never by an exception.
   */
  send(message: Message): boolean;
  /**
   * The client of a modern HTTP request went away (protocol.md M1), or a client cancelled: stop the exchange. stdio: a
   * `notifications/cancelled` with the upstream's id; HTTP modern: the response stream is closed. No message for that id is
   * delivered afterwards.
   * @param idKey `Message.idKey` of the request.
   */
  abort(idKey: string): void;
  /** Stops reading from the upstream until `resume` (backpressure, protocol.md T9). */
  pause(): void;
  resume(): void;
  /** Ends the connection: closes stdin, then SIGTERM, then SIGKILL of the process group; HTTP: DELETE of the session. */
  close(): Promise<void>;
}

export interface LinkObserver {
  /**
   * A message from the upstream, already scanned and classified. `requestKey` is the `idKey` of the request on whose response
   * stream it arrived, or null where the transport does not say (stdio, GET stream).
   */
  message(message: Message, requestKey: string | null): void;
  /** Bytes from the upstream that are not a JSON-RPC message; dropped, to be audited. `sample` is bounded and escaped. */
  garbage(code: string, sample: string): void;
  /** This request will never be answered. */
  failed(requestKey: string, failure: UpstreamFailure): void;
  /** The link is gone; every request still open has been reported by `failed` before. */
  closed(failure: UpstreamFailure | null): void;
  drain(): void;
}

