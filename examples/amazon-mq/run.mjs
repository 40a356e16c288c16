// Amazon MQ behind PolicyLayer: the real server, a local AWS, a real RabbitMQ, and two agents that play a story. See README.md.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { openBrokerAddress } from '../shared/broker-address.mjs';
import { startMoto, writeProfile } from '../shared/moto.mjs';
import { findBroker, startBroker } from '../shared/rabbitmq.mjs';
import { HELP, perform, readOptions, Stand } from '../shared/stand.mjs';
import { download, findUv, pinned } from '../shared/uv.mjs';
import { play } from './story.mjs';

const SERVER = 'awslabs.amazon-mq-mcp-server==2.1.1';
const CONSTRAINTS = fileURLToPath(new URL('constraints.txt', import.meta.url));
const USAGE = `Usage: node run.mjs [options]\n${HELP}\n  --no-broker               without RabbitMQ: the rabbitmq_* part of the story is left out`;
// Nothing listens there: a server without a broker must not reach some other one.
const NOWHERE = { HTTPS_PROXY: 'http://127.0.0.1:9', REQUESTS_CA_BUNDLE: '' };

await perform(async (open, signal) => {
  const options = readOptions(USAGE, { 'no-broker': { type: 'boolean' } });
  const cache = findUv();
  const program = options['no-broker'] ? null : findBroker();
  const stage = open(options.data);
  const downloaded = async () => {
    const started = await startMoto(stage);
    await download(stage, SERVER, CONSTRAINTS);
    return started;
  };
  // Both take a while.
  const [broker, moto] = await Promise.all([program === null ? null : startBroker(stage, program), downloaded()]);
  const profile = writeProfile(stage, options['aws-profile']);
  const brokerAddress = broker === null ? { ...NOWHERE, REQUESTS_CA_BUNDLE: profile } : await openBrokerAddress(stage, broker.port);
  const stand = new Stand(stage, options, {
    server: 'amazon-mq',
    folder: import.meta.url,
    command: ['uvx', SERVER, '--allow-resource-creation'],
    env: {
      AWS_ENDPOINT_URL: moto.url, AWS_CONFIG_FILE: profile, AWS_SHARED_CREDENTIALS_FILE: profile, AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1',
      ...brokerAddress, ...pinned(CONSTRAINTS), UV_CACHE_DIR: cache, UV_OFFLINE: '1',
    },
    policyOf: { 'support-agent': `support.${options.policies}.policy.yaml`, ci: 'ci.policy.yaml' },
  });
  await stand.open();
  await play(stand, { classes: options.policies === 'classes', broker, moto, newPassword: randomBytes(12).toString('hex') });
  await stand.stay(signal);
});
