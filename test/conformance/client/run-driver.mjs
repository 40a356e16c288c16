// The command that the suite starts as client: takes its turn, puts the gateway in the middle if there is one, and runs
// the driver.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { takeTurn } from './turns.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const url = process.argv.at(-1);
const { CONFORMANCE_LAUNCHER: launcher, CONFORMANCE_TURNS: turns } = process.env;

// A time-out of the suite ends this process with SIGTERM; without a handler the turn would never be given back.
process.once('SIGTERM', () => process.exit(143));
await takeTurn(turns);
const edge = launcher === undefined ? undefined : await (await import(launcher)).launchEdge(url);
const redirect =
  edge === undefined
    ? {}
    : { CONFORMANCE_FROM_PORT: new URL(url).port, CONFORMANCE_TO_PORT: String(edge.port) };
const driver = spawn(process.execPath, ['--import', here('redirect-connections.mjs'), here('driver.mjs'), url], {
  stdio: 'inherit',
  env: { ...process.env, ...redirect },
});
process.once('exit', () => driver.kill());
process.exitCode = await new Promise((resolve) => {
  driver.once('close', (code) => resolve(code ?? 1));
});
await edge?.stop();
