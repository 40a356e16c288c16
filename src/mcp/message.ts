import type { JsonNode } from '../wire/json-node.ts';

/** A JSON-RPC id as MCP allows it (protocol.md J5): a string, or an integer that a double holds exactly. */
export type Id = string | number;

interface Base {
  /** The exact bytes of the JSON value; what is forwarded when nothing is edited. No line ending. */
  readonly bytes: Buffer;
  /** The whole message. */
  readonly root: JsonNode;
}

export interface Request extends Base {
  readonly kind: 'request';
  readonly id: Id;
  /** `s:` + string or `n:` + integer: `7` and `"7"` are different ids (J7). */
  readonly idKey: string;
  readonly method: string;
  readonly params: JsonNode | null;
}

export interface Notification extends Base {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonNode | null;
}

export interface Response extends Base {
  readonly kind: 'response';
  /** Null only for an error whose request could not be read. */
  readonly id: Id | null;
  readonly idKey: string | null;
  readonly result: JsonNode | null;
  readonly error: JsonNode | null;
}

export type Message = Request | Notification | Response;
