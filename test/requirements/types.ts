/** One demand of the protocol design on the gateway. */
export interface Requirement {
  /** As in the protocol design: `T1`, `J3`, ... or `A17` for an attack case (`attack 17`). */
  readonly id: string;
  readonly level: 'must' | 'should';
  /** In a few words of our own. */
  readonly text: string;
  /** Where the demand comes from. */
  readonly source: string;
  /**
   * Why it is not proved yet: the part of the product that it is about is not there. The reason names what happens instead, and
   * `heldBy` a test that shows it, so that the entry cannot rot.
   */
  readonly later?: { readonly issue: number; readonly reason: string };
}
