import { toRequest } from '../../mcp/bridge/build.ts';
import { levelName } from '../../mcp/bridge/log-levels.ts';
import type { UpstreamLink } from '../../upstream/types.ts';
import type { Asker } from './asker.ts';

const SET_LEVEL_MS = 5_000;

/** The one log level of a legacy session, kept at the lowest that any open request of the modern client wants. */
export class ServerLogLevel {
  readonly #link: UpstreamLink;
  readonly #asker: Asker;
  readonly #nextId: () => string;
  /** What the server was told, or null while it decides by itself. */
  #rank: number | null = null;
  #setting: Promise<unknown> | null = null;

  constructor(link: UpstreamLink, asker: Asker, nextId: () => string) {
    this.#link = link;
    this.#asker = asker;
    this.#nextId = nextId;
  }

  /** @returns what a request has to wait for before it is sent, or null when the server knows the level already */
  adjust(lowest: number | null): Promise<unknown> | null {
    if (lowest === null || lowest === this.#rank) return this.#setting;
    this.#rank = lowest;
    const request = toRequest(this.#nextId(), 'logging/setLevel', `{"level":"${levelName(lowest)}"}`);
    const setting: Promise<unknown> = this.#asker.ask(this.#link, request, SET_LEVEL_MS).then(() => {
      if (this.#setting === setting) this.#setting = null;
    });
    this.#setting = setting;
    return setting;
  }
}
