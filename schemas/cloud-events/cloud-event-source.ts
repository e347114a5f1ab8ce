/**
 * The source of an envelope is any text; the `source` of a CloudEvent is a URI reference (CloudEvents 1.0, "source";
 * RFC 3986, section 4.1).
 */

const pathQueryFragment = String.raw`[^?#]*(?:\?[^#]*)?(?:#[^#]*)?$`;
const scheme = String.raw`[A-Za-z][A-Za-z\d+.-]*:`;
const authority = String.raw`\/\/[\w.~%-]*(?::\d*)?(?![^/?#])`;

/** Which texts without forbidden characters have the form of a URI reference: fewer than the RFC, never more. */
const isUriReference = new RegExp(
  `^(?:${scheme}${authority}${pathQueryFragment}|${scheme}(?!\\/\\/)${pathQueryFragment}|(?!\\/\\/)(?![^/?#]*:)${pathQueryFragment})`,
);

/** Escapes what may not stand in a URI reference, and every delimiter where they stand in no order of one. */
export function sourceAsUri(source: string): string {
  const uri = encodeURI(source);
  return isUriReference.test(uri) ? uri : encodeURIComponent(source);
}

/**
 * @param isOurs `sourceAsUri` wrote it, so each escape is one of its own. In a URI of others an escaped delimiter means
 *   something else than the delimiter, and stays.
 */
export function sourceOfUri(uri: string, isOurs: boolean): string {
  try {
    return isOurs ? decodeURIComponent(uri) : decodeURI(uri);
  } catch {
    // An escape that stands for no text: it stays as it came.
    return uri;
  }
}
