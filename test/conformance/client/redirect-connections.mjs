// Preloaded into the client: connections to one port of loopback go to another one. URLs and Host headers stay as they are,
// as if the name of the server pointed at the gateway.
import { Socket } from 'node:net';

const { CONFORMANCE_FROM_PORT: from, CONFORMANCE_TO_PORT: to } = process.env;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

if (from !== undefined && to !== undefined) {
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function redirected(...args) {
    // net.connect hands over its arguments as one array whose first element is the options.
    const options = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (options !== null && typeof options === 'object' && String(options.port) === from && LOOPBACK.has(options.host ?? 'localhost')) {
      Object.assign(options, { host: '127.0.0.1', port: Number(to) });
    }
    return connect.apply(this, args);
  };
}
