/** CloudEvents in binary content mode: attributes as HTTP headers. */

import type { JsonObject } from "../json/json.ts";
import type { CloudEvent } from "./cloud-events.ts";

/** Characters that the HTTP binding has percent-encoded in a header: all but printable ASCII, and space, quote, percent. */
const toEscape = /[^\x21\x23\x24\x26-\x7e]+/g;

/** Headers of an event in binary mode, content type included; the body is its `data` as JSON. */
export function binaryHeaders({
  data: _data,
  datacontenttype,
  ...attributes
}: CloudEvent): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        `ce-${name}`,
        String(value).replace(toEscape, (text) => encodeURIComponent(text)),
      ]),
    ),
    "content-type": datacontenttype,
  };
}

/** Attributes of the headers of an event in binary mode, without its data; null when it is none. */
export function readBinaryHeaders(headers: Iterable<readonly [string, string]>): JsonObject | null {
  const attributes: JsonObject = {};
  let contentType: string | null = null;
  for (const [header, value] of headers) {
    const name = header.toLowerCase();
    if (name === "content-type") contentType = value;
    if (name.startsWith("ce-")) attributes[name.slice(3)] = unescaped(value);
  }
  if (attributes.specversion === undefined) return null;
  return contentType === null ? attributes : { ...attributes, datacontenttype: withoutCharset(contentType) };
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** UTF-8 is what JSON is written in anyway, and other encodings are refused before. */
function withoutCharset(type: string): string {
  const [media = "", ...parameters] = type.split(";").map((part) => part.trim());
  return [media, ...parameters.filter((one) => !/^charset="?utf-?8"?$/i.test(one))].join("; ");
}
