import type { Category } from '../types.ts';

/** Words that are verbs wherever they stand in a name: `rabbitmq_broker_delete_exchange`. */
export const VERBS: Readonly<Record<Category, string>> = {
  read:
    'get gets list read search find fetch retrieve describe show view lookup check count compare analyze analyse explain validate verify inspect browse summarize ' +
    'preview diff watch monitor wait poll ping calculate compute convert parse detect estimate recommend suggest think extract translate tail peek audit visualize ' +
    'render whoami has is can exists discover enumerate identify examine determine traverse obtain collect gather observe understand plan ' +
    'review investigate diagnose troubleshoot profile predict forecast decode encode lint measure introspect screenshot snapshot scrape crawl grep locate assert expect ' +
    'probe scan simulate iterate stat cat glob ask learn select rank classify generate format hash sum echo download export crop zip gzip open display load sample tell aggregate ' +
    'rerank embed detect recall match trace debug assess infer transcribe calculate walk demo critique score',
  write:
    'silence unsilence finalize finalise place reserve turn play create add update edit set put patch insert upsert upload save store write modify change rename move copy duplicate fork clone assign unassign enable disable ' +
    'archive unarchive restore mark close reopen configure register import attach detach unlink associate disassociate dissociate append adjust activate deactivate join leave follow ' +
    'unfollow star unstar favorite pin unpin toggle approve unapprove reject provision allocate tag untag lock unlock replace rewrite connect disconnect login logout authenticate ' +
    'authorize assume confirm resolve accept decline dismiss acknowledge ack ingest record setup initialize init bootstrap scaffold define ' +
    'draft subscribe unsubscribe watchlist snooze mute unmute hide unhide bookmark react upvote vote link make put annotate ' +
    'bind unbind rate enrich extend increase decrease bump transition unarchived cordon uncordon mkdir touch hover resize scroll rotate suspend pause resume remember memorize ' +
    'unlike like claim unclaim share unshare grant allow permit ban block unblock override customize tune populate seed unstage switch ' +
    'reorder untrash undelete recover persist prefill enroll refresh renew mock emulate reschedule relate convertlead qualify demote complete finish ' +
    'stash cherry unroute route track attest post adopt reassign',
  execute:
    'run execute exec start stop restart reboot deploy redeploy rebuild trigger invoke launch kill abort cancel send notify publish broadcast reply forward invite ' +
    'click dblclick doubleclick tap press fill goto drag swipe eval evaluate apply scale rollback rollout promote dispatch submit sync synchronize ' +
    'rerun retry requeue replay failover install merge emit dial escalate relaunch spawn boot shutdown wake hibernate bake compile announce ' +
    'delegate orchestrate enqueue redrive reprocess reindex autofill actuate automate interrupt unpublish migrate upgrade ' +
    'downgrade inject operate',
  destructive:
    'forget flushall flushdb delete destroy purge terminate revoke wipe erase truncate uninstall flush remove expunge nuke prune rm rmdir unregister deregister evict drain obliterate trash eliminate del ' +
    'bulkdelete overwrite decommission deprovision clear reset shred empty discard annul teardown drop cleanup',
  financial: 'pay charge refund payout purchase buy sell withdraw donate repay reimburse prepay payback topup disburse liquidate',
};

/** Words that are as often nouns: verbs only as the first or the last word of a name, or as the first word of a sentence. */
export const NOUN_OR_VERB: Readonly<Record<Category, string>> = {
  read:
    'content contents instructions guidance distance location coordinates elevation ranking trending leaderboard profile balance holdings portfolio inventory catalog calendar dashboard ' +
    'query status info details detail history logs log stats statistics metrics help docs documentation schema summary overview usage report reports test lookup whois tree ' +
    'time date weather version versions health capabilities blame context chart graph map directions search about me list size price prices quote quotes tools trace traces feed timeline console state',
  write: 'compose index backup schedule book pull commit stage cache comment label issue note favorite watch tag link draft record configure feedback',
  execute: 'print build email message sms tweet chat prompt push call request use message release type mail navigate process action webhook job task bash shell terminal command python repl input interact interaction act agent control press mouse keyboard execution',
  destructive: 'reset empty',
  financial: 'exercise mint bridge wire redeem order transfer trade checkout swap bid stake bet deposit tip settle capture invest borrow lend',
};

/** Heads that say nothing of the effect: parameters and the description decide. */
export const GENERIC = 'manage management handle handler process perform do use operate operation operations control work admin administer crud action actions request tool call method dispatch';

/** Last words that make a thing to look at of the words before them: `build_status`, `order_history`. */
export const THINGS_TO_READ =
  'status history info details detail list logs log stats statistics metrics count summary overview usage schema docs documentation help ' +
  'types examples guide health version versions diff changes progress';

/** First words that are the thing when a plain verb ends the name: `route_list`, `queue_purge`. */
export const NOUNS_BEFORE_VERBS =
  'place route routes queue track trigger profile snapshot trace test plan record format hash rate rank scan score stage backup release build report log schedule notification message job task ' +
  'deploy command order trade transfer note link label tag issue comment draft book stack group map pair contact monitor index store mount display view email sms call request process action ' +
  'compute search sample load model post view preview review media webhook batch bulk branch commit hook screen cluster transform audit debug cache';

/** Last words that name the tool by what it does: `team-services-reader`. */
export const DOERS: Readonly<Record<Category, string>> = {
  read: 'reader viewer fetcher finder searcher lister getter checker validator analyzer analyser inspector explorer scraper crawler retriever summarizer calculator converter detector estimator comparer tester linter translator profiler',
  write: 'writer updater creator editor uploader importer installer saver modifier tagger organizer',
  execute: 'sender runner executor executer launcher deployer invoker starter stopper publisher notifier clicker',
  destructive: 'deleter remover cleaner destroyer eraser terminator purger wiper',
  financial: 'payer buyer seller purchaser trader',
};

/** Last words of a text about a deed: `deploy_app_help` deploys nothing. */
export const TEXTS_ABOUT = 'help guide guidance instructions tutorial tips';
