import type { Message, Notification } from '../mcp/message.ts';

/** The JSON text of the id that an `idKey` stands for. */
export function idJson(idKey: string): string {
  const value = idKey.slice(2);
  return idKey.startsWith('s:') ? JSON.stringify(value) : value;
}

/** The bytes of a `notifications/cancelled` for the request with this id. */
export function cancelledBytes(idText: string): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText}}}`);
}

/** The `idKey` of the request that a `notifications/cancelled` names, or null. */
export function cancelledKey(message: Notification): string | null {
  const node = message.params?.get('requestId') ?? null;
  if (node === null) return null;
  const text = node.text();
  if (text !== null) return `s:${text}`;
  const number = node.integer();
  return number === null ? null : `n:${number}`;
}

export function isCancelled(message: Message): message is Notification {
  return message.kind === 'notification' && message.method === 'notifications/cancelled';
}
