/** The text of a draft with what undo and redo go to. */
export interface History {
  readonly past: readonly string[];
  readonly now: string;
  readonly future: readonly string[];
  /** When the last key was typed, in ms; 0: the last change was no typing. Keys that follow each other quickly are one step. */
  readonly typedAt: number;
}

export type HistoryStep =
  | { readonly kind: 'edit'; readonly text: string }
  | { readonly kind: 'type'; readonly text: string; readonly at: number }
  | { readonly kind: 'undo' | 'redo' }
  /** Another text, of which nothing is undone. */
  | { readonly kind: 'reset'; readonly text: string };

const PAUSE_MS = 1200;
const MOST_STEPS = 200;

export const startOf = (text: string): History => ({ past: [], now: text, future: [], typedAt: 0 });

export function stepHistory(history: History, step: HistoryStep): History {
  const { past, now, future } = history;
  switch (step.kind) {
    case 'reset':
      return step.text === now ? history : startOf(step.text);
    case 'undo': {
      const before = past.at(-1);
      return before === undefined ? history : { past: past.slice(0, -1), now: before, future: [now, ...future], typedAt: 0 };
    }
    case 'redo': {
      const [after, ...rest] = future;
      return after === undefined ? history : { past: [...past, now], now: after, future: rest, typedAt: 0 };
    }
    default: {
      if (step.text === now) return history;
      const typing = step.kind === 'type';
      if (typing && history.typedAt > 0 && step.at - history.typedAt < PAUSE_MS) return { past, now: step.text, future: [], typedAt: step.at };
      return { past: [...past, now].slice(-MOST_STEPS), now: step.text, future: [], typedAt: typing ? step.at : 0 };
    }
  }
}
