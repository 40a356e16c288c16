import type { Definition } from './definition.ts';
import { verbOf, wordSet } from './lexicon/lookup.ts';
import { TEXTS_ABOUT as TEXTS } from './lexicon/english-verbs.ts';
import * as objects from './lexicon/objects.ts';
import { INTERFACE_ACTS as ACTS, INTERFACE_TARGETS, INTERFACES, READ_ONLY_QUERY_LANGUAGES } from './lexicon/parameters.ts';
import { isLogInsights } from './parameter-effects.ts';
import { ownStateOf } from './own-state.ts';
import type { DescriptionReading } from './read-description.ts';
import { isDoubtfulMoney, purchaseOf } from './money.ts';
import type { NameReading } from './read-name.ts';
import type { Category } from './types.ts';
import type { Trail } from './trail.ts';
import { splitWords, withPairs } from './words.ts';

const STARTED = wordSet(objects.STARTED_THINGS);
const TIES = wordSet(objects.TIES);
const GROUPS = wordSet(objects.GROUPS);
const REGISTRIES = wordSet(objects.REGISTRIES);
const ARTEFACTS = wordSet(objects.ARTEFACTS);
const SECRETS = wordSet(objects.SECRETS);
const INTERFACE_ACTS = wordSet(ACTS);
const INTERFACE_WORDS = wordSet(INTERFACES);
const TARGET_KEYS = wordSet(INTERFACE_TARGETS);
const READ_ONLY_LANGUAGES = wordSet(READ_ONLY_QUERY_LANGUAGES);
const SENDS = wordSet('send publish post email share submit broadcast');
const TEXTS_ABOUT = wordSet(TEXTS);
const HOSTS = wordSet(objects.HOSTS);
const FEEDBACK = wordSet('feedback rating');
const LOOKS_ONLY = wordSet('get list read show view fetch describe find');
const LAID_OUT = wordSet(objects.LAID_OUT);
const REFILLED = wordSet(objects.REFILLED);
const LAYING_OUT = wordSet('sort format merge unmerge autofit filter freeze hide group');
const LAUNCHED = wordSet('app apps application sim simulator emulator browser program terminal shell url link website webpage door gate garage valve lock blinds cover');
const OPENED_RECORDS = wordSet('issue ticket pr request case account channel position thread discussion incident');
const MINTERS = wordSet('generate issue mint rotate');
const QUERY_RUNNERS = wordSet('execute run query exec start');
const INSPECTIONS = wordSet('audit audits lint linter check checks analysis diagnostics diagnosis inspection validation assessment benchmark accessibility lighthouse search checkov tfsec trivy semgrep eslint pylint ruff mypy bandit snyk');
const NAMES_OF_THINGS = wordSet('id ids name names url urls uri path address dns domain host hostname library reference ref symbol handle username package import imports definition type');
const GATED = wordSet('deployment deployments deploy release pipeline job run rollout workflow environment execution playbook schedule');
/** What is tested by running it; a connection, a pattern or a query is only looked at. */
const RUN_BY_TESTS = wordSet('sim simulator device macos suite project package unit units e2e workflow webhook function lambda notification email alert channel migration failover build scheme');
const RECORDS = wordSet('issue issues ticket task tasks subtask lead leads contact deal opportunity quote card story epic note page record draft incident conversation');
const SUSPENDED = wordSet(objects.SUSPENDED_HOSTS);
const MODEL_OUTPUTS = wordSet('completion completions embedding embeddings');
const CLEANED_TEXTS = wordSet('text html json markdown csv string code xml url');
const BUILD_PRODUCTS = wordSet('build builds products derived project workspace target');
const CONTROLS = wordSet('access version quality source parental flow cost rate change');
const VIEWS_CHOSEN = wordSet('page tab window frame context');
const PROCESSES = wordSet('migration failover upgrade deployment rollout switchover cutover');
const MANIFESTS = wordSet('manifest manifests yaml resource resources patch patchdata kubectl k8s object');
const CLUSTERS = wordSet('kubernetes k8s kubectl openshift helm');
/** Words behind a thing that leave it the thing: `create_payout_batch`. */
const GROUPINGS = wordSet('batch bulk async sync v1 v2 v3 request');
const BOOKED = wordSet(objects.BOOKED_THINGS);
const APPLIED = wordSet(objects.APPLIED_EDITS);
const PROGRAMS = wordSet('app application process session call program browser');
const OWN_RECORDINGS = wordSet('recording tracing trace emulation profiling video screencast');
const MAKERS = wordSet('create add make post new submit place open initiate put issue request capture execute send process confirm authorize schedule');
const COPIERS = wordSet('clone copy push publish upload mirror sync replicate promote transfer import export tag');
const REMOVERS_OF_TIES = wordSet('unset remove clear drop reset empty delete revoke flush wipe');

