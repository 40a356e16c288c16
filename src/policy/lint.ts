import type { PolicyDocument } from './document.ts';
import type { Reporter } from './diagnostic.ts';

/** Reports what is legal and probably not meant. */
export function lint(_document: PolicyDocument, _reporter: Reporter): void {}
