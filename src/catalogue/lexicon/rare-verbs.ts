import type { Category } from '../types.ts';

/**
 * Rarer verbs. They count in names and as the first word of a text; in the middle of a sentence most of them are nouns or adjectives as well.
 */
export const RARE_VERBS: Readonly<Record<Category, string>> = {
  read:
    'expand unshorten recognize recognise receive consume dequeue lookup answer appraise approximate autocomplete autosuggest average backtest beautify benchmark brainstorm caption cd choose cite consult contrast correlate dbsize decompile decrypt deduce dedupe ' +
    'derive deserialize dig disassemble dryrun dump encrypt fetchall filter geocode geolocate getall guess healthcheck hexists hget hgetall hkeys hmget hvals ideate interpolate interpret ' +
    'intersect listall llen lrange ls memoize mget minify normalize nslookup ocr outline paraphrase pick pinpoint plot prettify proofread pwd quantify reason redact reflect rephrase rewind ' +
    'sanitize screengrab serialize shuffle sismember sleep smembers sniff solve sort spellcheck stringify summarise survey symbolicate tally tokenize traceroute triangulate ttl typecheck verify ' +
    'vet visualise xrange xread zrange zscore',
  write:
    'reinit retire deprecate sunset unlist compress lodge notarize sign esign reissue regenerate unsuspend unmerge protect unprotect reauthorize reauthenticate turnon turnoff setup signup optin optout checkin rollin archiveoff deny refuse adapt align allowlist amend animate arm arrange author bevel blacklist blur bookmark brighten categorise categorize certify chamfer checkin colorize combine commit concat concatenate ' +
    'contribute correct countersign crossfade customise decompress decr decrement deduplicate defer delay denoise denylist deselect dim disapprove disarm dock downvote draw dub elect embed ' +
    'endorse endow ensure equalize expire expose extrude fillet fix flag freeze heal hmset hold hset humanize incr increment indent introduce isolate italicize keyframe localise localize loft ' +
    'lpush mirror mset nominate onboard organise organize outdent overlay paint paste personalise personalize postpone preset prewarm prioritise prioritize putall quantize rearrange ' +
    'rebase recolor reconfigure redo refactor reformat rekey relabel relocate remap remark repair reparent resample retag revert reword rewrap rpush sadd sculpt setex sharpen sketch split squash ' +
    'stitch subdivide synthesise synthesize texturize thaw transcode transliterate transpose triage trim turnoff turnon unarchive unassociate underline undo undock unflag unfreeze ungroup unhold ' +
    'unmask unmount unpack unsnooze unstar untar unvote unzip upscale vectorize whitelist wrap xadd zadd zoomin zoomout',
  execute:
    'respawn halt quit reroute dispense brew steer takeoff ddos spoof pentest toot reblog resubmit redeliver reenqueue rightsize repartition ignite throttle impersonate kickstart actuate navigate poweron poweroff powercycle powerup powerdown spinup spindown bringup bringdown takedown kickoff rollback shutdown startup bootup dialout callback failover failback switchover scaleup scaledown scalein scaleout composeup composedown hangup recycle rollover cutoff activateall attack autorun autoscale backfill batchrun beep blast bruteforce callout chmod chown crosspost cutover deescalate detonate dm eject exploit finetune flick fling fuzz handoff ' +
    'hangup hotfix hotreload hydra inject keydown keypress keystroke keyup leftclick lockdown longpress longtap mailout mitigate multicall notifyall pinch powercycle poweroff poweron quarantine ' +
    'rebalance recompile reconnect redial reflash rehost rehydrate reimage reinstall relay reload remediate repackage repost reprovision rerelease rescan resend reshard reshare respond resync ' +
    'retweet rightclick ring rsync say scp sendkeys sftp speak spin sqlmap ssh stepinto stepout stepover sudo summon train transact transpile typetext undelegate unisolate unload unpause ' +
    'unquarantine unretweet vacuum vibrate warmup whisper',
  destructive:
    'clean burn recreate dismantle unprovision expel sever disown arrtrim arrpop bzpopmin blpop brpop teardown cleanup wipeout clearout cleanout writeoff abandon cull deleteall deletemany deleteone deletes delist destruct disband dissolve dropall dropindex emptytrash forcedelete forfeit getdel harddelete hdel invalidate kick lpop lrem ltrim ' +
    'nullify offboard pop reap relinquish removeall removeone removes repudiate rescind rmi rmrf rmtree rpop selfdestruct spop srem undeploy unenrol unenroll unmint unpair unsend unset void xdel ' +
    'zeroize zpopmax zpopmin zrem',
  financial:
    'spend rent pledge hedge payout payoff buyout buyin cashout cashin buyback sellout payback acquire airdrop autopay bribe cashback cashout deleverage gamble payinvoice prebook preorder remit unstake wager',
};
