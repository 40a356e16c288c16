import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defaultDataDirectory } from '../data-directory.ts';
import { parseListen } from './listen-address.ts';
import type { ListenAddress } from '../../gateway/config-types.ts';
import type { TreeNode } from './tree.ts';

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
  /** `approvals.public_url`; null when nothing says it. */
  readonly publicUrl: string | null;
}

/**
 * Where the gateway of these options keeps its data. Reads a few fields of the configuration and nothing more: `status`, `logs` and
 * `approvals` must work in a shell that does not have the variables of the tokens.
 */
export async function locate(options: { readonly config?: string | undefined; readonly data?: string | undefined }): Promise<Location> {
  const path = options.data === undefined || options.config !== undefined ? findConfig(options.config) : null;
  const told = path === null ? NOTHING : await peek(path);
  const dataDir = options.data !== undefined ? resolve(options.data) : path === null ? defaultDataDirectory() : resolve(dirname(resolve(path)), told.data ?? 'data');
  return { dataDir, listen: told.listen, publicUrl: told.publicUrl };
}

interface Told {
  readonly data: string | null;
  readonly listen: ListenAddress | null;
  readonly publicUrl: string | null;
}

const NOTHING: Told = { data: null, listen: null, publicUrl: null };

async function peek(path: string): Promise<Told> {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return NOTHING;
  }
  const { parseTree } = await import('./parse-tree.ts');
  const { root } = parseTree(text, process.env);
  const member = (of: TreeNode | null | undefined, key: string): TreeNode | undefined => (of?.kind === 'map' ? of.entries.find((entry) => entry.key === key)?.value : undefined);
  const value = (key: string, of: TreeNode | null | undefined = root): string | null => {
    const node = member(of, key);
    return node?.kind === 'scalar' && node.value !== null && node.value !== '' ? String(node.value) : null;
  };
  const listen = value('listen');
  return { data: value('data'), listen: listen === null ? null : parseListen(listen), publicUrl: value('public_url', member(root, 'approvals'))?.replace(/\/+$/, '') ?? null };
}
