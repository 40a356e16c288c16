import { describe, expect, it } from 'vitest';
import { openEnds } from '../../src/policy/pattern-ends.ts';
import { compilePattern, MOST_SEARCH_COST } from '../../src/policy/re2.ts';
import { readArgumentPath, writeArgumentPath } from '../../src/policy/argument-path.ts';
import { ELEMENTS, findArgument, GovernedNames, pathOfCondition } from '../../src/policy/argument-places.ts';
import { closedSchema, combinedSchema } from '../../src/policy/argument-schemas.ts';
import { canonicalDocument } from '../../src/policy/canonical.ts';
import type { ArgumentsModel } from '../../src/policy/document.ts';
import { globIncludes, matchesGlob, parseGlob } from '../../src/policy/glob.ts';
import { GlobIndex } from '../../src/policy/glob-index.ts';
import { callOf } from '../../src/policy/index.ts';
import { countedName, readUri, readUriSelector } from '../../src/policy/resource-uri.ts';
import { readAuthority } from '../../src/policy/uri-authority.ts';
import { PATH_DELIMITERS, QUERY_DELIMITERS, recodePart } from '../../src/policy/uri-characters.ts';
import { load, setOf } from './load.ts';

const LONG = 'n'.repeat(20_000);

describe('a glob is taken apart', () => {
  it.each<[string, string[], number]>([
    ['*', ['', ''], 0],
    ['**', ['', '', ''], 0],
    ['a*', ['a', ''], 1],
    ['*a', ['', 'a'], 1],
    ['ab*cd*e', ['ab', 'cd', 'e'], 5],
    ['é*', ['é', ''], 1],
    ['😀*😀', ['😀', '😀'], 2],
    ['e\u0301*', ['e\u0301', ''], 2],
    [`${LONG}*`, [LONG, ''], 20_000],
  ])('%.20s', (selector, parts, literals) => expect(parseGlob(selector)).toEqual({ parts, prefix: parts[0], suffix: parts.at(-1), literals }));

  it.each<[string, string, boolean]>([
    ['*', '', true], ['*', 'x', true], ['**', '', true],
    ['a*', 'a', true], ['a*', 'A', false], ['a*', 'ba', false], ['a*', '', false],
    ['*a', 'a', true], ['*a', 'ab', false],
    ['a*a', 'a', false], ['a*a', 'aa', true], ['ab*ba', 'aba', false], ['ab*ba', 'abba', true],
    ['a*b*c', 'abc', true], ['a*b*c', 'ac', false], ['a*b*c', 'axbyc', true], ['a*b*c', 'acb', false],
    ['a*bc*c', 'abc', false], ['a*bc*c', 'abcc', true],
    ['*ab*ab*', 'ab', false], ['*ab*ab*', 'aab', false], ['*ab*ab*', 'abab', true],
    ['*aa*aa*', 'aaa', false], ['*aa*aa*', 'aaaa', true],
    ['a*x', 'a/b\nc x', true], ['a.*', 'ab', false], ['a?*', 'ab', false],
    ['😀*', '😀', true], ['*😀', 'x😀', true], ['😀*😀', '😀', false],
    ['é*', 'e\u0301', false],
    [`*${LONG}`, `x${LONG}`, true], [`*${LONG}`, LONG.slice(1), false],
  ])('%.20s and the name %.20s: %s', (glob, name, covered) => expect(matchesGlob(parseGlob(glob), name)).toBe(covered));

  it.each<[string, string, boolean]>([
    ['*', 'a*', true], ['a*', '*', false], ['a*', 'a*', true], ['a*', 'ab*', true], ['ab*', 'a*', false],
    ['a*c', 'a*b*c', true], ['a*b*c', 'a*c', false], ['*b*', 'a*b', true], ['a*b', 'a*', false],
  ])('%s takes in %s: %s', (outer, inner, included) => expect(globIncludes(parseGlob(outer), parseGlob(inner))).toBe(included));
});

