// What happens, in order. Nothing here decides anything: the policies do.
const CLONE = 'CloneContainerToECR';
const image = (tag) => ({ source_image: `quay.io/biocontainers/samtools:${tag}`, target_repository_name: 'biocontainers/samtools' });

/** @param facts `{ classes, moto }`: whether the support agent's policy is by classes, and the local AWS */
export async function play(stand, { classes, moto }) {
  const support = await stand.agent('support-agent');
  await support.list();
  await support.call('ListECRRepositories');
  await beyondMoto(support);
  await clone(stand, support, moto);
  await remove(stand, support, { classes, moto });
  await support.call('SearchGenomicsFiles', { search_terms: ['patient'] });
  stand.sayArrived('SearchGenomicsFiles');
  await support.close();
  await approve(stand);
  await audit(stand);
  await stand.operator('logs');
}

async function beyondMoto(support) {
  console.log('\n--- What moto cannot do is reached all the same, and the answer is passed on as the server words it.');
  await support.call('ListPullThroughCacheRules');
  await support.call('ListAHOWorkflows');
}

async function clone(stand, support, moto) {
  console.log('\n--- An image from elsewhere is refused; ten of the collection are cloned; the eleventh call in a minute is refused.');
  await support.call(CLONE, { ...image('1.0'), source_image: 'docker.io/somebody/miner:latest' });
  stand.sayArrived(CLONE);
  await support.call(CLONE, image('1.1'));
  console.log('  moto has no pull-through cache, so no layer is copied; the repository and its access for HealthOmics are made:');
  for (const { action } of moto.requests().filter((request) => request.action !== null).slice(-4)) console.log(`  at AWS: ${action}`);
  await Promise.all(Array.from({ length: 9 }, (_, index) => support.call(CLONE, image(`1.${index + 2}`), true)));
  await support.call(CLONE, image('1.11'));
  stand.sayArrived(CLONE);
  await support.call('ListECRRepositories');
}

async function remove(stand, support, { classes }) {
  console.log('\n--- Deleting.');
  const deleting = support.call('DeleteAHOConfiguration', { name: 'production' });
  if (classes) await stand.decide('approve', 'anna', 'replaced by production-2');
  await deleting;
  stand.sayArrived('DeleteAHOConfiguration');
}

async function approve(stand) {
  console.log('\n--- CI asks, is told to come back, and comes back with the same call.');
  const before = stand.arrived(CLONE).length;
  const ci = await stand.agent('ci');
  await ci.call(CLONE, image('1.17'));
  console.log(`  at the server: ${stand.arrived(CLONE).length - before} of CI's calls arrived`);
  await stand.operator('approvals', 'list');
  await stand.decide('approve', 'rosa', 'release 12');
  await ci.call(CLONE, image('1.18'));
  await ci.call(CLONE, image('1.17'));
  console.log(`  at the server: ${JSON.stringify(stand.arrived(CLONE).slice(before))}`);
  await ci.close();
}

async function audit(stand) {
  console.log('\n--- The auditor looks, and is told why it cannot do more.');
  const before = stand.arrived(CLONE).length;
  const auditor = await stand.agent('auditor');
  await auditor.list();
  await auditor.call(CLONE, image('1.17'));
  console.log(`  at the server: ${stand.arrived(CLONE).length - before} of the auditor's calls arrived`);
  await auditor.call('DeleteAHOConfiguration', { name: 'production' });
  await auditor.close();
}
