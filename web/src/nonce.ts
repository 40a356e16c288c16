const found = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** The value that style elements made in the page need under the Content-Security-Policy; empty in vite's development server. */
export const STYLE_NONCE: string = found.startsWith('__') ? '' : found;

// react-remove-scroll, below Mantine's dialogs, asks this global.
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = STYLE_NONCE;
