/** Every address of the API begins so. */
export const BASE = '/api/v1';
