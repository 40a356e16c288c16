import type { JsonNode } from '../../wire/json-node.ts';
import type { Message } from '../../mcp/message.ts';
import { paramHeadersOf, type ParamHeaders } from '../../mcp/param-headers.ts';
import type { LinkObserver } from '../../upstream/types.ts';

const ANNOTATION = 'x-mcp-header';
const MAX_TOOLS = 10_000;

/**
 * Which arguments of which tools an HTTP upstream wants mirrored into headers, learnt from the lists that its links carry (H7). They
 * are facts of the upstream, not of a client: all links of one upstream share them.
 */
export class HeaderMemory {
  readonly #tools = new Map<string, ParamHeaders>();

  get(tool: string): ParamHeaders | null {
    return this.#tools.get(tool) ?? null;
  }

  /** An observer that learns from what it passes on. */
  watch(observer: LinkObserver): LinkObserver {
    return {
      message: (message, requestKey) => {
        this.#learn(message);
        observer.message(message, requestKey);
      },
      garbage: (code, sample) => observer.garbage(code, sample),
      failed: (requestKey, reason) => observer.failed(requestKey, reason),
      closed: (reason) => observer.closed(reason),
      drain: () => observer.drain(),
    };
  }

  #learn(message: Message): void {
    // Most upstreams annotate nothing, and then nothing but this search is paid.
    if (message.kind !== 'response' || (this.#tools.size === 0 && message.bytes.indexOf(ANNOTATION) < 0)) return;
    for (const tool of message.result?.get('tools')?.elements() ?? []) this.#note(tool);
  }

  #note(tool: JsonNode): void {
    const name = tool.get('name')?.text() ?? null;
    if (name === null) return;
    const headers = paramHeadersOf(tool.get('inputSchema'));
    if (headers.headers.length === 0) this.#tools.delete(name);
    else if (this.#tools.size < MAX_TOOLS || this.#tools.has(name)) this.#tools.set(name, headers);
  }
}
