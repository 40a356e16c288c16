import { editorSchema } from '../../policy/editor-schema.ts';
import { writeNewFile } from '../write-new-file.ts';

export interface SchemaOptions {
  readonly out?: string;
  readonly force?: boolean;
}

/** `policylayer schema`: the JSON Schema that editors complete and check policies with. @returns 0 @throws UsageError */
export function schema(options: SchemaOptions, stdout: NodeJS.WritableStream): number {
  const text = `${JSON.stringify(editorSchema(), null, 2)}\n`;
  if (options.out === undefined) stdout.write(text);
  else writeNewFile(options.out, text, options.force === true);
  return 0;
}
