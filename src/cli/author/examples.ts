/** What `--help` of the author's tools shows below the options. Apart from the commands, which are loaded on demand. */

export const CHECK_EXAMPLE = `
With a server, or its recorded tools/list answer, policies are also held
against what it really lists: rules that match no tool, arguments that do not
exist, tools that no rule covers.

Examples:
  policylayer check stripe.policy.yaml
  policylayer check stripe.policy.yaml -- npx -y some-mcp-server
  policylayer check stripe.policy.yaml --definitions tools.json --strict

Status: 0 all files can be loaded, 1 --strict and a warning, 2 a file cannot be.
`;

export const TEST_EXAMPLE = `
A test file, stripe.test.yaml:

  policy: ./stripe.policy.yaml
  cases:
    - name: a small charge passes
      tool: create_charge
      args: { amount: 10 }
      expect: allow
    - name: the eleventh charge within a minute is refused
      tool: create_charge
      args: { amount: 10 }
      before: [{ tool: create_charge, args: { amount: 10 }, times: 10, ago: 30s }]
      expect: { code: rate_limited, rule: /tools/create_charge/rate_limit }

Example:
  policylayer test policies/

Status: 0 all passed, 1 a case failed, 2 a file cannot be used.
`;

export const EXPLAIN_EXAMPLE = `
Examples:
  policylayer explain stripe.policy.yaml --tool create_charge \\
    --args '{"amount": 900}' --tag payments
  policylayer explain stripe.policy.yaml --resource file:///invoices/5.pdf
  policylayer explain stripe.policy.yaml --call call.yaml

A call file says the same as the options, or is a JSON-RPC request:
  tool: create_charge
  args: { amount: 900 }
  at: 2026-01-05T10:00:00Z
  caller: { grant: support, tags: [payments] }

Status: 0 the call would go through, 1 it would be refused or need an approval,
2 usage.
`;

export const SIMULATE_EXAMPLE = `
Limits and budgets are counted anew, at the recorded times. The journal holds
values of arguments only under \`journal.arguments: values\`; where a decision
hangs on values that were not recorded, the report says so and does not guess.

Examples:
  policylayer simulate stricter.policy.yaml --since 7d --server stripe
  policylayer logs --json --limit 100000 |
    policylayer simulate stricter.policy.yaml --journal -

Status: 0 done, 1 --fail-on-change and a call would come out otherwise, 2 usage.
`;

export const IMPORT_EXAMPLE = `
Two older PolicyLayer dialects are understood: Intercept YAML and hosted JSON.
What changes its meaning on the way is said on stderr: read it.

Example:
  policylayer import intercept.yaml --out stripe.policy.yaml

Status: 0 done, 2 the file cannot be imported.
`;

export const SCHEMA_EXAMPLE = `
Example, for VS Code with the YAML extension:
  policylayer schema --out .vscode/policylayer.schema.json
and in .vscode/settings.json:
  "yaml.schemas": { "./.vscode/policylayer.schema.json": "*.policy.yaml" }
Or in the first line of a policy beside the schema:
  # yaml-language-server: $schema=./policylayer.schema.json
`;
