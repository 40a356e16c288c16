/** What `--help` of the author's tools shows below the options. Apart from the commands, which are loaded on demand. */

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
      expect: rate_limited

Example:  policylayer test policies/
`;
