// AWS HealthOmics behind PolicyLayer: the real server, a local AWS, and three agents that play a story. See README.md.
import { fileURLToPath } from 'node:url';
import { startMoto, writeProfile } from '../shared/moto.mjs';
import { HELP, perform, readOptions, Stand } from '../shared/stand.mjs';
import { download, findUv, pinned } from '../shared/uv.mjs';
import { play } from './story.mjs';

const SERVER = 'awslabs.aws-healthomics-mcp-server==0.1.5';
const CONSTRAINTS = fileURLToPath(new URL('constraints.txt', import.meta.url));

await perform(async (open, signal) => {
  const options = readOptions(`Usage: node run.mjs [options]\n${HELP}`);
  const cache = findUv();
  const stage = open(options.data);
  const moto = await startMoto(stage);
  await download(stage, SERVER, CONSTRAINTS);
  const profile = writeProfile(stage, options['aws-profile']);
  const stand = new Stand(stage, options, {
    server: 'healthomics',
    folder: import.meta.url,
    command: ['uvx', SERVER],
    env: {
      AWS_ENDPOINT_URL: moto.url, AWS_CONFIG_FILE: profile, AWS_SHARED_CREDENTIALS_FILE: profile, AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true',
      // Without this the AWS library would ask for the host workflows-127.0.0.1.
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true', AWS_MAX_ATTEMPTS: '1', FASTMCP_LOG_LEVEL: 'ERROR',
      ...pinned(CONSTRAINTS), UV_CACHE_DIR: cache, UV_OFFLINE: '1',
    },
    policyOf: { 'support-agent': `support.${options.policies}.policy.yaml`, ci: 'ci.policy.yaml', auditor: 'auditor.policy.yaml' },
  });
  await stand.open();
  await play(stand, { classes: options.policies === 'classes', moto });
  await stand.stay(signal);
});
