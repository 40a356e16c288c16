import type { Id, Notification, Request, Response } from '../mcp/message.ts';
import { JsonNode } from '../wire/json-node.ts';
import { type Edit, splice } from '../wire/splice.ts';

/** The text of a message with some values replaced. It needs no second scan: a value took the place of a value. */
function editedRoot(root: JsonNode, edits: readonly Edit[]): JsonNode {
  const bytes = splice(root.buffer, edits);
  return new JsonNode(bytes, root.start, bytes.length - (root.buffer.length - root.end));
}

/** A response with edits, for the request with this id. The edits include the one of the id. */
export function editResponse(message: Response, edits: readonly Edit[], id: Id, idKey: string): Response {
  const root = editedRoot(message.root, edits);
  return { kind: 'response', bytes: root.buffer, root, id, idKey, result: root.get('result'), error: root.get('error') };
}

/** A request with edits, under this id. */
export function editRequest(message: Request, edits: readonly Edit[], id: Id, idKey: string): Request {
  const root = editedRoot(message.root, edits);
  return { kind: 'request', bytes: root.buffer, root, id, idKey, method: message.method, params: root.get('params') };
}

export function editNotification(message: Notification, edits: readonly Edit[]): Notification {
  const root = editedRoot(message.root, edits);
  return { kind: 'notification', bytes: root.buffer, root, method: message.method, params: root.get('params') };
}
