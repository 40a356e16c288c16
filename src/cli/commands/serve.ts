import { basename, relative, resolve } from 'node:path';
import { startGateway, type GatewayDeps, type RunningGateway } from '../../gateway/serve.ts';
import { databasePath, openState } from '../../state/open.ts';
import { StateUnavailable, type State } from '../../state/types.ts';
import type { GatewayConfig } from '../../gateway/config-types.ts';
import { cataloguePages } from '../catalogue/lazy-pages.ts';
import { formatAddress, parseListen } from '../config/listen-address.ts';
import { DEFAULT_CONFIG, findConfig } from '../config/locate.ts';
import { DEFAULT_OPERATIONS } from '../config/operations.ts';
import { dataDirectory } from '../data-directory.ts';
import { version } from '../package-root.ts';
import { readRunFile, removeRunFile, writeRunFile } from '../run-file.ts';
import { joinedPages, openControl } from '../serve/control.ts';
import { prepareDemo, type Demo } from '../serve/demo.ts';
import { greetingJson, greetingLines, type Started } from '../serve/greeting.ts';
import { ServeLog } from '../serve/log.ts';
import { openTracing } from '../serve/tracing.ts';
import { LiveConfiguration } from '../serve/live-gateway.ts';
import { endOnSignal } from '../signals.ts';
import { styleFor } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly demo?: boolean;
  readonly listen?: string;
  readonly data?: string;
  readonly insecureListen?: boolean;
  readonly json?: boolean;
  readonly logFormat?: string;
}

/** `policylayer serve`: runs until a signal. @returns the exit status @throws UsageError */
export async function serve(options: ServeOptions): Promise<number> {
  const { logFormat } = options;
  if (logFormat !== undefined && logFormat !== 'text' && logFormat !== 'json') throw new UsageError('--log-format is neither text nor json', 'write --log-format json');
  const logs = new ServeLog({ format: logFormat ?? 'text', level: 'info' });
  const log = logs.line;
  const listen = options.listen === undefined ? undefined : (parseListen(options.listen) ?? usage('--listen is not an address', 'write host:port, for example 127.0.0.1:4600'));
  if (options.demo === true && options.config !== undefined) throw new UsageError('--demo brings its own configuration', 'leave --config or --demo away');
  const demo = options.demo === true ? prepareDemo(dataDirectory(options.data)) : null;
  const path = demo?.config ?? findConfig(options.config);
  const dataDir = demo === null && path !== null ? (options.data === undefined ? undefined : resolve(options.data)) : dataDirectory(options.data);

  const live = new LiveConfiguration({ path, env: { ...process.env, ...demo?.env }, dataDir, listen, insecureListen: options.insecureListen === true, log });
  const loaded = await live.load();
  if (loaded === null) {
    await live.close();
    return 2;
  }
  const { config } = loaded;
  const { log: logConfig, drain, tracing } = config.operations ?? DEFAULT_OPERATIONS;
  logs.configure({ ...logConfig, ...(logFormat === undefined ? {} : { format: logFormat }) });
  const state = await open(config, log);
  const publicUrl = (): string => control.effective.current.config.approvals.publicUrl ?? `http://${formatAddress(gateway.address)}`;
  const control = await openControl({ state, file: loaded, env: process.env, publicUrl, log });
  const pages = joinedPages(control.plane, cataloguePages({ messages: state.messages, address: publicUrl, log }));
  const tracer = await openTracing(tracing, process.env, version());
  const gateway = await start(control.effective.current.config, { state, pages, log, observer: logs, ...(tracer === null ? {} : { tracer }) });
  control.attach(gateway);
  const url = `http://${formatAddress(gateway.address)}`;
  const startedAt = new Date().toISOString();
  const announce = (current: GatewayConfig): void =>
    writeRunFile(config.dataDir, { pid: process.pid, url, startedAt, version: version(), config: demo === null && path !== null ? resolve(path) : null, policies: policyIds(current) });
  announce(control.effective.current.config);
  const ended = endOnSignal(log);
  live.attach((next) => control.effective.replaceFile(next).then(() => announce(control.effective.current.config)));

  greet(options.json === true, {
    version: version(), pid: process.pid, url, config: control.effective.current.config, dashboard: publicUrl(), signIn: await control.plane.setupLink(), configPath: demo === null ? path : null, journal: databasePath(config.dataDir),
    tokens: tokensToShow(demo, config, loaded.minted), follow: followLine(options, demo === null ? path : null), tryIt: demo?.tryIt(url) ?? [],
  });
  await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
  await live.close();
  await control.effective.close();
  await gateway.close(drain.graceMs, drain.delayMs);
  await tracer?.close();
  await state.close();
  removeRunFile(config.dataDir, process.pid);
  process.exit(0);
}

function tokensToShow(demo: Demo | null, config: GatewayConfig, minted: readonly { readonly label: string; readonly token: string }[]): ReadonlyMap<string, string> {
  const tokens = new Map(minted.map(({ label, token }) => [label, token]));
  if (demo !== null) for (const grant of config.grants) tokens.set(grant.label, demo.token);
  return tokens;
}

function policyIds(config: GatewayConfig): string[] {
  return [...new Set(config.grants.flatMap((grant) => grant.policies.id.split('+')))].filter((id) => id !== '').sort();
}

/** How to read the journal of this gateway from the same directory, by the same program. */
function followLine(options: ServeOptions, path: string | null): string {
  const [, script = ''] = process.argv;
  const program = basename(script) === 'bin.mjs' ? `node ${relative(process.cwd(), script)}` : 'policylayer';
  const where = options.data !== undefined ? ` --data ${options.data}` : path === null || path === DEFAULT_CONFIG ? '' : ` --config ${path}`;
  return `${program} logs --follow${where}`;
}

function greet(json: boolean, started: Started): void {
  process.stdout.write(json ? `${JSON.stringify(greetingJson(started))}\n` : `${greetingLines(started, styleFor(process.stdout)).join('\n')}\n`);
}

async function open(config: GatewayConfig, log: (line: string) => void): Promise<State> {
  try {
    return await openState({
      path: databasePath(config.dataDir),
      logArguments: config.journal.arguments === 'values',
      // A hundred years stand for ever.
      retainDays: config.journal.retainDays ?? 36_500,
      onError: (error) => log(error.message),
    });
  } catch (error) {
    if (error instanceof StateUnavailable) throw new UsageError(error.message, 'try `policylayer doctor`');
    throw error;
  }
}

async function start(config: GatewayConfig, deps: GatewayDeps): Promise<RunningGateway> {
  try {
    return await startGateway(config, deps);
  } catch (error) {
    await deps.state.close();
    const code = (error as NodeJS.ErrnoException).code;
    const address = formatAddress(config.listen);
    const running = readRunFile(config.dataDir);
    if (code === 'EADDRINUSE') throw new UsageError(`${address} is in use${running?.url === `http://${address}` ? ` by a gateway that runs already (pid ${running.pid})` : ''}`, 'stop it, or choose another port with --listen');
    if (code === 'EACCES') throw new UsageError(`not permitted to listen on ${address}`, 'choose a port above 1023 with --listen');
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new UsageError(`this machine has no address ${config.listen.host}`, 'choose another one with --listen');
    throw error;
  }
}

function usage(message: string, help: string): never {
  throw new UsageError(message, help);
}
