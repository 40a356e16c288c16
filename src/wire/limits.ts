/** Bounds that hold while reading, before anything is parsed (protocol.md J8). */
export interface WireLimits {
  /** Bytes of one message: an HTTP body, a stdio line, the data of one SSE event. */
  readonly maxBytes: number;
  /** Nesting of objects and arrays. */
  readonly maxDepth: number;
  /** Object members in one message, all levels together. */
  readonly maxKeys: number;
}

/** What a client may send. */
export const CLIENT_LIMITS: WireLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64, maxKeys: 20_000 };

/** What an upstream may send: results of tools are larger than their calls. */
export const UPSTREAM_LIMITS: WireLimits = { maxBytes: 64 * 1024 * 1024, maxDepth: 128, maxKeys: 1_000_000 };
