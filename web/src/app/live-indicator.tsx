import type { ReactNode } from 'react';
import { useLiveState } from '../api/live.tsx';

const WORDS = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', paused: 'Paused' } as const;
const TITLES = {
  connecting: 'The stream of events is being opened',
  live: 'What you see renews itself',
  reconnecting: 'The gateway does not answer; what you see may be old',
  paused: 'Paused while this tab was in the background',
} as const;

/** Whether what is on the page is live. */
export function LiveIndicator(): ReactNode {
  const state = useLiveState();
  return (
    <span className="pl-live" data-state={state} title={TITLES[state]} role="status">
      <i aria-hidden="true" />
      <span>{WORDS[state]}</span>
    </span>
  );
}
