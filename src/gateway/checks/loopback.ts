/** True when only this machine can connect. A host name other than `localhost` may resolve to anything, so it does not count. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
