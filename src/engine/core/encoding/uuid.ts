/**
 * UUIDs of any version as ids of events are written, for Postgres and JavaScript alike: what fits can be cast to `uuid`.
 * Postgres takes more forms, which no id of ours has.
 */
export const uuidPattern = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$";

const uuidShape = new RegExp(uuidPattern);

/** In small or large letters. */
export const isUuid = (text: string): boolean => uuidShape.test(text);
