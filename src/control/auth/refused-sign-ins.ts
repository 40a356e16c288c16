import type { Registry } from '../../state/registry/types.ts';
import type { Doer } from './audit-entry.ts';
import { auditOf } from './audit-entry.ts';

const WINDOW_MS = 3_600_000;
/** Entries in one hour: a flood of guesses must not push everything else out of sight. */
const MOST = 60;

/** Writes refused sign-ins into the audit, a bounded number; the first entry after a gap says how many are missing. */
export class RefusedSignIns {
  #since = 0;
  #written = 0;
  #left = 0;

  /**
   * @param member null: there is no such member. What was typed is not written down then: people type passwords into the wrong field
   * @param why for people, without anything that was typed
   */
  async note(registry: Registry, doer: Doer, member: { readonly id: string; readonly email: string } | null, why: string, now: number): Promise<void> {
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#written = 0;
    }
    if (this.#written >= MOST) {
      this.#left++;
      return;
    }
    this.#written++;
    const missing = this.#left === 0 ? '' : ` (${this.#left} more were refused before and not written down)`;
    this.#left = 0;
    await registry.addAudit(auditOf(doer, { action: 'session.refused', kind: 'member', name: member?.id ?? '', summary: `A sign-in ${member === null ? 'of nobody known' : `as ${member.email}`} was refused: ${why}${missing}` }));
  }
}
