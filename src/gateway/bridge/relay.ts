import type { Message } from '../../mcp/message.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';

/** Opens one connection to the upstream. The observer may be told things before the call returns only by way of a later turn. */
export type OpenUpstream = (observer: LinkObserver) => UpstreamLink;

/** An observer whose place another can take: who listens to a link changes once its era is known. */
export class Relay implements LinkObserver {
  target: LinkObserver;

  constructor(target: LinkObserver) {
    this.target = target;
  }

  message(message: Message, requestKey: string | null): void {
    this.target.message(message, requestKey);
  }

  garbage(code: string, sample: string): void {
    this.target.garbage(code, sample);
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    this.target.failed(requestKey, failure);
  }

  closed(failure: UpstreamFailure | null): void {
    this.target.closed(failure);
  }

  drain(): void {
    this.target.drain();
  }
}
