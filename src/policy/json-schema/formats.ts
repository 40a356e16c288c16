/** A format that the policy's schemas may assert. Every test is linear in the text. */
interface Format {
  readonly called: string;
  readonly test: (text: string) => boolean;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** RFC 3339 section 5.6; second 60 only where a leap second can be: the last minute of a day in UTC. */
function isDateTime(text: string): boolean {
  const match = /^(.{10})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/.exec(text);
  if (match === null || !isDate(match[1] ?? '')) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = [Number(match[2]), Number(match[3]), Number(match[4]), Number(match[6] ?? 0), Number(match[7] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (match[5] === '-' ? -1 : 1);
  return (((hour * 60 + minute - offset) % 1440) + 1440) % 1440 === 1439;
}

function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [side, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [index, part] of parts.entries()) {
      const last = side === halves.length - 1 && index === parts.length - 1;
      if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups += 1;
      else if (last && isIpv4(part)) groups += 2;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** RFC 1123: labels of letters, digits and inner hyphens. Names in other scripts are written in their `xn--` form. */
function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
}

/** RFC 5321 section 4.1.2 without comments: a dot-string or a quoted string, then a host name or an address in brackets. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64) return false;
  const local = text.slice(0, at);
  const host = text.slice(at + 1);
  const dotted = local.split('.').every((atom) => /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(atom));
  if (!dotted && !/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/.test(local)) return false;
  const literal = /^\[(IPv6:)?([^\]]*)\]$/.exec(host);
  if (literal !== null) return literal[1] === undefined ? isIpv4(literal[2] ?? '') : isIpv6(literal[2] ?? '');
  return isHostname(host);
}

/** RFC 3986: absolute, only characters that a URI may hold, `%` only before two hexadecimal digits. */
function isUri(text: string): boolean {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:(\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text);
  if (match === null || !/^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/.test(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) return false;
  const [, , authority, path = '', query = '', fragment = ''] = match;
  if (/[[\]]/.test(path + query) || /[[\]#]/.test(fragment.slice(1))) return false;
  if (authority === undefined) return true;
  const host = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:@[\]]*)(?::\d*)?$/.exec(authority);
  if (host === null || /[[\]]/.test(host[1] ?? '')) return false;
  const name = host[2] ?? '';
  return !name.startsWith('[') || isIpv6(name.slice(1, -1)) || /^\[[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\]$/.test(name);
}

export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['date', { called: 'a date such as 2026-01-31', test: isDate }],
  ['date-time', { called: 'a date and time such as 2026-01-31T12:00:00Z', test: isDateTime }],
  ['email', { called: 'an e-mail address', test: isEmail }],
  ['uri', { called: 'an absolute URI', test: isUri }],
  ['uuid', { called: 'a UUID', test: (text) => /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(text) }],
  ['ipv4', { called: 'an IPv4 address', test: isIpv4 }],
  ['ipv6', { called: 'an IPv6 address', test: isIpv6 }],
  ['hostname', { called: 'a host name', test: isHostname }],
]);
