import type { ArgumentLogging, JournalChoice } from './types.ts';
import type { JournalModel } from './document.ts';
import { ARGUMENT_LOGGING } from './document.ts';

/** The one that keeps less. */
export function leastLogged(a: ArgumentLogging, b: ArgumentLogging): ArgumentLogging {
  return ARGUMENT_LOGGING.indexOf(a) < ARGUMENT_LOGGING.indexOf(b) ? a : b;
}

/** Of several policies the least is kept, and everything that one of them redacts is redacted. One that says nothing changes nothing. */
export function journalChoice(models: readonly (JournalModel | null)[]): JournalChoice {
  const said = models.filter((model) => model !== null);
  return {
    arguments: said.map((model) => model.arguments).reduce(leastLogged, 'values'),
    redact: [...new Map(said.flatMap(({ redact }) => redact).map(({ name, path }) => [name, path])).values()],
  };
}
