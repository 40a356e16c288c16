/** Names and attributes of our cookies, for the address by which people reach us. */
export class Cookies {
  readonly #secure: boolean;

  /** @param publicUrl with `https` the cookies are Secure, and no other host of the same domain can set them (`__Host-`) */
  constructor(publicUrl: string) {
    this.#secure = publicUrl.toLowerCase().startsWith('https:');
  }

  /** @param name without prefix */
  name(name: string): string {
    return this.#secure ? `__Host-${name}` : name;
  }

  /** A value of Set-Cookie. @param maxAge seconds; 0 removes it @param lax also sent when another site sends people to us */
  set(name: string, value: string, maxAge: number, lax = false): string {
    return `${this.name(name)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=${lax ? 'Lax' : 'Strict'}${this.#secure ? '; Secure' : ''}`;
  }
}

export const SESSION_COOKIE = 'policylayer_session';

/**
 * The value of a cookie. One that comes twice has no value: of two, another page may have set one.
 * @param header the Cookie header
 */
export function cookieOf(header: string | null, name: string): string | null {
  if (header === null) return null;
  const found = header.split(';').map((part) => part.trim()).filter((part) => part.startsWith(`${name}=`));
  return found.length === 1 ? (found[0] ?? '').slice(name.length + 1) : null;
}
