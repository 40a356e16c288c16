/** Files of a data directory that a backup of the database does not hold, and what is lost without each. */
export const KEY_FILES: readonly { readonly name: string; readonly without: string }[] = [
  { name: 'secret-keys.json', without: 'the sealed credentials of servers cannot be opened (unless the key comes from POLICYLAYER_SECRET_KEY or a file of your own: keep that)' },
  { name: 'journal-key.pem', without: 'a new key signs the journal from then on, which `verify` accepts with --public-key only' },
];

export const BACKUP_DATABASE = 'policylayer.db';
