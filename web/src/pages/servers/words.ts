/** `free_form_code` as "free form code". */
export function inWords(slug: string): string {
  return slug.replaceAll('_', ' ');
}
