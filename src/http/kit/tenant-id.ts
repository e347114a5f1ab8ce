import { plainText } from "./free-text.ts";

/**
 * How a tenant is named, wherever a body, a query, a path, a header or a setting names one. White space at its ends is
 * not part of it, so that no tenant looks like another one, and none is named by white space alone.
 */
export const tenantIdText = plainText(100);

/** Whether a text that is taken as it stands is the name of a tenant. */
export function isTenantId(text: string): boolean {
  const read = tenantIdText.safeParse(text);
  return read.success && read.data === text;
}
