const number = new Intl.NumberFormat('en-GB');

/** "1 session", "3 sessions", "no sessions". */
export function counted(count: number | null, one: string, many: string = `${one}s`): string {
  if (count === null) return `? ${many}`;
  return count === 0 ? `no ${many}` : `${number.format(count)} ${count === 1 ? one : many}`;
}
