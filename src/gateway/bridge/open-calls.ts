import { allowsInputRequired } from '../../mcp/methods.ts';
import type { Exchange } from './exchange.ts';

/** The calls that are open in one legacy session, by `idKey` of the id that the server sees, oldest first. */
export class OpenCalls {
  readonly #calls = new Map<string, Exchange>();

  get size(): number {
    return this.#calls.size;
  }

  add(exchange: Exchange): void {
    this.#calls.set(exchange.request.idKey, exchange);
  }

  get(key: string): Exchange | undefined {
    return this.#calls.get(key);
  }

  delete(exchange: Exchange): boolean {
    return this.#calls.delete(exchange.request.idKey);
  }

  /** All of them as they are now. */
  list(): readonly Exchange[] {
    return Array.from(this.#calls.values());
  }

  /** The youngest whose client waits and that matches. */
  youngest(matches: (exchange: Exchange) => boolean): Exchange | undefined {
    return this.list().findLast((exchange) => exchange.client !== null && matches(exchange));
  }

  /**
   * The call that a question of the server belongs to. On stdio nothing says which of several it is; then it is the youngest that can
   * carry it: all belong to one principal, and the answer goes to the server's own request id whichever call it travels with.
   * @param requestKey the request on whose stream the question came, or null
   */
  asking(requestKey: string | null): Exchange | null {
    if (requestKey !== null) {
      const named = this.#calls.get(requestKey);
      return named !== undefined && allowsInputRequired(named.request.method) ? named : null;
    }
    const able = this.list().filter((exchange) => exchange.sent && allowsInputRequired(exchange.request.method));
    return able.findLast((exchange) => exchange.client !== null) ?? able.at(-1) ?? null;
  }

  /** The lowest level of log messages that any client wants; null when none wants any. */
  lowestLogRank(): number | null {
    let lowest: number | null = null;
    for (const { client } of this.#calls.values()) {
      const rank = client?.logRank ?? null;
      if (rank !== null && (lowest === null || rank < lowest)) lowest = rank;
    }
    return lowest;
  }
}
