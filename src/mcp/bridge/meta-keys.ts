import { META_PREFIX } from '../keys.ts';

/** Members of `_meta` that exist in the modern era only (S26 basic#meta). */
export const VERSION_KEY: string = `${META_PREFIX}protocolVersion`;
export const CAPABILITIES_KEY: string = `${META_PREFIX}clientCapabilities`;
export const CLIENT_INFO_KEY: string = `${META_PREFIX}clientInfo`;
export const LOG_LEVEL_KEY: string = `${META_PREFIX}logLevel`;
export const SERVER_INFO_KEY: string = `${META_PREFIX}serverInfo`;
export const SUBSCRIPTION_KEY: string = `${META_PREFIX}subscriptionId`;
export const RELATED_TASK_KEY: string = `${META_PREFIX}related-task`;
/** The extension that replaced the tasks of 2025-11-25; the two are not wire compatible (SEP-2663). */
export const TASKS_EXTENSION: string = `${META_PREFIX}tasks`;