describe('the index of globs finds', () => {
  const few = ['*', 'get_*', 'get_*_all', '*_all', '*x*', '😀*', 'Get_*', 'get_user_*', 'a*a'];
  // More than eight of one prefix and one suffix: they are told apart by the rarest run of three of their middles.
  const crowd = ['*alpha*', '*beta*', '*gam*', '*de*', '*e*', '**', '*alpha*beta*', '*xx*yyyy*', '*alphabet*', '*o😀o*', '*phal*', '*zz*q*'];
  it.each<[readonly string[], string, string[]]>([
    [few, 'get_', ['*', 'get_*']],
    [few, 'get_all', ['*', '*_all', 'get_*']],
    [few, 'get__all', ['*', '*_all', 'get_*', 'get_*_all']],
    [few, 'get_user_x', ['*', '*x*', 'get_*', 'get_user_*']],
    [few, 'Get_', ['*', 'Get_*']],
    [few, '😀', ['*', '😀*']],
    [few, '\ud83d', ['*']],
    [few, 'a', ['*']],
    [few, 'aa', ['*', 'a*a']],
    [few, '', ['*']],
    [crowd, '', ['**']],
    [crowd, 'e', ['**', '*e*']],
    [crowd, 'de', ['**', '*de*', '*e*']],
    [crowd, 'gam', ['**', '*gam*']],
    [crowd, 'alphabeta', ['**', '*alpha*', '*alpha*beta*', '*alphabet*', '*beta*', '*e*']],
    [crowd, 'betaalpha', ['**', '*alpha*', '*beta*', '*e*']],
    [crowd, 'phal', ['**', '*phal*']],
    [crowd, 'xxyyyy', ['**', '*xx*yyyy*']],
    [crowd, 'xyyyy', ['**']],
    [crowd, 'o😀o', ['**', '*o😀o*']],
    [crowd, 'zzq', ['**', '*zz*q*']],
    [crowd, 'qzz', ['**']],
    [crowd, 'alphaalpha', ['**', '*alpha*']],
    [[], 'x', []],
  ])('of %j for %j: %j', (selectors, name, expected) => {
    const index = new GlobIndex(selectors.map((selector) => ({ selector, glob: parseGlob(selector) })));
    expect(index.find(name).map((item) => item.selector).toSorted()).toEqual(expected.toSorted());
  });

  it('a glob once, however often its middle stands in the name', () => {
    const index = new GlobIndex(crowd.map((selector) => ({ selector, glob: parseGlob(selector) })));
    expect(index.find('gamgamgam').map((item) => item.selector).toSorted()).toEqual(['**', '*gam*']);
  });
});

describe('of several rules the more specific decides', () => {
  it.each<[rules: string, name: string, effect: string]>([
    ['"*": deny, "a*": allow', 'ab', 'allow'],
    ['"a*": deny, "ab*": allow', 'abc', 'allow'],
    ['"ab*": deny, "a*": allow', 'abc', 'deny'],
    ['"a*": deny, "*": deny, ab: allow', 'ab', 'allow'],
    ['"a*": allow, ab: deny', 'ab', 'deny'],
    ['"a*": allow, "*b": deny', 'ab', 'deny'],
    ['"a*": deny, "*b": allow', 'ab', 'deny'],
    ['"a*": allow, "*b": hide', 'ab', 'hide'],
    ['"a*": require_approval, "*b": allow', 'ab', 'require_approval'],
    ['"a*": require_approval, "*b": deny', 'ab', 'deny'],
    ['"a*c": allow, "*bc": deny', 'abc', 'deny'],
    ['"a*b*c": allow, "*bc": deny', 'abc', 'allow'],
    ['"😀*": allow, "*ab": deny', '😀ab', 'deny'],
    ['"A*": allow', 'ab', 'deny'],
    ['AB: allow', 'ab', 'deny'],
  ])('%s for %s: %s', async (rules, name, effect) => {
    const decision = (await setOf(`{ version: "1", default: deny, tools: { ${rules} } }`)).decide(callOf({ tool: name, args: {} }));
    expect(decision.effect).toBe(effect);
  });
});

