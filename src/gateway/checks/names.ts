/** Names of servers and policies appear in URLs, journal rows and counter keys, so they are kept to one plain spelling. */
export const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const PLAIN_NAME_EXPECTED = 'lower-case letters, digits, dots, dashes and underscores, at most 64, a letter or digit first';

/** Labels of grants, and names of approvers. */
export const LABEL = /^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,63}$/u;
export const LABEL_EXPECTED = 'letters, digits, spaces and . _ @ : / -, at most 64';

/** Names of environment variables. */
export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const VARIABLE_EXPECTED = 'letters, digits and underscores, no digit first';
