/** Journal and approvals name one version of a policy, `name@version`; this is the name. */
export function policyName(policy: string): string {
  return policy.split('@')[0] ?? policy;
}