describe('a URI is not judged', () => {
  it.each<[string, string]>([
    ['', 'is empty'],
    ['x:\u0000', 'has a control character'], ['x:\u001f', 'has a control character'], ['x:\u007f', 'has a control character'],
    ['x:\\', 'has a backslash'],
    [' x:', 'starts or ends with a space'], ['x:\u00a0', 'starts or ends with a space'],
    ['x:\ud800', 'has an unpaired surrogate'],
    ['x:%', 'has a `%` that encodes nothing'], ['x:%4', 'has a `%` that encodes nothing'], ['x:%g0', 'has a `%` that encodes nothing'],
    ['x:%00', 'has an encoded control character'], ['x:%1F', 'has an encoded control character'], ['x:%7f', 'has an encoded control character'],
    ['x:%2f', 'has an encoded slash (`%2F`)'], ['x:%5c', 'has an encoded backslash (`%5C`)'], ['x:%2E', 'has an encoded dot (`%2E`)'],
    ['x:%2541', 'is encoded twice'], ['x:%25%34%31', 'is encoded twice'], ['x:%25%61f', 'is encoded twice'],
    ['x:%ff', 'has encoded bytes that are not UTF-8'],
    ['x', 'is not absolute: it does not start with a scheme such as `file:`'], ['1x:a', 'is not absolute: it does not start with a scheme such as `file:`'],
    ['http:h', 'has no `//` after `http:`'], ['file:a', 'has no `//` after `file:`'], ['FTP:/a', 'has no `//` after `ftp:`'], ['ws:a', 'has no `//` after `ws:`'], ['wss:a', 'has no `//` after `wss:`'],
    ['http://%c3%a9/', 'has encoded or non-ASCII characters in its host'],
    ['x://a:1:2/', 'has more than one `:` in its host and port'],
    ['http://h./', 'has a host that ends with a dot'], ['http:///', 'has a host that cannot be read'], ['http://a b/', 'has encoded or non-ASCII characters in its host'], ['http://a[/', 'has a host that cannot be read'],
    ['http://127.1/', 'has a host that some servers read as `127.0.0.1`'],
    ['x:/a/..;/b', 'has a `..;` segment'], ['x:.;', 'has a `..;` segment'],
    ['x:a/../b', 'has a `.` or `..` segment in a path that does not start with `/`'],
    ['x:/a//../b', 'has a `.` or `..` segment beside an empty one'],
  ])('%j: it %s', (uri, problem) => expect(readUri(uri)).toEqual({ ok: false, problem }));
});

describe('the two forms of a URI', () => {
  it.each<[string, string, string]>([
    ['http://H', 'http://h/', 'http://h/'],
    ['http://h/a', 'http://h/a', 'http://h/a/'],
    ['http://u@h:8080/a?b#c', 'http://u@h:8080/a?b#c', 'http://h:8080/a/?b'],
    ['http://h:080/a?', 'http://h/a?', 'http://h/a/'],
    ['http://h/?a=%3a%26', 'http://h/?a=%3A%26', 'http://h/?a=:%26'],
    ['http://h/%3a%26', 'http://h/%3A%26', 'http://h/:&/'],
    ['wss://h:443/', 'wss://h/', 'wss://h/'], ['ws://h:80/', 'ws://h/', 'ws://h/'], ['ftp://h:21/', 'ftp://h/', 'ftp://h/'], ['ftp://h:80/', 'ftp://h:80/', 'ftp://h:80/'],
    ['db://h:80/', 'db://h:80/', 'db://h:80/'],
    ['file://LOCALHOST/a?q#f', 'file://localhost/a?q#f', 'file:///a/'],
    ['file:/a', 'file:/a', 'file:///a/'],
    ['file://other/a', 'file://other/a', 'file://other/a/'],
    ['db://localhost/a', 'db://localhost/a', 'db://localhost/a/'],
    ['x:', 'x:', 'x:/'],
    ['x:a//b', 'x:a//b', 'x:a/b/'],
    ['x:/a/./b', 'x:/a/b', 'x:/a/b/'], ['x:/a/.', 'x:/a/', 'x:/a/'], ['x:/a/..', 'x:/', 'x:/'], ['x:/../a', 'x:/a', 'x:/a/'], ['x:/a/.../b', 'x:/a/.../b', 'x:/a/.../b/'],
    ['x:*?*#*', 'x:%2A?%2A#%2A', 'x:%2A/?%2A'],
    ['x:%2a', 'x:%2A', 'x:%2A/'],
    ['x+y.z-1:A', 'x+y.z-1:A', 'x+y.z-1:A/'],
    ['x:a\u2028b', 'x:a%E2%80%A8b', 'x:a%E2%80%A8b/'],
    ['x:😀', 'x:%F0%9F%98%80', 'x:%F0%9F%98%80/'],
    ['http://[0::1]:80/', 'http://[::1]/', 'http://[::1]/'],
    ['x:a?b?c#d#e', 'x:a?b?c#d#e', 'x:a/?b?c'],
  ])('%s: %s and %s', (uri, exact, folded) => {
    expect(readUri(uri)).toEqual({ ok: true, exact, folded });
    expect(countedName('resource', uri)).toBe(folded);
    expect(countedName('tool', uri)).toBe(uri);
  });

  it('a name that cannot be read is counted as it is', () => expect(countedName('resource', 'x:%zz')).toBe('x:%zz'));
});

