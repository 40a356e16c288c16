import { StderrTail } from '../../upstream/stderr-tail.ts';
import { printable } from '../../policy/printable.ts';
import { progressLine } from '../terminal.ts';

/** What a person sees while a server starts: how long it has been, and the last thing the server said. */
export interface StartProgress {
  /** The server wrote this to stderr; launchers tell there what they download. */
  heard(chunk: Buffer): void;
  /** So many tools were read. */
  reading(tools: number): void;
  /** Makes room for other output. */
  clear(): void;
  end(): void;
}

/** Fast servers should not flicker. */
const QUIET_MS = 300;

/** @param what the first words of the line; made safe to print. Shows nothing when stderr is no terminal */
export function startProgress(what: string, stream: NodeJS.WriteStream = process.stderr): StartProgress {
  if (!stream.isTTY) return { heard: () => undefined, reading: () => undefined, clear: () => undefined, end: () => undefined };
  const line = progressLine(stream);
  const heard = new StderrTail([]);
  const began = performance.now();
  let doing = printable(what, 60);
  const show = (): void => {
    const seconds = Math.floor((performance.now() - began) / 1_000);
    const last = heard.lastLine();
    line.show(`${doing}  ${seconds} s${last === null ? '' : `  ${printable(last, 200)}`}`);
  };
  const begin = setTimeout(show, QUIET_MS);
  const timer = setInterval(show, 1_000);
  return {
    heard: (chunk) => heard.push(chunk),
    reading(tools) {
      doing = `reading tools: ${tools}`;
      if (performance.now() - began > QUIET_MS) show();
    },
    clear: () => line.clear(),
    end() {
      clearTimeout(begin);
      clearInterval(timer);
      line.clear();
    },
  };
}
