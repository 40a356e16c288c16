import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { sample } from './sample.ts';
import type { CommandSpec, UpstreamFailure } from './types.ts';

/** How a child process ended; exactly one of the three is set. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The process never ran. */
  readonly error: NodeJS.ErrnoException | null;
}

/** A failure value. `reached` is false only when the upstream certainly never saw the request. */
export function failure(kind: UpstreamFailure['kind'], text: string, reached: boolean, status: number | null = null): UpstreamFailure {
  return { kind, text, status, reached };
}

/** Turns the end of a child into one line for people. @param stderr the last line it wrote, already made safe */
export function exitFailure(spec: CommandSpec, exit: ChildExit, stderr: string | null): UpstreamFailure {
  if (exit.error !== null) return failure('cannot_start', startText(spec, exit.error), false);
  const how = exit.signal === null ? `exited with code ${exit.code ?? 0}` : `was ended by ${exit.signal}`;
  return failure('exited', `server ${how}${stderr === null ? '' : ` (stderr: ${stderr})`}`, true);
}

function startText(spec: CommandSpec, error: NodeJS.ErrnoException): string {
  const command = `command \`${sample(basename(spec.command[0]), 80)}\``;
  switch (error.code) {
    case 'ENOENT':
      // The system reports a missing working directory as if the command were missing.
      if (spec.cwd !== null && !existsSync(spec.cwd)) return `${command} could not be started: its working directory does not exist`;
      if (process.platform === 'win32') return `${command} not found; is it installed and on PATH? A .cmd file needs \`cmd /c\` before it`;
      return `${command} not found; is it installed and on PATH?`;
    case 'EACCES':
      return `${command} may not be executed; is the file executable, and its directory accessible?`;
    case 'E2BIG':
      return `${command} could not be started: its arguments and environment are too large`;
    default:
      return `${command} could not be started (${error.code ?? 'unknown error'})`;
  }
}
