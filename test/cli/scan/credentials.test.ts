import { describe, expect, it } from 'vitest';
import { credentialsAskedFor } from '../../../src/gateway/scan/credentials.ts';

const asking: readonly [text: string, names: readonly string[]][] = [
  ['Error: GITHUB_PERSONAL_ACCESS_TOKEN environment variable is required', ['GITHUB_PERSONAL_ACCESS_TOKEN']],
  ['Missing required environment variables: SLACK_BOT_TOKEN, SLACK_TEAM_ID', ['SLACK_BOT_TOKEN', 'SLACK_TEAM_ID']],
  ['BRAVE_API_KEY not set', ['BRAVE_API_KEY']],
  ['Please set the NOTION_TOKEN', ['NOTION_TOKEN']],
  ['No API key provided. Set it and try again.', []],
  ['An API key is required', []],
  ['botocore.exceptions.NoCredentialsError: Unable to locate credentials', []],
  ['botocore.exceptions.ProfileNotFound: The config profile (default) could not be found', []],
  ['google.auth.exceptions.DefaultCredentialsError: File x was not found.', []],
  ['CredentialsProviderError: Could not load credentials from any providers', []],
  ['Error: Invalid access token', []],
  ['HTTP error 401', []],
  ['HttpError: Unauthorized', []],
  ['You are not logged in. Run `tool login`.', []],
  ['error: the following arguments are required: --api-key', []],
  ['KeyError\nValueError: Missing credentials. Please pass an api_key, or set the OPENAI_API_KEY environment variable.', ['OPENAI_API_KEY']],
  ['Authentication required: open the address below', []],
];

const other: readonly string[] = [
  '',
  'SyntaxError: Unexpected token } in JSON at position 5',
  'Invalid or unexpected token',
  'max_tokens is required',
  'Error: Cannot find module \'express\'',
  'Traceback (most recent call last):\n  File "x.py", line 1\nModuleNotFoundError: No module named \'mcp\'',
  'listening on stdio',
  'Error: connect ECONNREFUSED 127.0.0.1:5432',
  'DeprecationWarning: the `punycode` module is deprecated',
  'Installed 34 packages in 7ms',
  'tokenizer not found',
];

describe('a server that wants credentials', () => {
  it.each(asking)('is recognised by %j', (text, names) => expect(credentialsAskedFor(text)).toEqual(names));

  it.each(other)('is not any that writes %j', (text) => expect(credentialsAskedFor(text)).toBeNull());

  it('never gets a value of its own repeated, only names of variables', () => {
    expect(credentialsAskedFor('invalid API key: sk-live-51Hxyz AKIAIOSFODNN7EXAMPLE for ACME_API_KEY=hunter2_Secret')).toEqual(['ACME_API_KEY']);
  });

  it('is looked for in time that grows with the text, whatever the text', () => {
    const hostile = ['missing '.repeat(20_000), 'TOKEN_'.repeat(20_000), `${'a'.repeat(600)}\n`.repeat(2_000), 'api key '.repeat(20_000)];
    for (const text of hostile) expect(() => credentialsAskedFor(text)).not.toThrow();
  });
});
