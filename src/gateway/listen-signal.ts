import type { Request } from '../mcp/message.ts';
import { META_PREFIX } from '../mcp/keys.ts';
import type { ToolPins } from './pins/tool-pins.ts';
import type { Principal } from './principal.ts';
import { changedLists } from './changed-lists.ts';

const WANTED = { tools: 'toolsListChanged', prompts: 'promptsListChanged', resources: 'resourcesListChanged' } as const;

/**
 * Tells a modern client on its `subscriptions/listen` stream that a policy edit, or an accepted definition, changed a list it asked to hear about (N4).
 * @param write gets one JSON text per notification
 * @returns a function that ends the watching
 */
export function signalListChanges(principal: Principal, pins: ToolPins, listen: Request, write: (json: string) => void): () => void {
  const filter = listen.params?.get('notifications') ?? null;
  const id = listen.root.get('id')?.lexeme() ?? 'null';
  const tell = (list: keyof typeof WANTED): void => {
    if (filter?.get(WANTED[list])?.kind === 'true') write(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed","params":{"_meta":{"${META_PREFIX}subscriptionId":${id}}}}`);
  };
  const unpin = pins.subscribe(() => tell('tools'));
  const unsubscribe = principal.subscribe((next, previous) => {
    for (const list of changedLists(next, previous)) tell(list);
  });
  return () => {
    unpin();
    unsubscribe();
  };
}
