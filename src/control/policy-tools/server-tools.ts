import type { ScanResult } from '../scan/scan-server.ts';
import type { ControlServices } from '../api/services.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { KnownTools } from './known-tools.ts';
import type { Slices } from './slices.ts';

/** The tools of one server as the control plane knows them. */
export interface ServerTools {
  /** In the order of the server's list, each once. */
  readonly names: readonly string[];
  readonly definitions: readonly JsonNode[];
  readonly tools: KnownTools;
  /** The operator trusts what the server says of its own tools. */
  readonly trusted: boolean;
}

/** Servers whose tools are kept ready: an editor asks again with every letter. */
const MOST_REMEMBERED = 16;
const rememberedBy = new WeakMap<object, Map<string, ServerTools>>();

/** Of one state each: two gateways may have servers of one name. */
function rememberedOf(state: object): Map<string, ServerTools> {
  const own = rememberedBy.get(state) ?? new Map<string, ServerTools>();
  rememberedBy.set(state, own);
  return own;
}

/**
 * What is known of a server's tools: from its last scan, and from the definitions that were pinned while it was used.
 * @returns null when there is no such server @throws StateUnavailable
 */
export async function serverTools(server: string, services: Pick<ControlServices, 'effective' | 'registry' | 'state'>, slices: Slices): Promise<ServerTools | null> {
  const own = services.effective().file.config.servers.get(server);
  const stored = own === undefined ? await services.registry.get('server', server) : null;
  if (own === undefined && stored === null) return null;
  const trusted = own?.trustedAnnotations ?? stored?.value.trustedAnnotations ?? false;
  const scanned = await services.registry.get('scan', server);
  const key = JSON.stringify([server, scanned?.version, scanned?.value.at, services.state.pins.version(server), trusted]);
  const remembered = rememberedOf(services.state);
  const known = remembered.get(key) ?? (await build(texts(server, scanned?.value.result as ScanResult | null | undefined, services), trusted, slices));
  remembered.delete(key);
  remembered.set(key, known);
  for (const [oldest] of remembered) {
    if (remembered.size <= MOST_REMEMBERED) break;
    remembered.delete(oldest);
  }
  return known;
}

function* texts(server: string, result: ScanResult | null | undefined, { state }: Pick<ControlServices, 'state'>): Generator<string> {
  yield* result?.definitions ?? [];
  for (const name of state.pins.read(server).tools.keys()) {
    const text = state.pins.record(server, name)?.definitions.findLast(({ standing }) => standing === 'pinned')?.text ?? null;
    if (text !== null) yield text;
  }
}

async function build(definitions: Iterable<string>, trusted: boolean, slices: Slices): Promise<ServerTools> {
  const nodes: JsonNode[] = [];
  const names = new Set<string>();
  for (const text of definitions) {
    await slices.breathe();
    const parsed = scan(Buffer.from(text), UPSTREAM_LIMITS);
    const name = parsed.ok ? (parsed.root.get('name')?.text() ?? null) : null;
    if (!parsed.ok || name === null || names.has(name)) continue;
    names.add(name);
    nodes.push(parsed.root);
  }
  return { names: [...names], definitions: nodes, tools: await KnownTools.of(nodes, trusted), trusted };
}
