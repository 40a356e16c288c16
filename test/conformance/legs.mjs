// The ways from the suite to a server, each without and with the gateway.
import { startShim } from './stdio-shim.mjs';
import { fixture } from './peers.mjs';
import { listeningUrl, start } from './processes.mjs';
import { startIssuer } from './issuer.mjs';

const stdioFixture = [process.execPath, fixture, '--stdio'];
// The fixture asks for no token. It is sent direct as well, so that both runs send the same bytes.
const UNUSED_TOKEN = 'not-looked-at';

async function httpFixture() {
  const server = start([process.execPath, fixture, '--http', '0']);
  return { url: await listeningUrl(server, 'the fixture'), stop: () => server.stop() };
}

const stopAll = (parts) => async () => {
  for (const part of parts) await part.stop();
};

/** The fixture's HTTP endpoint. */
async function http() {
  const server = await httpFixture();
  return { url: server.url, token: UNUSED_TOKEN, stop: server.stop };
}

/** The fixture on stdio, behind the shim. */
async function stdio() {
  const shim = await startShim(stdioFixture, 0);
  return { url: shim.url, token: UNUSED_TOKEN, stop: shim.stop };
}

async function throughStdio(launcher, upstream, extra) {
  const front = await launcher.stdioCommand(upstream);
  const shim = await startShim(front.command, 0);
  return { url: shim.url, token: UNUSED_TOKEN, stop: stopAll([shim, front, ...extra]) };
}

/**
 * Each leg: what to compare with (`direct`), what else the same server can be compared with (`excuse`), and how to put the
 * gateway between (`through`). All three return { url, token, stop }. `ownServer`: see compare().
 */
export const SERVER_LEGS = {
  'http-http': {
    direct: http,
    async through(launcher) {
      const server = await httpFixture();
      const gateway = await launcher.launchServe({ url: server.url });
      return { ...gateway, stop: stopAll([gateway, server]) };
    },
  },
  'http-stdio': {
    direct: http,
    excuse: stdio,
    ownServer: true,
    through: (launcher) => launcher.launchServe({ command: stdioFixture }),
  },
  // The gateway as OAuth resource server: the suite's client has an access token of an issuer instead of a grant token.
  'oauth-http': {
    direct: http,
    async through(launcher) {
      const [server, issuer] = await Promise.all([httpFixture(), startIssuer()]);
      const gateway = await (launcher.launchResourceServer ?? launcher.launchServe)({ url: server.url }, issuer);
      return { ...gateway, stop: stopAll([gateway, server, issuer]) };
    },
  },
  'stdio-stdio': {
    direct: stdio,
    through: (launcher) => throughStdio(launcher, { command: stdioFixture }, []),
  },
  'stdio-http': {
    direct: stdio,
    async through(launcher) {
      const server = await httpFixture();
      return throughStdio(launcher, { url: server.url }, [server]);
    },
  },
};
