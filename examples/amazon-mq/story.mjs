// What happens, in order. Nothing here decides anything: the policies do.
const REGION = 'eu-west-1';

/** @param facts `{ classes, broker, moto, newPassword }`: which policy, the RabbitMQ of this run or null, the local AWS, a password for the new broker */
export async function play(stand, { classes, broker, moto, newPassword }) {
  const support = await stand.agent('support-agent');
  await support.list();
  await support.call('list_brokers', { region: REGION });
  await lookAround(stand, support);
  const id = await createBroker(stand, support, newPassword);
  await poll(stand, support, id);
  if (broker !== null) await queues(stand, support, { classes, broker, id });
  await remove(stand, support, { classes, moto, id });
  await absent(stand, support);
  await support.close();

  const ci = await stand.agent('ci');
  await ci.list();
  await ci.call('create_configuration', { region: REGION, authentication_strategy: 'SIMPLE', engine_type: 'RABBITMQ', engine_version: '3.13', name: 'ci-nightly' });
  await ci.call('create_broker', { region: REGION, broker_name: 'from-ci', engine_type: 'RABBITMQ', deployment_mode: 'SINGLE_INSTANCE', username: 'ci', password: newPassword });
  await ci.call('rabbitmq_broker_list_queues');
  await ci.close();
  await stand.operator('logs');
}

async function lookAround(stand, support) {
  console.log('\n--- A broker id that is none is refused before the server sees it; AWS answers for one that is well formed.');
  await support.call('describe_broker', { region: REGION, BrokerId: '../../users' });
  stand.sayArrived('describe_broker');
  await support.call('describe_broker', { region: REGION, BrokerId: 'b-00000000-0000-0000-0000-000000000000' });
  stand.sayArrived('describe_broker');
}

async function createBroker(stand, support, password) {
  console.log('\n--- A new broker waits for a person.');
  const args = { region: REGION, broker_name: 'support-desk', engine_type: 'RABBITMQ', deployment_mode: 'SINGLE_INSTANCE', username: 'desk', password, host_instance_type: 'mq.t3.micro', publicly_accessible: false };
  const waiting = support.call('create_broker', args);
  await stand.decide('approve', 'anna', 'ticket 4711');
  const { text } = await waiting;
  stand.sayArrived('create_broker');
  return JSON.parse(text).BrokerId;
}

async function poll(stand, support, id) {
  console.log('\n--- Nine more looks at it are within the limit. The eleventh call in a minute is not.');
  await Promise.all(Array.from({ length: 8 }, () => support.call('describe_broker', { region: REGION, BrokerId: id }, true)));
  await support.call('describe_broker', { region: REGION, BrokerId: id });
  await support.call('describe_broker', { region: REGION, BrokerId: id });
  stand.sayArrived('describe_broker');
}

async function queues(stand, support, { classes, broker, id }) {
  console.log('\n--- Queues of a real RabbitMQ.');
  await support.call('rabbimq_broker_initialize_connection', { broker_id: id, region: REGION, username: 'admin', password: broker.password });
  await support.call('rabbimq_broker_initialize_connection', { broker_id: id, region: REGION, username: broker.user, password: broker.password });
  await support.call('rabbitmq_broker_list_queues');
  const purging = support.call('rabbitmq_broker_purge_queue', { queue: 'orders' });
  if (classes) await stand.decide('approve', 'ben', 'the team agreed');
  await purging;
  stand.sayArrived('rabbitmq_broker_purge_queue');
  await support.call('rabbitmq_broker_get_queue_info', { queue: 'orders' });
}

async function remove(stand, support, { classes, moto, id }) {
  console.log('\n--- Deleting a broker.');
  const deleting = support.call('delete_broker', { region: REGION, BrokerId: id });
  if (classes) await stand.decide('deny', 'anna', 'it is in use');
  await deleting;
  stand.sayArrived('delete_broker');
  console.log(`  at AWS: ${moto.requests().filter(({ method }) => method === 'DELETE').length} DELETE requests`);
}

async function absent(stand, support) {
  console.log('\n--- A hidden tool answers like one that does not exist, and CloneContainerToECR is none of this server: see ../healthomics.');
  await support.call('rabbitmq_broker_list_users');
  await support.call('CloneContainerToECR', { source_image: 'quay.io/biocontainers/samtools:1.17' });
  stand.sayArrived('rabbitmq_broker_list_users');
  stand.sayArrived('CloneContainerToECR');
}
