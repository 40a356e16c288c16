// Two files of undici, imported by themselves: the whole package costs three times their start-up CPU (fetch, WebSocket, caches).
declare module 'undici/lib/dispatcher/client.js' {
  import type { Client } from 'undici';
  const exported: typeof Client;
  export default exported;
}

declare module 'undici/lib/core/connect.js' {
  import type { buildConnector } from 'undici';
  const exported: typeof buildConnector;
  export default exported;
}