describe('a selector of URIs', () => {
  it.each<[string, string, string]>([
    ['*', '*', '*'],
    ['FILE:///A*', 'file:///A*', 'file:///A*'],
    ['file:///a', 'file:///a', 'file:///a/'],
    ['http://h*', 'http://h*', 'http://h*'],
    ['http://H/*', 'http://h/*', 'http://h/*'],
    ['http://*.H/a', 'http://*.h/a', 'http://*.h/a/'],
    ['http://h', 'http://h/', 'http://h/'],
    ['http://h/*?a', 'http://h/*?a', 'http://h/*/?a'],
    ['http://h/?a*', 'http://h/?a*', 'http://h/?a*'],
    ['http://h/a#*', 'http://h/a#*', 'http://h/a/'],
    ['HT*://H/A', 'ht*://h/A', 'ht*://h/A/'],
    ['*.MD', '*.MD', '*.MD/'],
    ['HTTP*', 'http*', 'http*'],
    ['http:*', 'http:*', 'http:*'],
    ['file:*', 'file:*', 'file://*'],
    ['db:A*', 'db:A*', 'db:A*'],
    ['x:%2a*', 'x:%2A*', 'x:%2A*'],
    ['file:///a//*', 'file:///a//*', 'file:///a/*'],
  ])('%s: %s and %s', (selector, exact, folded) => expect(readUriSelector(selector)).toEqual({ ok: true, exact, folded }));

  it.each<[string, string]>([
    ['', 'is empty'], ['x:%2e*', 'has an encoded dot (`%2E`)'],
    [':x', 'is not absolute: it does not start with a scheme such as `file:`'], ['a/b', 'is not absolute: it does not start with a scheme such as `file:`'], ['1*', 'is not absolute: it does not start with a scheme such as `file:`'],
    ['x:/a/../b', 'has a `.` or `..` segment'], ['x:/./*', 'has a `.` or `..` segment'], ['file:///..', 'has a `.` or `..` segment'],
    ['http:a*', 'has no `//` after `http:`'], ['file:a*', 'has no `//` after `file:`'],
    ['http://h./*', 'has a host that ends with a dot'],
  ])('%j is refused: it %s', (selector, problem) => expect(readUriSelector(selector)).toEqual({ ok: false, problem }));
});

describe('characters of a URI', () => {
  it.each<[string, string, boolean, string]>([
    ['%41%7e%2d%5F%2E%39', '', false, 'A~-_.9'],
    ['%3a', '', false, '%3A'], ['%3a', ':', false, ':'], ['%c3%a9', '', false, '%C3%A9'],
    ['*', '', false, '%2A'], ['*', '', true, '*'], ['%2a', '*', false, '*'], ['%2a', '', true, '%2A'],
    ["AZaz09._~:/?#[]@!$&'()+,;=-", '', false, "AZaz09._~:/?#[]@!$&'()+,;=-"],
    [' "<>^`{|}\n', '', false, '%20%22%3C%3E%5E%60%7B%7C%7D%0A'],
    ['é😀', '', false, '%C3%A9%F0%9F%98%80'],
    ['%2f%3f%23%25', PATH_DELIMITERS, false, '%2F%3F%23%25'],
    ['%21%24%26%27%28%29%2b%2c%3b%3d%3a%40%5b%5d', PATH_DELIMITERS, false, "!$&'()+,;=:@[]"],
    ['%21%24%27%28%29%2c%3a%40%2f%3f%5b%5d%26%3d%2b%3b', QUERY_DELIMITERS, false, "!$'(),:@/?[]%26%3D%2B%3B"],
  ])('%j, where %j mean nothing, selector %s: %j', (text, decoded, isSelector, expected) => expect(recodePart(text, decoded, isSelector)).toBe(expected));

  it.each<[string, string | null, boolean, string, string]>([
    ['h', 'http', false, '', 'h'], ['H:', 'http', false, '', 'h'], ['h:80', 'http', false, '', 'h'], ['h:00080', 'http', false, '', 'h'], ['h:0', 'http', false, '', 'h:0'], ['h:00', 'http', false, '', 'h:0'], ['h:443', 'http', false, '', 'h:443'], ['h:443', 'https', false, '', 'h'],
    ['u@h', 'http', false, 'u@', 'h'], ['U:p@x@h', 'http', false, 'U:p@x@', 'h'], ['@h', 'x', false, '@', 'h'], ['*@h', 'x', false, '%2A@', 'h'], ['*@h', 'x', true, '*@', 'h'],
    ['h:80', 'x', false, '', 'h:80'], ['h:80', null, false, '', 'h:80'], ['', 'x', false, '', ''], ['0x7f.1', 'x', false, '', '0x7f.1'], ['*', 'http', true, '', '*'], ['*:80', 'http', true, '', '*'], ['*', 'x', false, '', '%2a'],
    ['[0:0::1]', 'http', false, '', '[::1]'], ['[::1]:443', 'https', false, '', '[::1]'], ['[::1]', 'x', false, '', '[::1]'],
  ])('the authority %j of %s, selector %s, has the user %j and the host %j', (authority, scheme, isSelector, user, host) => expect(readAuthority(authority, scheme, isSelector)).toEqual({ ok: true, user, host }));
});

