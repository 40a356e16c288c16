import { idText } from '../../mcp/bridge/build.ts';
import { acknowledged, honoured, stamped, type ListenFilter } from '../../mcp/bridge/listen.ts';
import type { Notification, Request } from '../../mcp/message.ts';
import { failure } from '../../upstream/failure.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Listener } from './listeners.ts';

/**
 * Opens a `subscriptions/listen` stream on a legacy session: subscribes to what the server can announce, and says what that is (M3). The
 * stream then stays open until either side ends it.
 * @returns a function that ends the stream
 */
export function openListen(session: LegacySession, request: Request, asked: ListenFilter, client: {
  notify(message: Notification): void;
  failed(reason: UpstreamFailure): void;
}): () => void {
  const wanted = honoured(asked, session.server.capabilities);
  const id = idText(request);
  const taken: string[] = [];
  let stopped = false;
  let listener: Listener | null = null;
  const subscribed = wanted.uris.map(async (uri) => {
    if (!(await session.listeners.subscribe(uri))) return;
    if (stopped) session.listeners.unsubscribe(uri);
    else taken.push(uri);
  });
  void Promise.all(subscribed).then(() => {
    if (stopped) return;
    if (session.ended) return client.failed(failure('closed', 'the session with the server has ended', true));
    const filter: ListenFilter = { ...wanted, uris: taken };
    listener = { filter, notify: (message) => client.notify(stamped(message, id)), failed: (reason) => client.failed(reason) };
    session.listeners.add(listener);
    client.notify(acknowledged(filter, id));
  });
  return () => {
    stopped = true;
    if (listener !== null) session.listeners.remove(listener);
    for (const uri of taken) session.listeners.unsubscribe(uri);
  };
}
