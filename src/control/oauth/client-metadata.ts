/** Address below the public URL where the metadata of the gateway as a client lies. */
export const METADATA_PATH = '/oauth/client-metadata.json';
/** Address below the public URL to which authorization servers send people back. */
export const CALLBACK_PATH = '/oauth/callback';

/** True for the two addresses that authorization servers know. */
export function isOAuthPage(path: string): boolean {
  return path === CALLBACK_PATH || path === METADATA_PATH;
}

export function callbackUri(publicUrl: string): string {
  return publicUrl + CALLBACK_PATH;
}

function isLoopback(publicUrl: string): boolean {
  return /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:\/|$)/.test(publicUrl);
}

/** What the gateway says of itself as a client (RFC 7591 section 2; S26 authorization#client-registration asks for `application_type`). */
export function clientMetadata(publicUrl: string, authMethod: string): Record<string, string | string[]> {
  return {
    client_name: 'PolicyLayer',
    redirect_uris: [callbackUri(publicUrl)],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: authMethod,
    application_type: isLoopback(publicUrl) ? 'native' : 'web',
  };
}

/** The client id that is an address, where authorization servers can fetch the document that it names; null when they cannot reach us by https. */
export function documentClientId(publicUrl: string): string | null {
  return publicUrl.startsWith('https://') && !isLoopback(publicUrl) ? publicUrl + METADATA_PATH : null;
}

/** The client-id metadata document (draft-ietf-oauth-client-id-metadata-document). */
export function metadataDocument(publicUrl: string): Record<string, string | string[]> | null {
  const id = documentClientId(publicUrl);
  return id === null ? null : { client_id: id, client_uri: publicUrl, ...clientMetadata(publicUrl, 'none') };
}
