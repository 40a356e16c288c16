import { allowEntryProblem, createAddressGuard, type AddressGuard } from '../../upstream/address-guard.ts';

/** One guard for all connections, so that a change of the list holds for the next connection of a server that runs already. */
export class LiveGuard implements AddressGuard {
  #allowed = '';
  #guard: AddressGuard = createAddressGuard([]);

  /** @param allowed entries that cannot be read allow nothing */
  allow(allowed: readonly string[]): void {
    const readable = allowed.filter((entry) => allowEntryProblem(entry) === null);
    const key = JSON.stringify(readable);
    if (key === this.#allowed) return;
    this.#guard = createAddressGuard(readable);
    this.#allowed = key;
  }

  refusesHost(host: string): string | null {
    return this.#guard.refusesHost(host);
  }

  refusesAddress(host: string, address: string): string | null {
    return this.#guard.refusesAddress(host, address);
  }
}
