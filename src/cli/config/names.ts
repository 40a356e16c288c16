import type { ListenAddress } from '../../gateway/config-types.ts';
import { PLAIN_NAME, PLAIN_NAME_EXPECTED } from '../../gateway/checks/names.ts';
import { quoted } from '../../policy/printable.ts';
import { suggest } from '../../policy/suggest.ts';
import { parseListen } from './listen-address.ts';
import { describe, type Reader } from './reader.ts';
import type { MapEntry, TreeNode } from './tree.ts';

/** Reads an address to listen on. */
export function readListen(reader: Reader, node: TreeNode, what: string): ListenAddress | null {
  if (node.kind === 'scalar' && typeof node.value === 'number') {
    const port = reader.integer(node, what, 0, 65_535);
    return port === null ? null : { host: '127.0.0.1', port };
  }
  const text = reader.text(node, what);
  if (text === null) return null;
  return parseListen(text) ?? reader.error(node.at, `${what} is not an address`, { found: describe(node), expected: 'host:port, for example 127.0.0.1:4600 or [::1]:4600' });
}

/** Reports a name that is used but not defined, with the nearest defined one. */
export function unknownName(reader: Reader, node: TreeNode, what: string, name: string, known: Iterable<string>): null {
  const names = [...known];
  const near = suggest(name, names);
  return reader.error(node.at, `there is no ${what} ${describe(node)}`, {
    code: 'unknown_name',
    expected: names.length === 0 ? `a ${what} that the file defines (it defines none)` : names.join(', '),
    help: near === null ? null : `did you mean ${quoted(near)}?`,
  });
}

/** Reports a name that is not plain. */
export function isPlainName(reader: Reader, entry: MapEntry, what: string): boolean {
  if (PLAIN_NAME.test(entry.key)) return true;
  reader.error(entry.at, `${quoted(entry.key)} cannot be the name of a ${what}`, {
    expected: PLAIN_NAME_EXPECTED,
  });
  return false;
}
