import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { apiPath, get, put } from '../../api/client.ts';
import { ApiProblem, readable } from '../../api/problem.ts';
import type { Policy } from '../../api/types.ts';
import { policyKey } from '../api.ts';
import { startOf, stepHistory } from './history.ts';
import { dropLocally, keepLocally, readLocally } from './local-copy.ts';

export type SaveState = 'saved' | 'unsaved' | 'saving' | 'failed' | 'conflict';

export interface Draft {
  readonly text: string;
  readonly state: SaveState;
  /** Why it was not saved. */
  readonly problem: string | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** One step of undo: a move on the board, a form. */
  readonly edit: (text: string) => void;
  /** Keys in the editor: quick ones are one step. */
  readonly type: (text: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Saves now what is not saved yet. @returns the version that holds the text, or null when it could not be saved */
  readonly flush: () => Promise<number | null>;
  /** After a conflict: what somebody else saved, or what is written here. */
  readonly resolve: (keep: 'mine' | 'theirs') => Promise<void>;
  /** What was published or rolled back elsewhere on this page is what is kept now. */
  readonly adopt: (policy: Policy) => void;
}

const QUIET_MS = 900;
export const textOf = (policy: Policy): string => policy.draft ?? policy.published?.text ?? '';

/** The text that is being written: undo and redo, kept in the browser at once and by the gateway after a moment. */
export function useDraft(policy: Policy, writable: boolean): Draft {
  const queryClient = useQueryClient();
  const [history, step] = useReducer(stepHistory, null, () => {
    const local = writable ? readLocally(policy.name) : null;
    return startOf(local?.text ?? textOf(policy));
  });
  const [state, setState] = useState<SaveState>('saved');
  const [problem, setProblem] = useState<string | null>(null);
  const saved = useRef({ text: textOf(policy), version: readLocally(policy.name)?.version ?? policy.version, policy });
  const now = useRef(history.now);
  now.current = history.now;
  const running = useRef<Promise<number | null> | null>(null);

  const adopt = useCallback(
    (next: Policy) => {
      saved.current = { text: textOf(next), version: next.version, policy: next };
      queryClient.setQueryData(policyKey(next.name), next);
      dropLocally(next.name);
      step({ kind: 'reset', text: textOf(next) });
      setState('saved');
      setProblem(null);
    },
    [queryClient],
  );

  const save = useCallback(async (): Promise<number | null> => {
    const text = now.current;
    const { policy: base, version } = saved.current;
    if (text === saved.current.text) return version;
    setState('saving');
    try {
      const next = await put<Policy>(apiPath('policies', base.name), { draft: text === base.published?.text ? null : text, description: base.description, server: base.server }, version);
      saved.current = { text, version: next.version, policy: next };
      queryClient.setQueryData(policyKey(base.name), next);
      void queryClient.invalidateQueries({ queryKey: ['policies'], exact: true });
      setProblem(null);
      if (now.current === text) {
        dropLocally(base.name);
        setState('saved');
      } else setState('unsaved');
      return next.version;
    } catch (error) {
      setProblem(readable(error));
      setState(error instanceof ApiProblem && error.code === 'precondition_failed' ? 'conflict' : 'failed');
      return null;
    }
  }, [queryClient]);

  /** One at a time: the version of the one before is what the next one has seen. */
  const flush = useCallback(async (): Promise<number | null> => {
    while (running.current !== null) await running.current;
    if (now.current === saved.current.text) return saved.current.version;
    running.current = save().finally(() => {
      running.current = null;
    });
    return running.current;
  }, [save]);

  useEffect(() => {
    if (!writable || state === 'conflict') return undefined;
    if (history.now === saved.current.text) {
      if (state === 'unsaved') setState('saved');
      return undefined;
    }
    keepLocally(policy.name, { text: history.now, version: saved.current.version });
    if (state !== 'saving') setState('unsaved');
    const timer = setTimeout(() => void flush(), QUIET_MS);
    return () => clearTimeout(timer);
    // `state` is left out: a failed save is tried again with the next key, not in a loop.
  }, [history.now, writable, flush, policy.name]);

  // Somebody else saved, and nothing here is unsaved: their text is shown. What is unsaved meets theirs as a conflict when it is saved.
  useEffect(() => {
    if (policy.version <= saved.current.version || now.current !== saved.current.text || running.current !== null) return;
    adopt(policy);
  }, [policy, adopt]);

  const resolve = useCallback(
    async (keep: 'mine' | 'theirs'): Promise<void> => {
      const theirs = await get<Policy>(apiPath('policies', policy.name));
      if (keep === 'theirs') return adopt(theirs);
      saved.current = { text: textOf(theirs), version: theirs.version, policy: theirs };
      await save();
    },
    [policy.name, adopt, save],
  );

  return {
    text: history.now,
    state,
    problem,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    edit: useCallback((text: string) => step({ kind: 'edit', text }), []),
    type: useCallback((text: string) => step({ kind: 'type', text, at: Date.now() }), []),
    undo: useCallback(() => step({ kind: 'undo' }), []),
    redo: useCallback(() => step({ kind: 'redo' }), []),
    flush,
    resolve,
    adopt,
  };
}
