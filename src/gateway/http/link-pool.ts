import type { Message } from '../../mcp/message.ts';
import type { LinkObserver, UpstreamLink } from '../../upstream/types.ts';
import type { Principal } from '../principal.ts';

/** Where the HTTP front gets its upstream links from: child processes, or translated links when eras are bridged. */
export interface LinkPool {
  /** A link for one legacy session, from its `initialize` to its end. */
  session(observer: LinkObserver, principal: Principal): UpstreamLink;
  /** A link for one modern request; many run at once, and their ids may be equal. */
  stateless(observer: LinkObserver, principal: Principal, message: Message): UpstreamLink;
  /** Processes that are running now. */
  children(): number;
  /** Ends what belongs to this principal alone. */
  endPrincipal(principal: Principal): void;
  close(): Promise<void>;
}
