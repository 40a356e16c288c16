/** What is made when the verb is create, add, post or submit, and the making itself is more than a record. */
export const STARTED_THINGS =
  'message messages sms mms email mail invitation invitations invite notification notifications job run build deployment deploy execution call broadcast announcement tweet ' +
  'reply fax whatsapp crawl scrape workflowrun pipelinerun transcode training rollout testrun testruns';

export const SENT_THINGS = 'message messages sms mms email emails mail invitation invitations invite notification notifications broadcast announcement tweet whatsapp fax chat dm reply';

export const BOUGHT_THINGS = 'payment payments charge refund refunds payout payouts transfer transfers order orders purchase trade withdrawal swap donation paymentintent disbursement';

/** Words of a name that make an ambiguous verb (order, transfer, capture) one of money. */
export const MONEY_CONTEXT =
  'nft nfts payment payments order orders invoice price card wallet crypto coin market stock share shares balance fund funds money cash currency usd eur btc eth token tokens subscription billing account bank loan ' +
  'position leverage margin escrow limit bill bills goods gift giftcard';

/** Taking one of these off something else leaves both: the tie can be made again. */
export const TIES =
  'label labels tag tags reaction reactions assignee assignees reviewer reviewers star favorite favourite watcher watchers follower followers link links relation dependency dependencies association ' +
  'bookmark like vote pin mention attendee participants participant category categories approval owner parent subscriber';

/** State of the caller's own session, which nobody else sees. */
export const OWN_STATE =
  'defaults viewport window highlight highlights orientation loglevel clipboard cursor scroll hover zoom recording tracing emulation dialog breakpoint breakpoints hint theme workingdir workingdirectory workdir cwd subscriber';

/** The same, of a user interface or a debugger only: elsewhere a session or a route is a record. */
export const OWN_INTERFACE_STATE = 'tab tabs session selection context route routes canvas page pages timezone';

/** Emptying one of these costs time and nothing else. */
export const CACHES = 'cache caches';

export const REGISTRIES = 'ecr registry acr gcr dockerhub artifactory npm pypi crates nexus ghcr';
export const ARTEFACTS = 'container image docker package artifact artefact chart oci layer layers';

export const SECRETS =
  'secret secrets password passwords passwd credential credentials token tokens apikey apikeys keypair privatekey certificate accesskey passphrase vault kubeconfig connectionstring secretkey sshkey signingkey encryptionkey servicekey accountkey recoverycode';

export const PERMISSIONS =
  'ownership restriction restrictions restrict sharing accesslist ingress trust principal principals identity identities permission permissions role roles policy policies iam acl acls access user users member members membership memberships grant grants auth oauth sso rbac privilege privileges collaborator ' +
  'collaborators administrator admin firewall securitygroup owner owners scope scopes encryption proxy';

export const BULK = 'bulk batch all mass multiple many everything entire';

export const PRODUCTION = 'production prod live';

/** Services whose API moves money. */
export const MONEY_SERVERS = 'stripe square paypal adyen braintree razorpay mollie plaid coinbase binance kraken alpaca wise revolut checkout mercadopago paddle lemonsqueezy chargebee ccxt gocardless bybit okx kucoin bitget hyperliquid ibkr zerodha kite tradier etrade robinhood schwab oanda metatrader mt5 polymarket uniswap jupiter trading broker';

/** Booking one of these is buying it. */
export const BOOKED_THINGS = 'flight flights hotel room ticket tickets ride trip train seat rental car cab taxi';

/** What `apply` changes without starting anything. */
export const APPLIED_EDITS = 'diff edit edits patch label labels suggestion suggestions change changes format formatting style styles tag tags filter filters theme';

/** Sending one of these moves value on a chain. */
export const CHAIN_THINGS = 'transaction transactions tx eth ether sol btc bitcoin crypto token tokens funds money coins coin usdc usdt nft nfts lamports sats satoshis algo xrp trx matic bnb erc20 lightning payment payments';

/** What runs; resizing or restoring it interrupts what it does. */
export const HOSTS = 'droplet droplets server servers instance instances vm vms machine machines host hosts node nodes linode cluster clusters database databases db rds volume dyno nodepool backup snapshot';

/** What stops working for others while it is paused. */
export const SUSPENDED_HOSTS = 'droplet server servers instance instances vm vms machine machines host hosts node nodes linode cluster clusters database databases warehouse dyno app webapp';

/** Records that somebody pays by. */
export const MONEY_RECORDS = 'invoice invoices billing bill bills subscription subscriptions payroll payslip budget budgets price prices pricing tax taxes coupon coupons discount discounts';

/** What holds things that exist without it. */
export const GROUPS = 'card group groups team project projects task board section sprint epic collection collections folder playlist channel cycle module segment audience watchlist list lists album backlog organization workspace milestone release issue story favorites initiative initiatives roadmap objective goal dashboard view';

/** Cells, text and their looks: sorting, formatting or merging them changes them. */
export const LAID_OUT = 'range ranges cell cells row rows column columns sheet worksheet table paragraph paragraphs slide slides document doc docs spreadsheet';

/** What fills again or is set again as easily as it was cleared. */
export const REFILLED = 'presence count counter unread filter filters formatting format style styles errors error status';
