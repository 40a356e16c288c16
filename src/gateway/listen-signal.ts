import type { Request } from '../mcp/message.ts';
import { META_PREFIX } from '../mcp/keys.ts';
import type { Principal } from './principal.ts';
import { changedLists } from './changed-lists.ts';

const WANTED = { tools: 'toolsListChanged', prompts: 'promptsListChanged', resources: 'resourcesListChanged' } as const;

/**
 * Tells a modern client on its `subscriptions/listen` stream that a policy edit changed a list it asked to hear about (N4).
 * @param write gets one JSON text per notification
 * @returns a function that ends the watching
 */
export function signalListChanges(principal: Principal, listen: Request, write: (json: string) => void): () => void {
  const filter = listen.params?.get('notifications') ?? null;
  const id = listen.root.get('id')?.lexeme() ?? 'null';
  return principal.subscribe((next, previous) => {
    for (const list of changedLists(next, previous)) {
      if (filter?.get(WANTED[list])?.kind !== 'true') continue;
      write(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed","params":{"_meta":{"${META_PREFIX}subscriptionId":${id}}}}`);
    }
  });
}
