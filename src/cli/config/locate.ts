import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defaultDataDirectory } from '../data-directory.ts';
import { parseListen } from './listen-address.ts';
import type { ListenAddress } from '../../gateway/config-types.ts';

export const DEFAULT_CONFIG = 'gateway.yaml';

/** The configuration to use when none was named: ./gateway.yaml, if there is one. */
export function findConfig(option: string | undefined): string | null {
  if (option !== undefined) return option;
  return existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null;
}

export interface Location {
  /** Absolute. */
  readonly dataDir: string;
  /** Null when nothing says it. */
  readonly listen: ListenAddress | null;
}

/**
 * Where the gateway of these options keeps its data. Reads two fields of the configuration and nothing more: `status` and `logs`
 * must work in a shell that does not have the variables of the tokens.
 */
export async function locate(options: { readonly config?: string | undefined; readonly data?: string | undefined }): Promise<Location> {
  const path = options.data === undefined || options.config !== undefined ? findConfig(options.config) : null;
  const told = path === null ? { data: null, listen: null } : await peek(path);
  const dataDir = options.data !== undefined ? resolve(options.data) : path === null ? defaultDataDirectory() : resolve(dirname(resolve(path)), told.data ?? 'data');
  return { dataDir, listen: told.listen };
}

async function peek(path: string): Promise<{ readonly data: string | null; readonly listen: ListenAddress | null }> {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { data: null, listen: null };
  }
  const { parseTree } = await import('./parse-tree.ts');
  const { root } = parseTree(text, process.env);
  const value = (key: string): string | null => {
    const node = root?.kind === 'map' ? root.entries.find((entry) => entry.key === key)?.value : undefined;
    return node?.kind === 'scalar' && node.value !== null && node.value !== '' ? String(node.value) : null;
  };
  const listen = value('listen');
  return { data: value('data'), listen: listen === null ? null : parseListen(listen) };
}