describe('the ends of a pattern', () => {
  it.each<[string, ReturnType<typeof openEnds>]>([
    ['^', 'end'], ['$', 'start'], ['^$', null], [String.raw`\Aa\z`, null], [String.raw`a\z`, 'start'], [String.raw`\Aa`, 'end'],
    ['^*a$', 'start'], ['^?a$', 'start'], ['^+a$', 'start'], ['^{2}a$', 'start'],
    [String.raw`^a\\$`, null], [String.raw`^a\\\$`, 'end'], [String.raw`^a\\z`, 'end'], [String.raw`^a\\\z`, null],
    ['(?i)^a$', null], ['(?s)^a$', null], ['(?im)^a$', 'both'], ['^(?m:a)$', 'both'], ['(?i:^a$)', 'start'],
    ['(^a$)', null], ['((^a$))', null], ['(?:(?:^a$))', null], ['(^a$)|(^b$)', 'both'], ['(^a)(b$)', 'both'], ['(^a$|^b$)', null], ['(^a$|b)', 'both'], ['(^a\nb$)', null],
    ['a$|b$', 'start'], ['^a$|^b', 'end'], ['^a$|b$', 'start'], ['^a|b', 'both'], ['^(a)$|^(b)$', null],
    ['^[|]$', null], ['^[]|]$', null], ['^[^]|]$', null], [String.raw`^[\]|]$`, null], ['^[[:alpha:]|]$', null], ['^[[:]$', 'both'], ['^[a', 'both'], ['^[a]|[b]$', 'both'], ['^[^]]|x$', 'both'], ['^[]]|^x$', 'end'],
    [String.raw`^a\|b$`, null], [String.raw`^\Qa|b\E$`, 'both'], [String.raw`^\Q$`, 'both'], ['^(a|b$', 'both'], ['^a$)', 'both'], ['^(a|b)$', null],
    ['(^[)]$)', null], ['(^[(]$)', null], [String.raw`(^\)$)`, null], [String.raw`(^\($)`, null],
  ])('%j: %s', (pattern, expected) => expect(openEnds(pattern)).toBe(expected));

  it.each<[string, string]>([
    ['a'.repeat(1001), 'the pattern has 1001 characters; at most 1000 are allowed'],
    ['(', 'not a pattern that RE2 knows: missing closing ): `(`'],
    ['(?=a)', 'not a pattern that RE2 knows: invalid or unsupported Perl syntax: `(?=`'],
  ])('%.20s is refused: %s', (pattern, message) => expect(compilePattern(pattern)).toEqual({ ok: false, message }));

  it('a pattern that is refused for its size says how large it is', () => {
    const made = compilePattern('a{999}b{9}');
    expect(made.ok ? '' : made.message).toMatch(/^the pattern is too large when its repetitions are written out: 10\d\d instructions, at most 1000 are allowed$/);
    expect(compilePattern('a'.repeat(900)).ok).toBe(true);
    expect(MOST_SEARCH_COST).toBe(5_000_000);
  });

  it('a cost grows with the text and with the pattern', () => {
    const cost = (pattern: string, length: number): number => {
      const made = compilePattern(pattern);
      return made.ok ? made.cost(length) : -1;
    };
    expect(cost('abc', 0)).toBe(0);
    expect(cost('abc', 20)).toBe(cost('abc', 10) * 2);
    expect(cost('a{100}', 10) - cost('a{50}', 10)).toBe(500);
    expect(compilePattern('^a$')).toMatchObject({ ok: true, anchored: true });
    expect(compilePattern('a')).toMatchObject({ ok: true, anchored: false });
  });
});

