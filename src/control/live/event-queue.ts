/** One event of `GET /events`. */
export interface LiveEvent {
  readonly event: 'call' | 'approval' | 'server' | 'stats' | 'config' | 'gap' | 'dropped' | 'end';
  readonly data: unknown;
  /** Place in the journal, to resume from. Left out: the event is no row. */
  readonly id?: number;
}

/** Events that wait for a client; one that is slower loses its stream, and resumes by Last-Event-ID. */
const MAX_WAITING = 4_000;
const MAX_WAITING_CHARS = 2 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;

/** One client's stream: what is waiting for it, bounded, with a sign of life where nothing happens. */
export class EventQueue implements AsyncIterable<string> {
  readonly #onEnd: () => void;
  readonly #heartbeatMs: number;
  #waiting: string[] = [];
  #chars = 0;
  #closing = false;
  #ended = false;
  #wake: () => void = () => undefined;

  /** @param onEnd called once, when nobody reads any more */
  constructor(onEnd: () => void, heartbeatMs: number = HEARTBEAT_MS) {
    this.#onEnd = onEnd;
    this.#heartbeatMs = heartbeatMs;
  }

  get isOpen(): boolean {
    return !this.#closing && !this.#ended;
  }

  push(event: LiveEvent): void {
    this.pushText(formatted(event));
  }

  /** @param text of `formatted`: an event that many get is written once */
  pushText(text: string): void {
    if (!this.isOpen) return;
    if (this.#waiting.length >= MAX_WAITING || this.#chars + text.length > MAX_WAITING_CHARS) return this.#drop();
    this.#waiting.push(text);
    this.#chars += text.length;
    this.#wake();
  }

  /** A last event, and the end. */
  end(event: LiveEvent): void {
    if (!this.isOpen) return;
    this.#waiting.push(formatted(event));
    this.#closing = true;
    this.#wake();
  }

  /** What waits is thrown away: the client gets it again when it resumes after the last that it has seen. */
  #drop(): void {
    this.#waiting = [];
    this.end({ event: 'dropped', data: { reason: 'the events were not read fast enough; come back with Last-Event-ID' } });
  }

  [Symbol.asyncIterator](): AsyncIterator<string, void, undefined> {
    const pieces = this.#pieces();
    return {
      next: () => pieces.next(),
      // A generator that was never asked for a piece ends without its `finally`: whoever asks for the head alone, or is gone before the first piece, would stay counted.
      return: async () => {
        this.#end();
        return pieces.return();
      },
    };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = [];
    this.#wake();
    this.#onEnd();
  }

  async *#pieces(): AsyncGenerator<string, void, undefined> {
    try {
      // Told before anything else, so that a browser that lost us comes back soon.
      yield 'retry: 2000\n\n';
      for (;;) {
        const pieces = this.#waiting;
        this.#waiting = [];
        this.#chars = 0;
        if (pieces.length > 0) yield pieces.join('');
        if (this.#waiting.length > 0) continue;
        if (this.#closing || this.#ended) return;
        if (!(await this.#woken())) yield ': alive\n\n';
      }
    } finally {
      this.#end();
    }
  }

  /** @returns false when only time has passed */
  #woken(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake = () => undefined;
        resolve(false);
      }, this.#heartbeatMs);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve(true);
      };
    });
  }
}

/** An event as it is sent. JSON has no line feeds of its own, so each is one `data` line. */
export function formatted({ event, data, id }: LiveEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
