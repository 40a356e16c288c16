// A stdio server process: lines in, lines out.
import { spawn } from 'node:child_process';

const LF = 0x0a;
const GRACE_MS = 2000;

/**
 * Starts a stdio server.
 * @param command [program, ...arguments]
 * @param onLine called with each line of its output, as text without the line end
 * @param onExit called once when it is gone
 */
export function startChild(command, onLine, onExit) {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  let pieces = [];
  child.stdout.on('data', (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      pieces.push(chunk.subarray(from, at));
      const line = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      from = at + 1;
      if (line.trim() !== '') onLine(line);
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  });
  // A write after the child has gone fails here; the exit handler is what reports it.
  child.stdin.on('error', () => {});
  child.once('error', (error) => {
    process.stderr.write(`stdio-shim: cannot run ${command[0]}: ${error.message}\n`);
    onExit();
  });
  child.once('exit', onExit);
  return {
    send(text) {
      // A raw line end inside the body is white space in JSON, but the end of the message on stdio.
      child.stdin.write(`${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
    },
    /** Closes the input, which asks a stdio server to leave; kills it if it stays. */
    stop() {
      child.stdin.end();
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
    },
  };
}
