/**
 * What a server may write into a definition because of where and when it runs: the next start, or the next machine, writes something else, and
 * the tool is the same. Every pattern is linear and takes ASCII only, so that no invisible character and no other script hides inside of what
 * is folded away.
 */

const MONTH = '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const DAY = '(?:Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs(?:day)?)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)';
const SEGMENT = '[A-Za-z0-9._@+~%=,-]';
const WORD = '[!#-&(-.0-[\\]-_a-~]{1,64}';
const QUOTED = `${WORD}(?: ${WORD}){0,2}`;

/** In order: what is folded by one pattern is no longer seen by the next. */
const FOLDS: readonly (readonly [pattern: RegExp, folded: string])[] = [
  // Quoted paths may hold spaces: '/Users/Jane Doe/work'. A few in a row at most: sentences in quotes are no paths.
  [new RegExp(`(["'\`])(?:file://|[A-Za-z]:[\\\\/]|~/|/|\\\\\\\\)(?:${QUOTED})?(?:[\\\\/]{1,2}(?:${QUOTED})?){0,32}\\1`, 'g'), '/path'],
  [/\bfile:\/\/[!-~]{0,400}/g, '/path'],
  [/\b[A-Za-z]:[\\/](?:[\w.@+~%=,()-]{1,128}[\\/]?){0,64}/g, '/path'],
  [/\\\\[\w.-]{1,64}(?:\\[\w.@+~%=,$()-]{1,128}){0,64}\\?/g, '/path'],
  [/\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,64}(?:\.[A-Za-z0-9-]{1,64}){1,8}/g, 'user@host'],
  // Local servers; the name of a public one is part of what a tool does.
  [/\b((?:https?|wss?|tcp|redis|postgres(?:ql)?|mysql|mongodb|amqp):\/\/)(?:[A-Za-z0-9._-]{1,64}(?::[!-.0-9;-?A-~]{0,64})?@)?(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9-]{1,63}(?=[:/\s"'`),;]|$)|[A-Za-z0-9.-]{1,120}\.(?:local|localhost|internal|lan|home|corp|intranet))(?::\d{1,5})?(?:\/[!-~]{0,200})?/gi, '$1host'],
  // Behind a verb of HTTP it is a route, which says what the tool does.
  [new RegExp(`(?<![\\w./:}>)\\]-])(?<!\\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )~?(?:/${SEGMENT}{1,128}){1,64}/?`, 'g'), '/path'],
  [/\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b/g, '0'],
  [/\b((?:logged|signed) in|authenticated|connected|running|mounted|hosted)( as| to| on| at)( user| host)?:? ["'`]?[A-Za-z0-9._@\\:/-]{1,128}/gi, '$1$2 0'],
  [/\b(user(?:name)?|host(?:name)?|machine|tenant|cwd|pid|port)( name| id)?[:=] ?["'`]?[A-Za-z0-9._@\\:/-]{1,128}/gi, '$1$2 0'],
  [/\b(?:[A-Za-z0-9-]{1,63}\.){1,8}(?:local|localhost|internal|lan|localdomain)\b(?::\d{1,5})?|\blocalhost\b(?::\d{1,5})?|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d{1,5})?/gi, 'host'],
  [/\b(?:ip|ec2|vm|node|host|pod|desktop|laptop|win|srv|build|runner|worker)(?:-[a-z0-9]{1,24}){0,6}-[a-z]{0,20}\d[a-z0-9]{0,20}\b/gi, 'host'],
  [new RegExp(`\\b(?:${DAY},? )?(?:${MONTH}\\.? \\d{1,2}(?:st|nd|rd|th)?|\\d{1,2}(?:st|nd|rd|th)?[ -]${MONTH})\\b(?:,?[ -]\\d{4}\\b)?`, 'g'), '0'],
  [new RegExp(`\\b(?:${MONTH}) (?=\\d{4}\\b)|\\b${DAY}\\b`, 'g'), '0'],
  [/\b\d{4}-\d{2}-\d{2}(?:[T_ ]\d{2}[:.-]\d{2}(?:[:.-]\d{2}(?:[.,]\d{1,9})?)?)?/g, '0'],
  [/(?<=\d ?)(?:[AaPp]\.[Mm]\.|[AaPp][Mm]\b|Z\b|UTC\b|GMT\b|[A-Z]{2,4}T\b)|\b0(?: ?[+-]\d{2}:?\d{2}\b)/g, '0'],
  // Hashes, keys and ids: letters with digits among them, nothing that reads as a word.
  [/\b(?=[0-9a-f]{0,64}\d)(?=[0-9]{0,64}[a-f])[0-9a-f]{7,128}\b/gi, '0'],
  [/\b(?=(?:[A-Za-z]{0,128}\d){3})[A-Za-z0-9]{16,256}\b/g, '0'],
  [/\bv?\d{1,20}(?:[.,:_/x-]\d{1,20}){0,12}(?:-?(?:alpha|beta|rc|dev|pre|post|next|canary|nightly|snapshot)[.-]?\d{0,20})?(?:\+[A-Za-z0-9]{1,20}(?:\.[A-Za-z0-9]{1,20}){0,4})?/gi, '0'],
  [/(?:0[ ,;:+-]{0,3}){2,}/g, '0 '],
  [/\b0 ?(?:[kKMGT]?i?[bB]|bytes?|ms|s|secs?|seconds?|mins?|minutes?|h|hours?|days?|weeks?|months?|years?)\b/g, '0 units'],
  // One item, two items.
  [/\b(0 ?[A-Za-z]{2,40}?)s\b/g, '$1'],
  [/\s+/g, ' '],
];

/** Longest text that is folded; beyond it every difference counts. UTF-16 units. */
const LONGEST = 65_536;

/**
 * The text without what depends on machine, user and time: paths, local hosts, ports, user names, dates, ids, versions, counts. Two texts with
 * the same folded form say the same of a tool. Linear.
 */
export function foldText(text: string): string {
  let folded = text.slice(0, LONGEST);
  for (const [pattern, replacement] of FOLDS) folded = folded.replace(pattern, replacement);
  return folded.trim() + text.slice(LONGEST);
}
