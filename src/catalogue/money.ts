import type { Definition } from './definition.ts';
import { wordSet } from './lexicon/lookup.ts';
import { BOUGHT_THINGS, CHAIN_THINGS, MONEY_CONTEXT, MONEY_SERVERS } from './lexicon/objects.ts';
import { AMOUNTS, MARKET_INPUTS } from './lexicon/parameters.ts';
import type { NameReading } from './read-name.ts';
import { splitWords } from './words.ts';

const MONEY_WORDS = wordSet(MONEY_CONTEXT);
const AMOUNT_KEYS = wordSet(AMOUNTS);
const MARKET_KEYS = wordSet(MARKET_INPUTS);
const MONEY = wordSet(MONEY_SERVERS);
const CHAIN = wordSet(CHAIN_THINGS);
const BOUGHT = wordSet(BOUGHT_THINGS);
/** Money words that mean something else beside other things: an order of fields, a transfer of a repository, a bridge of networks. */
const IN_DOUBT = wordSet('order transfer trade swap bid stake bet deposit tip settle capture invest borrow lend checkout charge redeem exercise mint bridge wire fund unstake hedge acquire');
const TRADERS = wordSet('create place replace modify amend edit open close reverse change update exit flatten exercise submit add reduce increase');
const MAKERS = wordSet('create add make post new submit place open initiate put issue request capture execute send process confirm authorize schedule start');
const PAID_FOR = wordSet('price priceid plan planid planids customer customerid amount items paymentmethod paymentmethodid');

/** A word that is money only beside other words of money. */
export function isDoubtfulMoney(verb: string, definition: Definition, name: NameReading): boolean {
  const stem = IN_DOUBT.has(verb) ? verb : verb.replace(/(?:s|ing)$/u, '');
  return (IN_DOUBT.has(stem) || IN_DOUBT.has(`${stem}e`)) && !isAboutMoney(definition, name);
}

/** Other words of the name, or the parameters, are of money. */
export function isAboutMoney(definition: Definition, name: NameReading): boolean {
  return name.rest.some((w) => MONEY_WORDS.has(w)) || definition.parameters.some((p) => AMOUNT_KEYS.has(p.key));
}

/** The word that makes the name one of buying, trading, paying or moving coins; undefined where nothing of the kind is done. */
export function purchaseOf(definition: Definition, name: NameReading, head: string, server: string): string | undefined {
  const verb = name.verb ?? '';
  if (MAKERS.has(verb) && BOUGHT.has(head)) return head;
  const dealer = [...splitWords(server), ...name.words].some((w) => MONEY.has(w)) || definition.parameters.some((p) => MARKET_KEYS.has(p.key));
  if (TRADERS.has(verb) && /^(?:positions?|orders?)$/u.test(head) && dealer) return head;
  if (/^(?:send|submit|broadcast|execute|transact)$/u.test(verb)) return name.object.find((w) => CHAIN.has(w));
  if (MAKERS.has(verb) && /^subscriptions?$/u.test(head) && (dealer || definition.parameters.some((p) => PAID_FOR.has(p.key)))) return head;
  return undefined;
}
