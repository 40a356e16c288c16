import { useNavigate, useParams, useSearch } from '@tanstack/react-router';

export type SearchTexts = Readonly<Record<string, string>>;

/** All search parameters of the address. */
export function useSearchTexts(): SearchTexts {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  return search as SearchTexts;
}

/** One search parameter of the address; undefined when it is not there. */
export function useSearchText(name: string): string | undefined {
  return useSearchTexts()[name];
}

/** Changes some search parameters and leaves the others; empty ones leave the address. */
export function useSetSearch(): (changes: Readonly<Record<string, string | null>>) => void {
  const navigate = useNavigate();
  const search = useSearchTexts();
  return (changes) => {
    const next = Object.fromEntries(Object.entries({ ...search, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== ''));
    void navigate({ to: '.', search: next, replace: true });
  };
}

/** A part of the address: `useParam('server')` on `/servers/$server`. */
export function useParam(name: string): string {
  const parameters: Readonly<Record<string, unknown>> = useParams({ strict: false });
  const value = parameters[name];
  return typeof value === 'string' ? value : '';
}
