import { useCallback, useEffect, useRef, useState } from 'react';
import { scanServer } from '../../api/servers.ts';
import { useSearchText, useSetSearch } from '../../app/search-text.ts';

export interface ScanRun {
  readonly running: boolean;
  /** Why the last one could not even be tried; what the server did wrong stands in the scan itself. */
  readonly error: unknown;
  readonly start: () => void;
}

/** Scans a server when asked, and once by itself after it was added (`?scan=now`). */
export function useScan(name: string): ScanRun {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const now = useSearchText('scan') === 'now';
  const setSearch = useSetSearch();
  const begun = useRef(false);
  const start = useCallback(() => {
    setRunning(true);
    setError(null);
    void scanServer(name)
      .catch(setError)
      .finally(() => setRunning(false));
  }, [name]);
  useEffect(() => {
    if (!now || begun.current) return;
    begun.current = true;
    setSearch({ scan: null });
    start();
  });
  return { running, error, start };
}