/** The effects that the name alone speaks for; returns that of its verb together with what the verb is done to. */
export function judgeName(definition: Definition, name: NameReading, server: string, description: DescriptionReading, trail: Trail): Category | null {
  for (const { verb, effect } of name.joined) trail.effect(effect, 'name', '/name', verb);
  // Controlling a device, a player or a job makes it do something; access control is a thing.
  if (name.verb === 'control' && name.generic && !name.rest.some((w) => CONTROLS.has(w))) {
    trail.effect('execute', 'name', '/name', name.verb);
    return 'execute';
  }
  if (name.verb === null || name.effect === null) return null;
  // `network_request`: what is done with the thing, the description says if it begins with a verb.
  if (name.thing && !name.readOnly && description.lead?.leads === true && !description.lead.rare) return null;
  const effect = effectWithObject(definition, name, name.effect, server, trail);
  trail.effect(effect, 'name', '/name', name.verb);
  return effect;
}

function effectWithObject(definition: Definition, name: NameReading, plain: Category, server: string, trail: Trail): Category {
  const verb = name.verb ?? '';
  const head = name.object.findLast((w) => !GROUPINGS.has(w)) ?? '';
  const purchase = purchaseOf(definition, name, head, server);
  if (purchase !== undefined) return because(trail, purchase, 'financial');
  if (plain === 'financial' && isDoubtfulMoney(verb, definition, name)) return verb === 'order' ? orderOf(name) : 'write';
  if (MAKERS.has(verb) && STARTED.has(head) && !name.object.includes('draft')) return because(trail, head, 'execute');
  if (verb === 'drop' && interfaceOf(definition, name, server) !== undefined && definition.parameters.some((p) => TARGET_KEYS.has(p.key))) return because(trail, verb, 'execute');
  if (plain === 'read' || plain === 'write') {
    // Which page or tab comes next is the caller's own affair.
    if (verb === 'select' && VIEWS_CHOSEN.has(head) && !definition.parameters.some((p) => TARGET_KEYS.has(p.key))) return because(trail, head, 'write');
    const shown = INTERFACE_ACTS.has(verb) ? interfaceOf(definition, name, server) : undefined;
    if (shown !== undefined) return because(trail, shown, 'execute');
  }
  if (MINTERS.has(verb)) {
    const secret = withPairs(name.object).find((w) => SECRETS.has(w));
    if (secret !== undefined) return because(trail, secret, 'write');
  }
  if (name.readOnly) return because(trail, 'read only', 'read');
  if (QUERY_RUNNERS.has(verb)) {
    const words = [...name.rest, ...splitWords(server)];
    const language = words.find((w) => READ_ONLY_LANGUAGES.has(w)) ?? (isLogInsights(words) ? 'insights' : undefined);
    if (language !== undefined && (name.rest.includes('query') || language === 'insights')) return because(trail, language, 'read');
    const look = name.object.find((w) => INSPECTIONS.has(w));
    if (look !== undefined && (verb === 'run' || verb === 'start')) return because(trail, look, 'read');
  }
  if ((verb === 'book' || verb === 'reserve') && BOOKED.has(head)) return because(trail, head, 'financial');
  if (plain === 'execute' && TEXTS_ABOUT.has(head) && !SENDS.has(verb)) return because(trail, head, 'read');
  if (verb === 'generate' && plain === 'read') {
    // What is made of a local file lands beside it.
    const file = definition.parameters.find((p) => /(?:path|file|dir|directory)$/u.test(p.key));
    if (file !== undefined) return because(trail, file.name, 'write');
  }
  const host = name.object.find((w) => HOSTS.has(w));
  if (host !== undefined && (verb === 'resize' || verb === 'restore')) return because(trail, host, 'execute');
  if (host !== undefined && verb === 'snapshot') return because(trail, host, 'write');
  // The disk of a machine that is rebuilt is gone.
  if (host !== undefined && (verb === 'rebuild' || verb === 'reimage' || verb === 'reinstall')) return because(trail, host, /^(?:droplet|server|instance|vm|machine|host|node|linode)s?$/u.test(host) ? 'destructive' : 'execute');
  if (plain === 'read' && FEEDBACK.has(head) && !LOOKS_ONLY.has(verb)) return because(trail, head, 'write');
  if (LAYING_OUT.has(verb)) {
    const laid = name.object.find((w) => LAID_OUT.has(w));
    if (laid !== undefined) return because(trail, laid, 'write');
  }
  if (verb === 'open') {
    const started = name.object.find((w) => LAUNCHED.has(w)) ?? definition.parameters.find((p) => p.key === 'url')?.name;
    if (started !== undefined) return because(trail, started, 'execute');
    if (OPENED_RECORDS.has(head)) return because(trail, head, 'write');
  }
  if ((verb === 'write' || verb === 'call') && head === 'contract' && definition.parameters.some((p) => p.key === 'abi' || p.key === 'functionname')) {
    trail.signal('free_form_code', 'name', '/name', head);
    return because(trail, head, 'execute');
  }
  // Letting a held deployment or job go starts it.
  if (verb === 'approve' || verb === 'play') {
    const gated = name.object.find((w) => GATED.has(w.replace(/s$/u, '')));
    if (gated !== undefined) return because(trail, gated, 'execute');
  }
  if (verb === 'pause' || verb === 'resume' || verb === 'suspend') {
    const halted = name.object.find((w) => SUSPENDED.has(w));
    if (halted !== undefined) return because(trail, halted, 'execute');
  }
  if (verb === 'convert' && name.object.some((w) => RECORDS.has(w)) && definition.parameters.some((p) => p.key.endsWith('id'))) return because(trail, verb, 'write');
  if (verb === 'test') {
    const run = name.object.find((w) => RUN_BY_TESTS.has(w));
    if (run !== undefined) return because(trail, run, 'execute');
  }
  if ((verb === 'create' || verb === 'generate') && MODEL_OUTPUTS.has(head)) return because(trail, head, 'read');
  if (verb === 'clean') {
    if (name.object.length === 0 || name.object.every((w) => BUILD_PRODUCTS.has(w) || w === 'clean')) return because(trail, verb, 'execute');
    if (CLEANED_TEXTS.has(head)) return because(trail, head, 'read');
  }
  if (verb === 'approve' && definition.parameters.some((p) => p.key.startsWith('spender'))) return because(trail, 'approve', 'financial');
  if (verb === 'forward' && name.object.some((w) => w.startsWith('geocod'))) return because(trail, 'geocode', 'read');
  if (verb === 'apply' && APPLIED.has(head)) return because(trail, head, 'write');
  if (verb === 'push' && name.rest.includes('force')) return because(trail, 'force', 'destructive');
  if (verb === 'resolve' && NAMES_OF_THINGS.has(head)) return because(trail, head, 'read');
  if (verb === 'complete' || verb === 'finish' || verb === 'finalize') {
    if (PROCESSES.has(head)) return because(trail, head, 'execute');
  }
  if (plain === 'write' && (name.object.length === 0 || name.object.every((w) => MANIFESTS.has(w) || CLUSTERS.has(w) || verbOf(w) !== undefined || w === 'or'))) {
    // A manifest is any workload: creating one starts what it says.
    const cluster = [...name.words, ...splitWords(server), ...splitWords(definition.description.slice(0, 2_000))].find((w) => CLUSTERS.has(w));
    if (cluster !== undefined && definition.parameters.some((p) => MANIFESTS.has(p.key))) {
      trail.signal('free_form_code', 'name', '/name', cluster);
      return because(trail, cluster, 'execute');
    }
  }
  if (verb === 'terminate' && name.rest.some((w) => PROGRAMS.has(w))) return 'execute';
  if ((verb === 'start' || verb === 'stop') && OWN_RECORDINGS.has(head)) return because(trail, head, 'write');
  if (COPIERS.has(verb)) {
    const registry = name.rest.find((w) => REGISTRIES.has(w));
    const artefact = name.rest.find((w) => ARTEFACTS.has(w));
    if (registry !== undefined) {
      if (artefact !== undefined) because(trail, artefact, 'execute');
      return because(trail, registry, 'execute');
    }
  }
  if (REMOVERS_OF_TIES.has(verb) && plain === 'destructive') {
    if ((verb === 'remove' || verb === 'unset' || verb === 'clear') && TIES.has(head)) return because(trail, head, 'write');
    const tied = name.object.find((w) => w === 'related' || w === 'linked');
    if (verb === 'remove' && tied !== undefined) return because(trail, tied, 'write');
    // Taken out of a group it still exists; out of a store it does not.
    const from = name.words.lastIndexOf('from');
    const group = name.words.slice(from + 1).find((w) => GROUPS.has(w));
    if (verb === 'remove' && from > 0 && group !== undefined) return because(trail, group, 'write');
    if ((verb === 'clear' || verb === 'reset') && name.object.some((w) => REFILLED.has(w))) return because(trail, head, 'write');
    if (verb !== 'delete' && verb !== 'revoke' && ownStateOf(name, server) !== undefined) return because(trail, head, 'write');
  }
  return plain;
}

/** `sort_order` is a list's, `order_pizza` is a purchase. */
function orderOf(name: NameReading): Category {
  return name.words[0] === 'order' && name.words.length > 1 ? 'financial' : 'read';
}

function because(trail: Trail, word: string, effect: Category): Category {
  trail.note('name', '/name', word, effect);
  return effect;
}

function interfaceOf(definition: Definition, name: NameReading, server: string): string | undefined {
  return definition.parameters.find((p) => TARGET_KEYS.has(p.key))?.name ?? [...name.words, ...splitWords(server)].find((w) => INTERFACE_WORDS.has(w));
}
