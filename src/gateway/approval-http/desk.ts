import type { ApprovalWay } from '../../policy/types.ts';
import type { ApprovalRecord, State } from '../../state/types.ts';
import { Webhook } from '../../upstream/webhook.ts';
import type { ApprovalDesk } from '../approvals/desk.ts';
import type { ApprovalsConfig, WebhookConfig } from '../config-types.ts';
import { recordJson } from './record-json.ts';

export interface HttpDeskOptions {
  readonly state: State;
  readonly log: (line: string) => void;
  /** People who have signed in decide in the dashboard. Default false. */
  readonly dashboard?: boolean;
  /** Base of the listener's own address, for pages without a configured one. */
  readonly listening: () => string;
}

/** In whose name the link of a webhook message decides. */
const WEBHOOK_APPROVER = 'webhook';

/** The desk of a gateway with a listener: pages, approvers with tokens, and a webhook, as its configuration says. */
export class HttpDesk implements ApprovalDesk {
  readonly #options: HttpDeskOptions;
  #config: ApprovalsConfig;
  #webhook: Webhook | null;
  #ways: ReadonlySet<ApprovalWay>;

  constructor(config: ApprovalsConfig, options: HttpDeskOptions) {
    this.#options = options;
    this.#config = config;
    this.#webhook = open(config.webhook);
    this.#ways = waysOf(config, this.#options.dashboard === true);
  }

  get ways(): ReadonlySet<ApprovalWay> {
    return this.#ways;
  }

  get config(): ApprovalsConfig {
    return this.#config;
  }

  urlOf(id: string): string {
    return `${this.#config.publicUrl ?? this.#options.listening()}/approvals/${id}`;
  }

  /** Swaps the configuration; messages to a webhook that has changed are given up. */
  reload(config: ApprovalsConfig): void {
    if (!sameWebhook(this.#config.webhook, config.webhook)) {
      this.#webhook?.close();
      this.#webhook = open(config.webhook);
    }
    this.#config = config;
    this.#ways = waysOf(config, this.#options.dashboard === true);
  }

  created(record: ApprovalRecord): void {
    const webhook = this.#webhook;
    if (webhook === null || !record.via.includes('webhook')) return;
    this.#notify(webhook, record).catch((error: unknown) => this.#options.log(`approvals: the webhook was not told of ${record.id}: ${error instanceof Error ? error.message : 'unknown error'}`));
  }

  async #notify(webhook: Webhook, record: ApprovalRecord): Promise<void> {
    const url = this.urlOf(record.id);
    const secret = mayLink(record) ? await this.#options.state.mintApprovalLink(record.id, WEBHOOK_APPROVER) : null;
    const body = Buffer.from(JSON.stringify({
      event: 'approval.requested', ...recordJson(record, url),
      // Whoever has it can decide once; the part behind # reaches no server.
      link: secret === null ? null : `${url}#${secret}`,
      decisionUrl: `${url}/decision`,
    }));
    const problem = await webhook.send(body, Date.parse(record.expiresAt));
    if (problem !== null) this.#options.log(`approvals: the webhook was not told of ${record.id}: ${problem}`);
  }

  close(): void {
    this.#webhook?.close();
  }
}

/** A link in a name that may not decide would open nothing. */
function mayLink(record: ApprovalRecord): boolean {
  return record.via.includes('link') && (record.approvers === null || record.approvers.includes(WEBHOOK_APPROVER));
}

function waysOf(config: ApprovalsConfig, dashboard: boolean): ReadonlySet<ApprovalWay> {
  const ways = new Set<ApprovalWay>(['cli', 'link']);
  if (dashboard || config.approvers.length > 0) ways.add('dashboard');
  if (config.webhook !== null) ways.add('webhook');
  return ways;
}

function open(config: WebhookConfig | null): Webhook | null {
  return config === null ? null : new Webhook(config);
}

function sameWebhook(a: WebhookConfig | null, b: WebhookConfig | null): boolean {
  return a === b || (a !== null && b !== null && a.url.href === b.url.href && a.secret === b.secret);
}
