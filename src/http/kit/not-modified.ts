import { etag, RETAINED_304_HEADERS } from "hono/etag";

/** Answers 304 to who sends the ETag of what there is; the answer names its request and its story, as all others do. */
export const notModified = () =>
  etag({ retainedHeaders: [...RETAINED_304_HEADERS, "x-request-id", "x-correlation-id"] });