describe('the name of an argument', () => {
  it.each<[string, string[]]>([
    ['a', ['a']], ['a.b', ['a', 'b']], [String.raw`a\.b`, ['a.b']], [String.raw`a\\b`, ['a\\b']], [String.raw`a\\.b`, ['a\\', 'b']], [String.raw`\.\\`, ['.\\']], ['😀.é', ['😀', 'é']],
    ['a.'.repeat(15).concat('a'), Array.from({ length: 16 }, () => 'a')],
  ])('%j is %j', (name, path) => {
    expect(readArgumentPath(name)).toEqual({ ok: true, path });
    expect(writeArgumentPath(path)).toBe(name);
  });

  const EMPTY = 'write for example `amount` or `card.number`; a dot in a name is written `\\.`';
  const ESCAPE = 'write `\\.` for a dot in a name and `\\\\` for a backslash';
  it.each<[string, string, string]>([
    ['', 'is empty', EMPTY], ['.', 'has an empty part', EMPTY], ['a.', 'has an empty part', EMPTY], ['.a', 'has an empty part', EMPTY], ['a..b', 'has an empty part', EMPTY],
    ['a\\', 'has a backslash before something else than `.` or `\\`', ESCAPE], ['a\\n', 'has a backslash before something else than `.` or `\\`', ESCAPE],
    ['a.'.repeat(16).concat('a'), 'has 17 parts, more than 16', 'constrain an outer argument with a schema'],
  ])('%j is refused: it %s', (name, problem, help) => expect(readArgumentPath(name)).toEqual({ ok: false, problem, help }));
});

const argumentsOf = (value: Record<string, unknown>) => callOf({ tool: 't', args: value }).args ?? null;

