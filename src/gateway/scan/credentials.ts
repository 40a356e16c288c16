/** A line of stderr is a person's sentence; what is longer is a dump. */
const LONGEST_LINE = 500;
const MOST_LINES = 200;
const MOST_NAMES = 5;

/** `Unexpected token` is a parser's complaint, not a request for one. */
const OTHER_TOKENS = /unexpected (?:\w+ )?token|invalid or unexpected|cancell?ation|max[_ -]?tokens|token(?:s|ize|izer|ization)\b/gi;

const SECRET = String.raw`(?:api[ _-]?keys?|access[ _-]?keys?|(?:(?:access|auth|authentication|bearer|personal|api|bot|oauth|session|refresh)[ _-]?)*tokens?|credentials?|(?:client|app)[ _-]?secrets?|passwords?|passphrase)`;

/** How servers of all kinds say that they cannot go on without credentials. Every gap is bounded, so every search is linear. */
const ASKS: readonly RegExp[] = [
  new RegExp(String.raw`\b${SECRET}\b[^\n]{0,80}\b(?:required|missing|needed|not (?:set|found|provided|configured|given|defined|specified|available)|must (?:be|have)|is (?:empty|undefined|invalid)|invalid|expired)\b`, 'i'),
  new RegExp(String.raw`\b(?:required|requires|missing|no|not set|set|provide|supply|specify|unable to locate|could not (?:find|load|resolve)|cannot find|need|needs|without|please|invalid|expired)\b[^\n]{0,60}\b${SECRET}\b`, 'i'),
  /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PAT|CREDENTIALS|USERNAME|CLIENT_ID)\b[^\n]{0,80}\b(?:required|missing|needed|not|must|empty|undefined|unset|environment)\b/i,
  /\b(?:required|missing|requires|set|provide|specify|without|please|no|need|needs|environment)\b[^\n]{0,80}\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PAT|CREDENTIALS|USERNAME|CLIENT_ID)\b/,
  /\b(?:unauthori[sz]ed|unauthenticated|not (?:logged|signed) in|not authenticated|authentication (?:failed|required|error)|(?:please|must|you need to) (?:log|sign) ?in|log ?in (?:first|required)|login required)\b/i,
  /\b(?:status|code|http|error)[ :(]{0,3}401\b/i,
  // Names of errors in cloud libraries.
  /(?:NoCredentials|ProfileNotFound|Credentials(?:Provider|Retrieval|NotFound)?(?:Error|Exception)|AuthenticationError|UnauthorizedError)\b/,
];

const VARIABLE = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
const CREDENTIAL_VARIABLE = /(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PAT|CREDENTIALS?|USER|USERNAME|ID|URL|HOST|DSN|PROFILE|ACCOUNT|SITE)$/;

/**
 * Whether what a server wrote says that it wants credentials.
 * @param text stderr, or the message of an error; any bytes
 * @returns the variables that it names (upper case letters, digits and `_` only, so that no value can be among them); null when it does not
 */
export function credentialsAskedFor(text: string): readonly string[] | null {
  const names = new Set<string>();
  let asked = false;
  for (const line of text.split(/[\r\n]+/).slice(-MOST_LINES)) {
    const said = line.slice(0, LONGEST_LINE).replace(OTHER_TOKENS, ' ');
    if (!ASKS.some((pattern) => pattern.test(said))) continue;
    asked = true;
    for (const [name] of said.matchAll(VARIABLE)) if (CREDENTIAL_VARIABLE.test(name) && name.length <= 64 && names.size < MOST_NAMES) names.add(name);
  }
  return asked ? [...names] : null;
}
