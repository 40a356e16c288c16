import { classifyTool } from '../../gateway/classify-tool.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import type { ControlServices } from '../api/services.ts';

/** What the tool of a request does to the world, by its definitions as they were pinned; null for what is no tool, or is not known. @throws StateUnavailable */
export function classOf({ kind, server, name }: ApprovalRecord, { state, config }: ControlServices): { readonly category: string; readonly risk: string } | null {
  if (kind !== 'tool') return null;
  const definitions = (state.pins.record(server, name)?.definitions ?? []).filter(({ standing }) => standing === 'pinned').map(({ text }) => {
    const scanned = text === null ? null : scan(Buffer.from(text), UPSTREAM_LIMITS);
    return scanned?.ok === true ? scanned.root : null;
  });
  const readable = definitions.filter((definition) => definition !== null);
  // Of a definition that cannot be read nothing is known, and what it does may be worse than what the others do.
  if (readable.length === 0 || readable.length < definitions.length) return null;
  const found = classifyTool(readable, { server, trusted: config().servers.get(server)?.trustedAnnotations ?? false });
  return found === null ? null : { category: found.category, risk: found.risk };
}
