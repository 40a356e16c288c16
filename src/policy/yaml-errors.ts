import type { YAMLError } from 'yaml';

interface Described {
  readonly code: string;
  readonly message: string;
  readonly help: string | null;
}

const QUOTE = 'put the text in quotes: "..."';

/** Says in the words of a policy author what the YAML reader stumbled over. */
export function describeSyntaxError(error: YAMLError, text: string): Described {
  const at = error.pos[0];
  const character = text[at] ?? '';
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { code: 'tab', message: 'a tab is used for indentation; YAML allows only spaces', help: 'replace the tab by spaces' };
    case 'MULTIPLE_DOCS':
      return { code: 'multiple_documents', message: 'a second document starts here; a policy is one document', help: 'put each policy in a file of its own' };
    case 'BAD_INDENT':
      return { code: 'yaml_syntax', message: 'the indentation does not fit the lines above', help: 'align this line with the keys it belongs to' };
    case 'BAD_ALIAS':
      return { code: 'alias', message: 'a `*` outside quotes starts a YAML alias; aliases are not supported', help: 'if this is a selector, put it in quotes: "*"' };
    case 'BAD_SCALAR_START':
      return { code: 'yaml_syntax', message: `a plain value cannot start with \`${character}\``, help: QUOTE };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { code: 'yaml_syntax', message: 'a second `key: value` stands on one line', help: 'put it on a line of its own, or put text that holds `: ` in quotes' };
    case 'MULTILINE_IMPLICIT_KEY':
      return { code: 'yaml_syntax', message: 'a key goes over more than one line, or its colon is missing', help: 'write `key: value` on one line' };
    case 'BAD_DQ_ESCAPE':
      return { code: 'yaml_syntax', message: 'this backslash escape does not exist in double quotes', help: "write \\\\ for a backslash, or use single quotes: '...'" };
    case 'MISSING_CHAR':
      return { code: 'yaml_syntax', message: firstLine(error.message), help: null };
    case 'ALIAS_PROPS':
    case 'BAD_PROP_ORDER':
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'TAG_RESOLVE_FAILED':
      return { code: 'yaml_syntax', message: 'anchors, aliases and tags are not supported', help: 'remove it; quote a name that starts with `&`, `*` or `!`' };
    case 'BAD_DIRECTIVE':
      return { code: 'directive', message: 'YAML directives are not supported', help: 'remove this line; quote a name that starts with `%`' };
    case 'KEY_OVER_1024_CHARS':
      return { code: 'yaml_syntax', message: 'a key is longer than 1024 characters', help: null };
    default:
      return { code: 'yaml_syntax', message: firstLine(error.message), help: null };
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
