import { metaOf } from '../../mcp/meta.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';

const BEAT_MS = 5_000;
/**
 * Progress must increase over the whole call, and what the upstream reports later usually begins at 1: our beats stay far below. A server
 * that begins at 0 is seen to go back once by clients that compare.
 */
const STEP = 1e-6;

/**
 * Tells a client that gave a progress token that its call is still waiting, so that it does not give up (N3).
 * @returns ends the beats
 */
export function beat(conversation: Conversation, call: InFlight): () => void {
  const token = metaOf(call.request.params)?.get('progressToken') ?? null;
  if (token === null || call.progressToken === null) return () => undefined;
  const timer = setInterval(() => {
    call.beats += 1;
    const progress = `{"progressToken":${token.lexeme()},"progress":${(call.beats * STEP).toFixed(6)},"message":"Waiting for approval"}`;
    const heard = conversation.tell(call.idKey, Buffer.from(`{"jsonrpc":"2.0","method":"notifications/progress","params":${progress}}`));
    if (!heard) clearInterval(timer);
  }, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
