import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { ParamHeaders } from '../mcp/param-headers.ts';
import type { PolicySet } from '../policy/types.ts';
import type { State } from '../state/types.ts';
import type { CommandSpec, HttpSpec, UpstreamFailure, UpstreamLink } from '../upstream/types.ts';
import { StdioLink } from '../upstream/stdio-link.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS, type WireLimits } from '../wire/limits.ts';
import { LOCAL_DESK } from './approvals/desk.ts';
import { changedLists } from './changed-lists.ts';
import { Conversation } from './conversation.ts';
import { DeferredState } from './deferred-state.ts';
import { ToolPins, type DriftMode } from './pins/tool-pins.ts';
import { Principal } from './principal.ts';
import { StdioFront } from './stdio-front.ts';
import { ToolClassifier } from './tool-classifier.ts';
import { upstreamTarget } from './upstream-target.ts';

export interface RunOptions {
  /** Name of the upstream in counters and journal. */
  readonly server: string;
  /** Name of this client in counters and journal; limits `per: grant` hold across all processes of one label. */
  readonly label: string;
  readonly policies: PolicySet;
  /** Calls back with a new set after each valid edit; returns a function that ends the watching. */
  readonly watch: (changed: (policies: PolicySet) => void) => () => void;
  readonly upstream: { readonly kind: 'command'; readonly spec: CommandSpec } | { readonly kind: 'http'; readonly spec: HttpSpec };
  readonly bridge: boolean;
  /** Annotations of the upstream may lower a class. */
  readonly trustedAnnotations: boolean;
  /** What becomes of tools whose definition changed for the worse. */
  readonly drift: DriftMode;
  readonly openState: () => Promise<State>;
  readonly keepArguments: boolean;
  readonly input: Readable;
  readonly output: Writable;
  /** The upstream's stderr goes here as it is; our own lines too. */
  readonly errors: Writable;
  readonly log: (line: string) => void;
  /** Ends the run, e.g. on SIGTERM. */
  readonly signal: AbortSignal;
  readonly limits?: { readonly client: WireLimits; readonly upstream: WireLimits };
}

/** The journal is opened, and what compares lists loaded, this long after the start even when nothing has needed it: a broken one is reported early, and the first list waits for less. */
const OPEN_STATE_MS = 400;

/**
 * Wraps one upstream for one client on stdio (product.md, `run`).
 * @returns the exit status: the upstream's own, 1 when it failed, 0 after the client left
 */
export async function runStdio(options: RunOptions): Promise<number> {
  const limits = options.limits ?? { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS };
  const state = new DeferredState(() => openBatched(options), options.log);
  const principal = new Principal(options.label, options.server, options.policies);
  const pins = new ToolPins({ server: options.server, mode: options.drift, trusted: options.trustedAnnotations, state, ready: () => state.ready(), log: options.log });
  let link: UpstreamLink | null = null;
  const conversation = new Conversation({
    gateway: {
      state, ready: () => state.ready(), keepArguments: options.keepArguments, log: options.log, approvals: LOCAL_DESK, upstream: upstreamTarget(options.upstream), now: () => Date.now(),
      classifier: new ToolClassifier({ server: options.server, trusted: options.trustedAnnotations }),
      pins,
    },
    principal,
    transport: 'stdio',
    session: randomUUID(),
    stateful: true,
    directory: principal.directory,
    sendOwn: (message) => void link?.send(message),
    toClient: (_requestKey, bytes) => front.notify(bytes),
  });
  const front: StdioFront = new StdioFront({ input: options.input, output: options.output, conversation, limits: limits.client });
  const unsubscribe = principal.subscribe((next, previous) => {
    if (conversation.version === null) return;
    for (const list of changedLists(next, previous)) front.notify(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`));
  });
  const unpin = pins.subscribe(() => {
    if (conversation.version !== null) front.notify(Buffer.from('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'));
  });
  const unwatch = options.watch((policies) => principal.swap(policies));
  const early = setTimeout(() => {
    void state.ready();
    // A failure is told to the first list or call that needs it.
    void pins.ready()?.catch(() => undefined);
  }, OPEN_STATE_MS);
  early.unref();

  const connected = await connect(options, front, limits.upstream, (name) => principal.directory.get(name)?.headers ?? null);
  link = connected.link;
  options.signal.addEventListener('abort', () => void connected.link.close(), { once: true });
  if (options.signal.aborted) void connected.link.close();
  const failure = await front.run(link);

  clearTimeout(early);
  unwatch();
  unsubscribe();
  unpin();
  await flushed(options.output);
  await state.close();
  return connected.exitStatus(failure);
}

/** Loaded with the database, not before: see test/walls/stdio-bundle.test.ts. */
async function openBatched(options: RunOptions): Promise<State> {
  const [state, { batched }] = await Promise.all([options.openState(), import('../state/batched-admissions.ts')]);
  return batched(state);
}

interface Connected {
  readonly link: UpstreamLink;
  exitStatus(failure: UpstreamFailure | null): number;
}

type HeadersOf = (tool: string) => ParamHeaders | null;

async function connect(options: RunOptions, front: StdioFront, limits: WireLimits, headersOf: HeadersOf): Promise<Connected> {
  const { upstream } = options;
  if (options.bridge) {
    const { bridgedLink } = await import('./bridge/bridged-link.ts');
    return { link: await bridgedLink(upstream, front, { limits, headersOf, stderr: (chunk: Buffer) => void options.errors.write(chunk), log: options.log }), exitStatus: (failure: UpstreamFailure | null) => report(failure, options) };
  }
  if (upstream.kind === 'http') {
    const { openHttpLink } = await import('./open-http-link.ts');
    return { link: openHttpLink(upstream.spec, front, { limits, headersOf }), exitStatus: (failure) => report(failure, options) };
  }
  const link = new StdioLink(upstream.spec, front, { limits, stderr: (chunk) => void options.errors.write(chunk) });
  return {
    link,
    exitStatus: (failure) => {
      if (link.exit === null || link.exit.error !== null) return report(failure, options);
      if (link.exit.signal !== null) return failure === null ? 0 : report(failure, options);
      return link.exit.code ?? 0;
    },
  };
}

function report(failure: UpstreamFailure | null, options: RunOptions): number {
  if (failure === null) return 0;
  options.log(failure.text);
  return 1;
}

/** Resolves when everything written has left, or after a second when the reader is gone. */
function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (output.writableLength === 0 || output.destroyed) return resolve();
    const timer = setTimeout(resolve, 1_000);
    output.once('drain', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
