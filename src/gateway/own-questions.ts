import { randomUUID } from 'node:crypto';
import { idKeyOf, type Response } from '../mcp/message.ts';

/** A question of ours that a legacy client has been asked. */
export interface OwnQuestion {
  /** Its JSON-RPC id. */
  readonly id: string;
  /** The client's answer; null when there will be none. */
  readonly answer: Promise<Response | null>;
  /** Nobody waits for the answer any more: a late one is dropped like any that nobody asked for. */
  withdraw(): void;
}

/**
 * Requests that the gateway itself sends to a client. Their ids cannot be guessed, so an upstream can neither ask nor answer under them,
 * and their answers never go upstream (attack 35).
 */
export class OwnQuestions {
  readonly #open = new Map<string, (answer: Response | null) => void>();

  /**
   * Asks.
   * @param params JSON text
   * @param send delivers the request; false when it cannot
   * @returns null when the client could not be reached
   */
  ask(method: string, params: string, send: (bytes: Buffer) => boolean): OwnQuestion | null {
    const id = `policylayer-${randomUUID()}`;
    const key = idKeyOf(id);
    let resolve: (answer: Response | null) => void = () => undefined;
    const answer = new Promise<Response | null>((settle) => {
      resolve = settle;
    });
    this.#open.set(key, resolve);
    if (!send(Buffer.from(`{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params}}`))) {
      this.#open.delete(key);
      return null;
    }
    return {
      id, answer,
      withdraw: () => {
        this.#open.delete(key);
        resolve(null);
      },
    };
  }

  has(idKey: string): boolean {
    return this.#open.has(idKey);
  }

  /** Hands the client's answer to whoever asked; a second answer finds nobody. */
  settle(idKey: string, response: Response): void {
    this.#open.get(idKey)?.(response);
    this.#open.delete(idKey);
  }

  end(): void {
    for (const resolve of this.#open.values()) resolve(null);
    this.#open.clear();
  }
}
