import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { type AddressGuard, TargetNotAllowed } from './address-guard.ts';

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
/** The part of `dns.lookup` that a socket calls. */
export type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;
/** Resolves one name to all its addresses; the system's unless a test says otherwise. */
export type Resolve = (hostname: string, options: LookupOptions & { readonly all: true }, callback: (error: Error | null, addresses: LookupAddress[]) => void) => void;

/**
 * A `lookup` for sockets that hands over only addresses that the guard lets through. The socket connects to exactly these: nothing is resolved a
 * second time, so a name that changes between check and use (DNS rebinding) gains nothing. One bad address refuses the whole name, because a
 * name of an honest server has none.
 */
export function guardedLookup(guard: AddressGuard, resolve: Resolve = systemLookup): Lookup {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const refused = addresses.map(({ address }) => guard.refusesAddress(hostname, address)).find((problem) => problem !== null) ?? (addresses.length === 0 ? 'its name has no address' : null);
      if (refused !== null) return callback(new TargetNotAllowed(refused), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