describe('a place in the arguments', () => {
  it.each<[string[], unknown]>([
    [['a'], '1'], [['b', 'c'], '"x"'], [['b'], '{"c":"x"}'], [['b', 'd'], 'absent'], [['z'], 'absent'], [['z', 'y'], 'absent'],
    [['a', 'x'], ['a']], [['b', 'c', 'd'], ['b', 'c']], [['l', '0'], ['l']], [['n'], 'null'], [['n', 'x'], ['n']],
  ])('%j: %j', (path, expected) => {
    const found = findArgument(argumentsOf({ a: 1, b: { c: 'x' }, l: [1], n: null }), path);
    expect(found.kind === 'value' ? found.node.lexeme() : found.kind === 'absent' ? 'absent' : found.path).toEqual(expected);
  });

  it('of no arguments is absent, and the whole is found by no name', () => {
    expect(findArgument(null, ['a'])).toEqual({ kind: 'absent' });
    expect(findArgument(null, [])).toEqual({ kind: 'absent' });
    expect(findArgument(argumentsOf({ a: 1 }), [])).toMatchObject({ kind: 'value' });
  });

  it.each<[string, string[]]>([
    ['', []], ['a', ['a']], ['a.b', ['a', 'b']], ['items[].price', ['items', ELEMENTS, 'price']], ['a[][]', ['a', ELEMENTS, ELEMENTS]], [String.raw`a\.b`, ['a.b']], [String.raw`a\[]`, ['a[]']], [String.raw`a\\.b`, ['a\\', 'b']], ['a\\\nb', ['a\nb']],
  ])('of a condition, %j: %j', (written, names) => expect(pathOfCondition(written)).toEqual(names));

  it.each<[string[][], Record<string, unknown>, string | null]>([
    [[['amount']], { amount: 1 }, null], [[['amount']], { Amount: 1 }, 'Amount'], [[['Amount']], { amount: 1 }, 'amount'], [[['amount']], { other: 1 }, null], [[['amount']], { 'ａmount': 1 }, 'ａmount'], [[['amount']], { 'am\u200bount': 1 }, 'am\u200bount'],
    [[['card', 'number']], { card: { number: 1 } }, null], [[['card', 'number']], { card: { NUMBER: 1 } }, 'NUMBER'], [[['card', 'number']], { NUMBER: 1 }, null], [[['card', 'number']], { CARD: {} }, 'CARD'], [[['card', 'number']], { card: [{ NUMBER: 1 }] }, null], [[['card', 'number']], { card: 1 }, null],
    [[['l', ELEMENTS, 'p']], { l: [{ p: 1 }, { P: 1 }] }, 'P'], [[['l', ELEMENTS, 'p']], { l: { x: { P: 1 } } }, 'P'], [[['l', ELEMENTS, 'p']], { l: [[{ P: 1 }]] }, null], [[['l', ELEMENTS]], { l: [{ '[]': 1 }] }, null], [[['l', ELEMENTS]], { l: { '[]': 1 } }, null],
    [[['a'], ['A']], { a: 1, A: 2 }, null], [[['a', 'x'], ['a', 'y']], { a: { x: 1, Y: 2 } }, 'Y'], [[['a', 'x'], [ELEMENTS, 'y']], { a: { X: 1 } }, 'X'], [[['a', 'x'], [ELEMENTS, 'y']], { a: { Y: 1 } }, 'Y'], [[['a', 'x'], [ELEMENTS, 'y']], { b: { X: 1 } }, null],
    [[], { A: 1 }, null],
  ])('%j governed, %j: %j', (paths, args, expected) => {
    const governed = new GovernedNames();
    for (const path of paths) governed.add(path);
    expect(governed.lookalike(argumentsOf(args))).toBe(expected);
    expect(governed.lookalike(null)).toBeNull();
  });

  it('may be governed by what governs something else too, in circles', () => {
    const [outer, shared] = [new GovernedNames(), new GovernedNames()];
    shared.add(['p']);
    shared.add(['self'], shared);
    outer.add(['a'], shared);
    outer.add(['b'], shared);
    outer.add([], shared);
    for (const args of [{ P: 1 }, { a: { P: 1 } }, { b: { P: 1 } }, { a: { self: { self: { P: 1 } } } }]) expect(outer.lookalike(argumentsOf(args))).toBe('P');
    expect(outer.lookalike(argumentsOf({ c: { P: 1 } }))).toBeNull();
    const late = new GovernedNames();
    expect(late.lookalike(argumentsOf({ Q: 1 }))).toBeNull();
    late.add(['q']);
    expect(late.lookalike(argumentsOf({ Q: 1 }))).toBe('Q');
    late.add([]);
    expect([late.governs('q'), late.governs('x'), [...late.inside.keys()]]).toEqual([true, false, ['q']]);
  });
});

const model = (constraints: Record<string, string>, additional = true): ArgumentsModel => ({
  constraints: Object.entries(constraints).map(([name, schema]) => ({ name, path: name.split('.'), schema })), additional, upstream: false,
}) as unknown as ArgumentsModel;
const map = (properties: string, rest = ''): string => `{"type":"object","properties":{${properties}}${rest}}`;
const CLOSED = ',"additionalProperties":false';

describe('the schema of the arguments', () => {
  it.each<[Record<string, string>, string]>([
    [{}, map('', CLOSED)],
    [{ a: '{"type":"string"}' }, map('"a":true', CLOSED)],
    [{ b: 'true', a: 'true' }, map('"a":true,"b":true', CLOSED)],
    [{ 'c.n': 'true' }, map(`"c":${map('"n":true', CLOSED)}`, CLOSED)],
    [{ 'c.n': 'true', 'c.m': 'true' }, map(`"c":${map('"m":true,"n":true', CLOSED)}`, CLOSED)],
    [{ c: 'true', 'c.n': 'true' }, map(`"c":${map('"n":true')}`, CLOSED)],
    [{ 'a.b.c': 'true' }, map(`"a":${map(`"b":${map('"c":true', CLOSED)}`, CLOSED)}`, CLOSED)],
  ])('closed, of %j', (constraints, expected) => expect(closedSchema(model(constraints, false))).toBe(expected));

  it.each<[ArgumentsModel[], string | null]>([
    [[], null], [[model({})], null],
    [[model({}, false)], map('', CLOSED)],
    [[model({ a: '{"x":1}' })], map('"a":{"x":1}')],
    [[model({ a: 'none' })], map('"a":true')],
    [[model({ a: '1' }), model({ a: '2' })], map('"a":{"allOf":[1,2]}')],
    [[model({ a: '1' }), model({ a: '1' })], map('"a":1')],
    [[model({ b: '1' }), model({ a: '2' })], map('"a":2,"b":1')],
    [[model({ a: '1' }, false), model({ b: '2' })], map('"a":1', CLOSED)],
    [[model({ b: '2' }), model({ a: '1' }, false)], map('"a":1', CLOSED)],
    [[model({ a: '1', b: '2' }, false), model({ b: '3' }, false)], map('"b":{"allOf":[2,3]}', CLOSED)],
    [[model({ a: '1' }), model({ 'a.b': '2' })], map(`"a":{"allOf":[1,${map('"b":2')}]}`)],
    [[model({ 'c.n': '1' }, false)], map(`"c":${map('"n":1', CLOSED)}`, CLOSED)],
  ])('of several rules (%#)', (models, expected) => expect(combinedSchema(models, (schema) => (schema === 'none' ? null : schema))).toBe(expected));
});

