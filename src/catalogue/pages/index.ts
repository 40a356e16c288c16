export { Catalogue, twinText } from './catalogue.ts';
export { CONTACT_LIMITS, contactPage, EMPTY_CONTACT, HONEYPOT, refusedPage, thanksPage, type Contact } from './contact-page.ts';
export { robotsText } from './for-machines.ts';
export { exportedLinks, fileOf, servedLinks, type Links } from './links.ts';
export type { Page } from './page.ts';
export { segments } from './segments.ts';
