import type { Request } from '../../mcp/message.ts';

/** A question to the client, and its answer as JSON text once there is one. */
interface OpenQuestion {
  readonly askedKey: string;
  /** JSON text of the id that the client sees. */
  readonly askedId: string;
  answer: string | null;
}

/** One request of a legacy client to a modern server, across all rounds of questions. */
export interface Flow {
  readonly request: Request;
  /** `idKey` under which the server knows the current round; null while the client is being asked. */
  upstreamKey: string | null;
  rounds: number;
  /** By the name that the server gave them. */
  questions: Map<string, OpenQuestion>;
  /** Exact text of the server's `requestState`, or null. */
  state: string | null;
  pause: NodeJS.Timeout | null;
}

/** The open requests of one legacy session, found by each of the ids that name them. */
export class Flows {
  /** By `idKey` of the client's request. */
  readonly #flows = new Map<string, Flow>();
  /** By the `idKey` that the server knows. */
  readonly #upstream = new Map<string, Flow>();
  /** By `idKey` of our question to the client. */
  readonly #asked = new Map<string, Flow>();

  open(request: Request): Flow {
    const flow: Flow = { request, upstreamKey: null, rounds: 0, questions: new Map(), state: null, pause: null };
    this.#flows.set(request.idKey, flow);
    return flow;
  }

  get(key: string): Flow | undefined {
    return this.#flows.get(key);
  }

  has(key: string): boolean {
    return this.#flows.has(key);
  }

  byUpstreamKey(key: string): Flow | undefined {
    return this.#upstream.get(key);
  }

  /** All of them as they are now. */
  list(): readonly Flow[] {
    return Array.from(this.#flows.values());
  }

  /** A round is on its way under this id. */
  sent(flow: Flow, upstreamKey: string): void {
    flow.upstreamKey = upstreamKey;
    this.#upstream.set(upstreamKey, flow);
  }

  /** The current round has been answered. */
  answered(flow: Flow): void {
    if (flow.upstreamKey !== null) this.#upstream.delete(flow.upstreamKey);
    flow.upstreamKey = null;
  }

  /** The client is asked; @param questions by the name that the server gave them */
  asked(flow: Flow, questions: readonly (readonly [string, Request])[]): void {
    flow.questions = new Map(questions.map(([name, { idKey, id }]) => [name, { askedKey: idKey, askedId: JSON.stringify(id), answer: null }]));
    for (const [, { idKey }] of questions) this.#asked.set(idKey, flow);
  }

  isAsked(flow: Flow, key: string): boolean {
    return this.#asked.get(key) === flow;
  }

  /** The flow that waits for the answer to this question, which is waited for no more. */
  takeAsked(key: string): Flow | undefined {
    const flow = this.#asked.get(key);
    this.#asked.delete(key);
    return flow;
  }

  /** The request is over. */
  forget(flow: Flow): void {
    if (this.#flows.get(flow.request.idKey) === flow) this.#flows.delete(flow.request.idKey);
    this.answered(flow);
    for (const { askedKey } of flow.questions.values()) this.#asked.delete(askedKey);
    clearTimeout(flow.pause ?? undefined);
    flow.pause = null;
  }

  stopPauses(): void {
    for (const flow of this.#flows.values()) clearTimeout(flow.pause ?? undefined);
  }
}
