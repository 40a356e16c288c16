import { join, relative } from 'node:path';
import { mintToken } from '../config/minted-tokens.ts';
import { packageRoot } from '../package-root.ts';
import { readPrivate, writePrivate } from '../private-file.ts';

export interface Demo {
  /** Path of the demo's gateway.yaml. */
  readonly config: string;
  readonly token: string;
  /** The variables that the demo's gateway.yaml uses. */
  readonly env: Readonly<Record<string, string>>;
  tryIt(url: string): string[];
}

/**
 * The bundled demo. Its token is kept readable in the data directory, unlike any other, so that a client configuration that was
 * pasted yesterday still works today; it opens nothing but a server that only pretends.
 */
export function prepareDemo(dataDir: string): Demo {
  const directory = join(packageRoot(), 'examples', 'demo');
  const path = join(dataDir, 'demo-token');
  const kept = readPrivate(path)?.trim() ?? '';
  const token = /^plg_[A-Za-z0-9_-]{43}$/.test(kept) ? kept : mintToken();
  if (token !== kept) writePrivate(path, `${token}\n`);
  const script = join(directory, 'try.mjs');
  const short = relative(process.cwd(), script);
  return {
    config: join(directory, 'gateway.yaml'),
    token,
    env: { POLICYLAYER_DEMO_TOKEN: token, POLICYLAYER_NODE: process.execPath },
    tryIt: (url) => [`export POLICYLAYER_TOKEN=${token}`, `node ${short.length < script.length ? short : script} ${url}/mcp/demo`],
  };
}