describe('a document in its one spelling', () => {
  const tools = (rule: string): string => `{"version":"1","default":"deny","mode":"enforce","tools":{"a":${rule}}}`;
  const limit = '{"max":5,"window":60,"per":["grant","tool"],"on_state_error":"deny"}';
  it.each<[string, string]>([
    ['default: deny', '{"version":"1","default":"deny","mode":"enforce"}'],
    ['mode: observe, description: d, default: allow', '{"version":"1","description":"d","default":"allow","mode":"observe"}'],
    ['default: deny, prompts: { p: allow }, resources: { "x:*": hide }, tools: { b: deny, a: allow, "*": hide, "1": allow, __proto__: deny }', '{"version":"1","default":"deny","mode":"enforce","tools":{"*":{"action":"hide"},"1":{"action":"allow"},"__proto__":{"action":"deny"},"a":{"action":"allow"},"b":{"action":"deny"}},"resources":{"x:*":{"action":"hide"}},"prompts":{"p":{"action":"allow"}}}'],
    ['default: deny, client: { sampling: allow, roots: deny }', '{"version":"1","default":"deny","mode":"enforce","client":{"roots":"deny","sampling":"allow"}}'],
    ['default: deny, tools: { a: { reason: r, mode: observe, action: deny } }', tools('{"action":"deny","reason":"r","mode":"observe"}')],
    ['default: deny, tools: { a: [{ when: "args.x == 1", action: deny }, { action: allow }] }', tools('[{"action":"deny","when":"args.x == 1"},{"action":"allow"}]')],
    ['default: deny, tools: { a: [allow] }', tools('[{"action":"allow"}]')],
    ['default: deny, tools: { a: { require: "true", deny_if: ["false", { reason: r, if: "args.x == 1" }] } }', tools('{"require":"true","deny_if":["false",{"if":"args.x == 1","reason":"r"}]}')],
    ['default: deny, tools: { a: { require: ["true"], deny_if: "false" } }', tools('{"require":["true"],"deny_if":"false"}')],
    ['default: deny, tools: { a: { action: allow, additional: false, arguments: { x: { type: string } } } }', tools('{"action":"allow","arguments":{"x":{"type":"string"}},"additional":false}')],
    ['default: deny, tools: { a: { action: allow, schema: upstream } }', tools('{"action":"allow","schema":"upstream"}')],
    ['default: deny, tools: { a: { rate_limit: { max: 5, window: 60, per: [tool, grant] } } }', tools(`{"rate_limit":${limit}}`)],
    ['default: deny, tools: { a: { rate_limit: [{ max: 5, window: 60, per: [tool, grant] }] } }', tools(`{"rate_limit":[${limit}]}`)],
    ['default: deny, tools: { a: { budget: { sum: args.x, max: 1.50, window: 1, per: [tool], on_state_error: allow } } }', tools('{"budget":{"sum":"args.x","max":1.5,"window":1,"per":["tool"],"on_state_error":"allow"}}')],
    ['default: deny, tools: { a: { action: require_approval, approval: { approvers: 2, via: [link, cli], timeout: 90, wait: 5 } } }', tools('{"action":"require_approval","approval":{"timeout":90,"wait":5,"approvers":2,"via":["cli","link"]}}')],
    ['default: deny, tools: { a: { action: require_approval, approval: { approvers: { needed: 1, of: [y, x] } } } }', tools('{"action":"require_approval","approval":{"approvers":{"needed":1,"of":["x","y"]}}}')],
  ])('{ %s }', async (text, expected) => expect(canonicalDocument((await load(`{ version: "1", ${text} }`)).document)).toBe(expected));
});
