import { isCataloguePath } from '../../control/catalogue-paths.ts';
import type { OwnPages } from '../../gateway/serve.ts';
import type { Messages } from '../../state/types.ts';

export interface CataloguePagesOptions {
  readonly messages: Messages;
  /** The gateway's address as readers reach it, without a trailing slash; asked for at the first visit. */
  readonly address: () => string | null;
  readonly log: (line: string) => void;
}

type Endpoint = { handle: OwnPages['handle'] };

/** The catalogue of a gateway. Neither code nor data is loaded before somebody looks at it, so a start does not pay for it. */
export function cataloguePages(options: CataloguePagesOptions): OwnPages {
  let loading: Promise<Endpoint> | null = null;
  const load = (): Promise<Endpoint> => (loading ??= open(options).catch((error: unknown) => {
    // The next visit tries again: an installation may be under way.
    loading = null;
    throw error;
  }));
  return {
    owns: isCataloguePath,
    handle: (head, request, response) => {
      load().then((endpoint) => endpoint.handle(head, request, response)).catch((error: unknown) => {
        options.log(`the catalogue cannot be shown: ${error instanceof Error ? error.message : 'unknown error'}`);
        if (response.headersSent || response.destroyed) return;
        response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' });
        response.end('The catalogue cannot be shown now; the log of the gateway says why.\n');
      });
    },
  };
}

async function open(options: CataloguePagesOptions): Promise<Endpoint> {
  const [{ CatalogueEndpoint }, { Catalogue }, { loadRecords, ownRecords, pageScript }] = await Promise.all([import('../../control/catalogue-http.ts'), import('../../catalogue/pages/index.ts'), import('./load-records.ts')]);
  const { records, problems } = await loadRecords(ownRecords());
  for (const line of problems) options.log(`catalogue: ${line}`);
  const address = options.address();
  return new CatalogueEndpoint({ catalogue: new Catalogue(records, pageScript()), messages: options.messages, baseUrl: address === null ? null : `${address}/catalogue`, log: options.log });
}
