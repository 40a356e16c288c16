// A real RabbitMQ broker of our own: its files in the folder of the run, its ports on loopback, its port mapper (epmd) one of ours,
// so that nothing of it is left when the run ends and nothing of the machine's own broker is touched.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort, Trouble } from './stage.mjs';

// Debian's command in PATH only runs as root or as the broker's own user; the program behind it runs as anybody.
const USUAL = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin', '/usr/local/sbin'];

/** @returns the program; throws Trouble when RabbitMQ is not installed */
export function findBroker() {
  const named = process.env.RABBITMQ_SERVER;
  if (named !== undefined && !existsSync(named)) throw new Trouble(`RABBITMQ_SERVER names ${named}, which is not there`);
  const found = named ?? [...USUAL, ...(process.env.PATH ?? '').split(delimiter)].map((folder) => join(folder, 'rabbitmq-server')).find((file) => existsSync(file));
  if (found === undefined) throw new Trouble('rabbitmq-server was not found: install RabbitMQ (Debian: apt-get install rabbitmq-server), name its program in RABBITMQ_SERVER, or leave its tools out with --no-broker');
  if (spawnSync('epmd', ['-names'], { stdio: 'ignore' }).error !== undefined) throw new Trouble('epmd was not found: it comes with Erlang, which RabbitMQ needs (Debian: apt-get install erlang-base)');
  return found;
}

/**
 * Starts a broker with the management plugin, one administrator and a queue `orders` with one message.
 * @returns where its management API listens, and the administrator
 */
export async function startBroker(stage, program) {
  const [epmd, distribution, amqp, management] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const user = 'support';
  const password = randomBytes(12).toString('hex');
  const folder = stage.path('rabbitmq');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  writeFileSync(join(folder, 'env.conf'), '');
  writeFileSync(join(folder, 'rabbitmq.conf'), [
    `listeners.tcp.1 = 127.0.0.1:${amqp}`, 'management.tcp.ip = 127.0.0.1', `management.tcp.port = ${management}`,
    `default_user = ${user}`, `default_pass = ${password}`, 'default_user_tags.administrator = true', 'loopback_users = none', '',
  ].join('\n'), { mode: 0o600 });
  const env = {
    PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: folder, ERL_EPMD_PORT: String(epmd), ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `policylayer-${process.pid}@localhost`, RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1', RABBITMQ_NODE_PORT: String(amqp), RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'), RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'), RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'), RABBITMQ_LOG_BASE: join(folder, 'log'), RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false +S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
  };
  stage.start('epmd', 'epmd', ['-port', String(epmd), '-address', '127.0.0.1'], env);
  const child = stage.start('rabbitmq-server', program, [], env);
  const api = `http://127.0.0.1:${management}/api`;
  const headers = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, 'Content-Type': 'application/json' };
  const ask = (method, path, body) => fetch(`${api}/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  await stage.ready('rabbitmq-server', child, async () => (await ask('GET', 'health/checks/virtual-hosts')).ok);
  await ask('PUT', 'queues/%2F/orders', { durable: true });
  await ask('POST', 'exchanges/%2F/amq.default/publish', { properties: { delivery_mode: 2 }, routing_key: 'orders', payload: 'order 1', payload_encoding: 'string' });
  console.log(`RabbitMQ listens on 127.0.0.1:${amqp}, its management API on 127.0.0.1:${management}`);
  return { port: management, user, password };
}
