/** What some words in names of tools stand for, in our words: a reader should not have to know every cloud's abbreviations. */
const MEANINGS: ReadonlyMap<string, string> = new Map(Object.entries({
  acl: 'an access control list', acm: 'Amazon’s service for certificates', alb: 'a load balancer of AWS', ami: 'a machine image of AWS', arn: 'a name of something in AWS', asg: 'a group of machines that grows and shrinks',
  bq: 'BigQuery, a data warehouse', cdk: 'a kit for infrastructure as code', ci: 'the builds that run for each change', cli: 'a command line', crd: 'a kind of object that Kubernetes was taught', db: 'a database', ddl: 'statements that change the shape of a database',
  dlq: 'a queue of messages that failed', dns: 'the names of machines in a network', ebs: 'disks of AWS', ec2: 'virtual machines of AWS', ecr: 'Amazon’s registry of container images', ecs: 'containers run by AWS', efs: 'a network file system of AWS', eks: 'Kubernetes run by AWS',
  elb: 'a load balancer of AWS', emr: 'clusters of AWS for large data', etl: 'a pipeline that moves data', gcs: 'object storage of Google', gke: 'Kubernetes run by Google', iam: 'users, roles and permissions', k8s: 'Kubernetes', kb: 'a knowledge base', kms: 'a service for encryption keys',
  mfa: 'a second factor of signing in', mr: 'a merge request', msk: 'Kafka run by AWS', nacl: 'a filter of a network', pr: 'a pull request', pvc: 'a claim for a disk in Kubernetes', rds: 'databases run by AWS', s3: 'object storage of AWS', sms: 'text messages', sns: 'a service of AWS for notifications',
  sqs: 'queues of AWS', ssh: 'a remote shell', ssm: 'a service of AWS to manage machines', ssl: 'certificates of websites', sso: 'signing in once for several services', vm: 'a virtual machine', vpc: 'a private network in a cloud', waf: 'a filter in front of a website',
}));

/** How a word of a name is written in a sentence. */
export function spelled(word: string): string {
  return MEANINGS.has(word) ? word.toUpperCase() : word;
}

/** What the abbreviations among some words stand for, each once. */
export function meanings(words: readonly string[]): readonly string[] {
  return [...new Set(words)].flatMap((word) => {
    const meaning = MEANINGS.get(word);
    return meaning === undefined ? [] : [`${word.toUpperCase()} is ${meaning}`];
  });
}
