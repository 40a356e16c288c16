// Records of scanned servers (catalogue.md, "Data"): their types, how they are made, how they are read.
export { serverRecord, serverRecordText, type ScannedTool } from './build-server-record.ts';
export type { ParameterFact } from './parameter-facts.ts';
export { readServerRecord } from './read-server-record.ts';
export { approximateTokens, type ServerRecord, type ToolRecord } from './record-types.ts';
