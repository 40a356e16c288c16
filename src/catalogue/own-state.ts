import { wordSet } from './lexicon/lookup.ts';
import { CACHES, OWN_INTERFACE_STATE, OWN_STATE as OWN } from './lexicon/objects.ts';
import type { NameReading } from './read-name.ts';
import { splitWords, withPairs } from './words.ts';

const OWN_STATE = wordSet(OWN);
const INTERFACE_STATE = wordSet(OWN_INTERFACE_STATE);
const INTERFACE_WORDS = wordSet('browser playwright puppeteer selenium chrome chromium firefox webdriver devtools cdp stagehand browserbase debugger debug lldb gdb');
const EMPTIABLE = wordSet(CACHES);
const EMPTYING = wordSet('clear flush reset empty invalidate purge wipe refresh drop');
const SCRATCH = wordSet('hover scroll wait');
/** Changes of a view; of anything else they are changes. */
const VIEW_CHANGES = wordSet('resize rotate zoom');
const VIEWS = wordSet('browser window page viewport tab screen view device camera canvas');

/** The word of the name that makes what it changes the caller's own scratch state; undefined where others may see it. */
export function ownStateOf(name: NameReading, server: string): string | undefined {
  const verb = name.verb ?? '';
  if (SCRATCH.has(verb)) return verb;
  if (VIEW_CHANGES.has(verb)) return name.words.find((w) => VIEWS.has(w));
  if (EMPTYING.has(verb)) {
    const cache = name.object.find((w) => EMPTIABLE.has(w));
    if (cache !== undefined) return cache;
  }
  const words = withPairs(name.object);
  const own = words.find((w) => OWN_STATE.has(w));
  if (own !== undefined) return own;
  if (![...name.words, ...splitWords(server)].some((w) => INTERFACE_WORDS.has(w))) return undefined;
  return words.find((w) => INTERFACE_STATE.has(w));
}
