/** How much of one definition is read. What lies beyond is unknown, and unknown never lowers a class. */
export const LIMITS = {
  /** Bytes of the whole definition; above it only name, title and the beginning of the description are read. */
  definitionBytes: 262_144,
  nameCharacters: 256,
  descriptionCharacters: 32_768,
  /** Sentences of a description that are searched for verbs. */
  sentences: 400,
  /** Characters of one parameter's description. */
  parameterText: 2_000,
  parameters: 512,
  enumValues: 256,
  schemaDepth: 16,
  /** Bytes of schemas visited, each visit counted: references make a small schema large. */
  schemaBytes: 1_048_576,
  schemaVisits: 4_000,
} as const;
