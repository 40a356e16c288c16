import { readFileSync } from 'node:fs';
import type { TreeNode } from '../../config/tree.ts';

/**
 * Tags of grants by label, from gateway.yaml: the journal has the label only. Reads nothing else of the file, so that a replay works
 * without the variables of its tokens. Empty when the file cannot be read.
 */
export async function grantTags(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const tags = new Map<string, readonly string[]>();
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return tags;
  }
  const { parseTree } = await import('../../config/parse-tree.ts');
  const grants = member(parseTree(text, process.env).root, 'grants');
  for (const grant of grants?.kind === 'list' ? grants.items : []) {
    const label = textOf(member(grant, 'label'));
    const list = member(grant, 'tags');
    if (label !== null && list?.kind === 'list') tags.set(label, list.items.map(textOf).filter((tag) => tag !== null));
  }
  return tags;
}

function member(node: TreeNode | null, key: string): TreeNode | null {
  return node?.kind === 'map' ? (node.entries.find((entry) => entry.key === key)?.value ?? null) : null;
}

function textOf(node: TreeNode | null): string | null {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null;
}
