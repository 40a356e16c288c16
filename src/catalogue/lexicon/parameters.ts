/** Parameter names without case and separators. */

/** A program as text: whatever the tool is called, this is what it runs. */
export const CODE =
  'sql sqlquery sqlstatement sqlstatements statements sqls cypher cypherquery command cmd commandline commands shell shellcommand bash script javascript js jscode javascriptcode pythoncode ' +
  'python powershell scriptcode sourcecode clicommand hql mongodbcommand aggregationpipeline rawsql codetorun codetoexecute execcommand';

/** Of these programs, the ones that nobody stores. */
export const COMMANDS = 'command cmd commandline commands shellcommand clicommand execcommand mongodbcommand';

/** Code only beside a verb or a name that runs things. */
export const MAYBE_CODE = 'code query expression function statement program snippet queries pipeline expr args file files task prompt goal instruction instructions text manifest resource yaml yamlcontent graphql mutation';

export const URLS = 'url urls uri link href webpage targeturl weburl pageurl websiteurl starturl baseurl requesturl webhookurl callbackurl address';

export const PATHS =
  'path paths filepath filepaths filename file files directory dir folder sourcepath destinationpath outputpath inputpath localpath savepath destination rootdir workingdirectory cwd workdir ' +
  'workspacedir outputdir outputfile yamlpath';

/** Where a tool that only returns data would leave some on disk. */
export const OUTPUT_PATHS =
  'outputpath outputdir outputdirectory outputfile outputfilename savepath savedir saveto savefile localpath downloadpath downloaddir destinationpath destinationdir destdir targetpath ' +
  'targetdir exportpath outfile outdir workspacedir downloadspath';

/** The parameter that picks one of several operations. */
export const ACTIONS = 'action actions operation operations op ops method command commands cmd mode verb subcommand operationtype actiontype actionname httpmethod requestmethod apioperation';

/** Switches that add an effect to a tool that has none by name. */
export const DESTRUCTIVE_SWITCHES = 'delete purge reset truncate wipe destroy drop deleteall removeall deletesource';

/** Credentials that the call hands over, whatever for. */
export const SECRET_INPUTS = 'password passwd secret secretkey privatekey clientsecret accesstoken secretstring apisecret credentials passphrase secretvalue masterpassword connectionstring masteruserpassword';

export const AMOUNTS = 'amount currency price quantity cost total amountmoney stoploss takeprofit';

/** What names an instrument that is traded. */
export const MARKET_INPUTS = 'symbol size leverage market side ticker instrument';

export const RECIPIENTS = 'to recipient recipients cc bcc tophone tonumber emailaddress channelid chatid phonenumber';

export const PERMISSION_INPUTS = 'role rolename roleid rolearn permissions permission policydocument policy acl policyarn scopes';

/** Verbs that look at a program and do not run it. */
export const READERS_OF_CODE =
  'explain validate format lint check parse analyze analyse convert translate verify review compare describe suggest debug optimize generate decode encode highlight summarize';

/** Words of a name that say that text is run. */
export const CODE_RUNNERS =
  'run execute exec eval evaluate query sql shell bash command terminal script code python javascript js interpreter repl cypher agent psql mongo aggregate graphql statement compute invoke apply computer';

/** Words of a name that say that a URL is called. */
export const URL_CALLERS =
  'navigate goto open request http https curl call webhook fetch scrape crawl visit browse download load web url webpage website hit ping';

/** Reading verbs that leave a file behind when they are given a place for it. */
export const LEAVES_FILES = 'download export extract generate save screenshot render convert snapshot capture record compute analyze format crop create write dump print get';

/** Words of a name that make `action` a filter. */
export const RECORD_WORDS = 'audit event events log logs history activity activities entries trail adjustment adjustments transaction transactions';

/** Languages of queries that have no statement which changes anything. */
export const READ_ONLY_QUERY_LANGUAGES = 'prometheus promql logql loki traceql jql wiql splunk kibana soql sosl kql kusto esql dax mdx lucene';

/** Words of a name or a server that make a `query` one of a database, which can hold statements that change it. */
export const DATABASES =
  'sql mysql postgres postgresql pg sqlite mssql mariadb oracle db database databases duckdb bigquery snowflake redshift clickhouse neo4j cypher mongo mongodb cassandra redis turso supabase neon dynamodb athena trino ' +
  'presto databricks cockroach cockroachdb planetscale arangodb surrealdb influx influxdb d1 couchbase cosmos cosmosdb motherduck duck timescale questdb libsql dolt oracle hive impala synapse hana db2 teradata dremio graphql statement execute run exec eval evaluate';

/** Words of a name or a server that drives a user interface: a click there does what a person's click does. */
export const INTERFACES = 'browser playwright puppeteer selenium chrome chromium firefox webdriver devtools mobile android ios appium simulator emulator page desktop screen cdp stagehand browserbase';
export const INTERFACE_TARGETS = 'selector element target ref xpath css locator elementref uid cssselector elementid';
/** Verbs that act on what a user interface shows. */
export const INTERFACE_ACTS = 'select type check uncheck upload input press key fill submit choose keypress hotkey paste';
