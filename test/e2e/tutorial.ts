import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalRow } from '../../src/state/types.ts';
import { program, repository } from './world.ts';

/** One thing that an agent did, as the example notes it. */
export interface Step {
  readonly agent: string;
  /** The tools that it was shown; then there is no call. */
  readonly list?: readonly string[];
  readonly tool?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly isError?: boolean;
  readonly text?: string;
  readonly decision?: { readonly code: string; readonly rule: string; readonly retryAfterMs: number | null } | null;
  readonly error?: { readonly code: number; readonly message: string } | null;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What one run of an example left in its folder. */
export interface Kept {
  readonly steps: readonly Step[];
  /** What arrived at the MCP server. */
  readonly calls: readonly { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> }[];
  /** What arrived at AWS. */
  readonly aws: readonly { readonly method: string; readonly path: string; readonly action: string | null; readonly body: string }[];
  /** Lines of the local AWS's own log: method and path of requests, also to services that it does not have. */
  readonly awsLog: readonly string[];
  /** What arrived at RabbitMQ. */
  readonly broker: readonly { readonly method: string; readonly path: string }[];
  readonly journal: readonly JournalRow[];
}

/** Runs examples and their READMEs, with every temporary file and every process below one folder. */
export class Tutorial {
  readonly directory = mkdtempSync(join(tmpdir(), 'policylayer-tutorial-'));

  /** Runs the program of an example, without the extras of the machine if `env` says so. */
  async run(example: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, seen: (text: string, end: () => void) => void = () => undefined): Promise<Ended> {
    return this.#start(process.execPath, [join('examples', example, 'run.mjs'), ...args], env, seen);
  }

  /** Types every line of the README's `sh` blocks into a shell that stops at the first failure. @returns what it printed, and its $DATA */
  async read(example: string): Promise<Ended & { readonly data: string }> {
    const readme = readFileSync(join(repository, 'examples', example, 'README.md'), 'utf8');
    const typed = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '').join('');
    const ended = await this.#start('bash', ['-euo', 'pipefail', '-c', `${typed}echo "DATA=$DATA"`], { PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}` });
    return { ...ended, data: /^DATA=(.*)$/m.exec(ended.stdout)?.[1] ?? '' };
  }

  /** Command lines of living processes that were started for this tutorial: all of them inherit its TMPDIR. */
  living(): string[] {
    const found: string[] = [];
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.directory)) found.push(`${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`);
      } catch {
        // It ended while we were reading about it.
      }
    }
    return found;
  }

  /** @returns what outlived the grace that programs get */
  async close(): Promise<string[]> {
    for (const deadline = performance.now() + 15_000; performance.now() < deadline && this.living().length > 0; ) await sleep(100);
    const left = this.living();
    rmSync(this.directory, { recursive: true, force: true });
    return left;
  }

  async #start(command: string, args: readonly string[], env: Readonly<Record<string, string>>, seen: (text: string, end: () => void) => void = () => undefined): Promise<Ended> {
    const child = spawn(command, args, { cwd: repository, env: { ...process.env, TMPDIR: this.directory, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      seen(stdout, () => child.kill('SIGTERM'));
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const status = await new Promise<number | null>((done) => child.once('close', done));
    return { status, stdout, stderr };
  }
}

function jsonLines<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly body_encoded: boolean;
}

/** Reads the folder of a run, and its journal as `policylayer logs` prints it. */
export function kept(folder: string): Kept {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'logs', '--json', '--limit', '1000', '--data', join(folder, 'data')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`logs ended with ${status}: ${stderr}`);
  const aws = jsonLines<Recorded>(join(folder, 'aws.jsonl')).map(({ method, url, headers, body, body_encoded: encoded }) =>
    ({ method, path: new URL(url).pathname, action: headers['X-Amz-Target']?.split('.').at(-1) ?? null, body: encoded ? Buffer.from(body, 'base64').toString() : body }));
  return {
    steps: jsonLines(join(folder, 'transcript.jsonl')), calls: jsonLines(join(folder, 'calls.jsonl')), broker: jsonLines(join(folder, 'broker.jsonl')),
    awsLog: readFileSync(join(folder, 'moto.log'), 'utf8').split('\n').flatMap((line) => /([A-Z]{3,7} \/\S*) HTTP\//.exec(line)?.[1] ?? []),
    aws: aws.filter(({ path }) => !path.startsWith('/moto-api/')),
    journal: stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as JournalRow),
  };
}

/** Why the example cannot be played here, or null. Where extras are required, nothing is looked for: what is missing fails. */
export function missing(requirement: string, constraints: string, broker: boolean): string | null {
  if (process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1') return null;
  if (spawnSync('uvx', ['--version'], { stdio: 'ignore' }).status !== 0) return 'uvx is not installed';
  for (const [package_, file] of [[requirement, constraints], ['moto[server]==5.2.5', 'examples/shared/moto.constraints.txt']] as const) {
    const cached = spawnSync('uvx', ['--offline', '--from', package_, 'python', '-c', ''], { stdio: 'ignore', env: { ...process.env, UV_CONSTRAINT: join(repository, file) } });
    if (cached.status !== 0) return `uv has not downloaded ${package_} yet: run the example once`;
  }
  if (broker && ![...(process.env['PATH'] ?? '').split(':'), '/usr/lib/rabbitmq/bin'].some((folder) => existsSync(join(folder, 'rabbitmq-server')))) return 'rabbitmq-server is not installed';
  return null;
}

/** The steps of one agent with one tool. */
export const stepsOf = ({ steps }: Kept, agent: string, tool: string): Step[] => steps.filter((step) => step.agent === agent && step.tool === tool);

/** Outcome, code and rule of the journal's rows about one tool of one agent. */
export const rowsOf = ({ journal }: Kept, grant: string, name: string): (readonly [string, string | null, string | null])[] =>
  journal.filter((row) => row.grant === grant && row.name === name).map(({ outcome, code, rule }) => [outcome, code, rule] as const);
