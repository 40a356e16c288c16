import { useState } from 'react';
import { getVersioned, patch, type Versioned } from '../../api/client.ts';
import { useConflictGuard, type ConflictGuard } from '../../components/conflict.tsx';
import { told } from '../../components/toasts.ts';
import type { Settings } from './settings.ts';

export interface Save {
  readonly busy: boolean;
  readonly error: unknown;
  readonly dialog: ConflictGuard['dialog'];
  readonly save: (change: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Saves a part of the settings, and says so when somebody else was first. */
export function useSave(settings: Versioned<Settings>, onSaved: () => Promise<void>): Save {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const conflict = useConflictGuard(async () => (await getVersioned<Settings>('/settings')).value, () => void onSaved());
  return {
    busy,
    error,
    dialog: conflict.dialog,
    save: async (change) => {
      setBusy(true);
      setError(null);
      try {
        if (await conflict.save(() => patch('/settings', change, settings.version), { ...settings.value, ...change })) {
          told('The settings are saved.');
          await onSaved();
        }
      } catch (problem) {
        setError(problem);
      } finally {
        setBusy(false);
      }
    },
  };
}
