import type { ParamHeaders } from '../../mcp/param-headers.ts';
import { StdioLink } from '../../upstream/stdio-link.ts';
import type { WireLimits } from '../../wire/limits.ts';
import type { Upstream } from '../config-types.ts';
import { HeaderMemory } from './header-memory.ts';
import type { OpenUpstream } from './relay.ts';

/** How links of one upstream are opened: the HTTP client is loaded only for an upstream that needs it. */
export async function upstreamOpener(upstream: Upstream, options: {
  readonly limits: WireLimits;
  /** The annotations of a tool, where somebody has seen its definition; null otherwise. */
  readonly headersOf: (tool: string) => ParamHeaders | null;
  readonly stderr: (chunk: Buffer) => void;
}): Promise<OpenUpstream> {
  const { limits, stderr } = options;
  if (upstream.kind === 'command') return (observer) => new StdioLink(upstream.spec, observer, { limits, stderr });
  const { openHttpLink } = await import('../open-http-link.ts');
  const memory = new HeaderMemory();
  const headersOf = (tool: string): ParamHeaders | null => memory.get(tool) ?? options.headersOf(tool);
  return (observer) => openHttpLink(upstream.spec, memory.watch(observer), { limits, headersOf });
}
