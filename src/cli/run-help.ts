/** `policylayer run --help`. A file of its own: a start that asks for no help does not read it (test/walls/stdio-bundle.test.ts). */
export const RUN_HELP = `Usage: policylayer run --policy FILE [options] -- COMMAND [ARGUMENTS...]
       policylayer run --policy FILE [options] --upstream URL

Wraps one MCP server for one client, on stdin and stdout. Put this in the client's
configuration where the server's own command was. Logs go to stderr.

Options:
  --policy FILE        the policy; repeat it for several, the strictest wins
  --upstream URL       an HTTP server instead of a command
  --header 'K: V'      header for the upstream; visible in process lists
  --header-env K=VAR   header whose value is read from the environment variable
  --bearer-env VAR     Authorization header with the token in that variable
  --upstream-env VAR   like --upstream, with the URL in that variable
  --server NAME        name of the server in limits and journal
                       (default: from the command or URL)
  --label NAME         name of this client in limits and journal (default: local)
  --data DIR           where limits and journal are kept
  --journal-arguments  keep the values of arguments in the journal
  --bridge             translate between protocol eras
  --trust-annotations  what the server says of its tools may lower their class
  --drift MODE         a definition that got worse: hold (default), warn, off
  -h, --help           show this

Exit status: that of the server; 1 when it failed, 2 when the command line or the
policy is wrong (the server is then not started).
`;
