import { stringify } from 'yaml';

/** A document as YAML. Import this file on demand: it brings the YAML library with it. */
export function yamlText(document: unknown): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
