// Values that fit a JSON Schema well enough to call a test tool with.

function sample(schema, name) {
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case 'number':
    case 'integer':
      return 7;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'null':
      return null;
    case 'object':
      return sampleArguments(schema);
    default:
      return `sample ${name}`;
  }
}

/**
 * One value for each required property of an object schema that has no default.
 * @param schema a JSON Schema of type object
 */
export function sampleArguments(schema) {
  const properties = schema?.properties ?? {};
  const wanted = (schema?.required ?? []).filter((name) => Object.hasOwn(properties, name));
  return Object.fromEntries(
    wanted.filter((name) => properties[name].default === undefined).map((name) => [name, sample(properties[name], name)]),
  );
}
