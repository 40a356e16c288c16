import { join } from 'node:path';
import { LiveGuard } from '../../control/config/live-guard.ts';
import type { AuthorizerOf, FileSide } from '../../control/config/types.ts';
import { EffectiveConfig } from '../../control/config/live-configuration.ts';
import { ControlPlane } from '../../control/control-plane.ts';
import { UpstreamOAuth } from '../../control/oauth/upstream-oauth.ts';
import { openSecretBox, type ManagedSecretBox } from '../../control/secrets/secret-box.ts';
import type { OwnPages, RunningGateway } from '../../gateway/serve.ts';
import type { State } from '../../state/types.ts';
import { packageRoot, version } from '../package-root.ts';
import { UsageError } from '../usage-error.ts';

export interface ControlOptions {
  readonly state: State;
  readonly file: FileSide;
  readonly env: NodeJS.ProcessEnv;
  /** Address of the gateway as people reach it, without a trailing slash. */
  readonly publicUrl: () => string;
  readonly log: (line: string) => void;
  readonly authorizerOf?: AuthorizerOf;
}

/** The configuration in force and the pages that change it. */
export interface ServedControl {
  readonly effective: EffectiveConfig;
  readonly plane: ControlPlane;
  /** The gateway has started: from here on changes reach it. */
  attach(gateway: RunningGateway): void;
}

/** @throws UsageError when the keys of the secrets cannot be used; StateUnavailable */
export async function openControl(options: ControlOptions): Promise<ServedControl> {
  const { state, file, log, publicUrl } = options;
  const box = openBox(options);
  const guard = new LiveGuard();
  const upstreamOAuth = new UpstreamOAuth({ registry: state.registry, secrets: box, guard: () => guard, publicUrl, log, changed: (server, { status, problem }) => log(`server ${server}: access by OAuth is ${status}${problem === null ? '' : ` (${problem})`}`) });
  const effective = await EffectiveConfig.open(file, {
    registry: state.registry, box, log, guard, authorizerOf: options.authorizerOf ?? (({ name, value, createdAt }) => (value.kind === 'http' ? upstreamOAuth.authorizer(name, new URL(value.url), createdAt) : null)),
  });
  let gateway: RunningGateway | null = null;
  const plane = new ControlPlane({
    state,
    registry: state.registry,
    config: () => effective.current.config,
    effective: () => effective.current,
    guard: effective.guard,
    owned: () => ownedBy(effective.current.file),
    refresh: () => effective.refresh(),
    stats: () => gateway?.stats() ?? { sessions: 0, children: 0, inFlight: 0, streams: 0 },
    health: (server) => gateway?.health(server) ?? null,
    publicUrl,
    secrets: box,
    upstreamOAuth,
    log,
    version: version(),
    now: () => Date.now(),
    webDirectory: join(packageRoot(), 'dist', 'web'),
  });
  return {
    effective,
    plane,
    attach: (running) => {
      gateway = running;
      effective.attach((config) => running.reload(config));
    },
  };
}

function openBox({ file, env }: ControlOptions): ManagedSecretBox {
  try {
    return openSecretBox({ dataDir: file.config.dataDir, env, keyFile: file.config.secretKeyFile ?? null });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the keys of the secrets cannot be read', 'see docs/credentials.md, "Keys"');
  }
}

function ownedBy(file: FileSide): { readonly servers: ReadonlySet<string>; readonly policies: ReadonlySet<string>; readonly grants: ReadonlySet<string> } {
  return { servers: new Set(file.config.servers.keys()), policies: new Set(file.policies.keys()), grants: new Set(file.config.grants.map(({ label }) => label)) };
}

/** Several rooms' pages on one listener; the first that owns a path has it. */
export function joinedPages(control: OwnPages, ...others: readonly OwnPages[]): OwnPages {
  const all = [control, ...others];
  return {
    owns: (path) => all.some((pages) => pages.owns(path)),
    handle: (head, request, response) => all.find((pages) => pages.owns(head.path))?.handle(head, request, response),
    ...(control.takesApprovals === undefined ? {} : { takesApprovals: control.takesApprovals }),
    ...(control.mayReadMetrics === undefined ? {} : { mayReadMetrics: (bearer) => control.mayReadMetrics?.(bearer) ?? false }),
    drain: () => {
      for (const pages of all) pages.drain?.();
    },
  };
}
