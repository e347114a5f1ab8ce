/** Requests that node:http refuses before anybody else sees them. */

import type { Server } from "node:http";
import type { Duplex } from "node:stream";

/** Of one request; node:http stops at as many when it is told nothing, and names neither limit in its error. */
const maxHeaders = 2_000;

/** Longest time that what is still sent is read, so that its sender gets the answer instead of a reset connection. */
const lingerMs = 2_000;

export interface BrokenRequestOptions {
  /** Of a request line and its headers, as `maxHeaderSize` of the server has it. */
  readonly maxHeadBytes: number;
  /** What whoever sent a larger head should do instead. */
  readonly advice: string;
  /** The body of an answer, as the clients of this server know it. */
  readonly toBody: (message: string) => unknown;
}

function refusalOf(
  code: string | undefined,
  { maxHeadBytes, advice }: BrokenRequestOptions,
): readonly [status: string, message: string] {
  if (code === "HPE_HEADER_OVERFLOW") {
    return [
      "431 Request Header Fields Too Large",
      `request line and headers are too large. Limit: ${maxHeadBytes} bytes in ${maxHeaders} headers; ${advice}`,
    ];
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return ["408 Request Timeout", "the request did not come to its end in time"];
  }
  return ["400 Bad Request", `the request is not HTTP: ${code}`];
}

/** Answers them in JSON, as everything else is. */
export function answerBrokenRequests(server: Server, options: BrokenRequestOptions): void {
  server.maxHeadersCount = maxHeaders;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, message] = refusalOf(error.code, options);
    const body = JSON.stringify(options.toBody(message));
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    // Else the rest would be given to the parser, which has given up.
    socket.removeAllListeners("data");
    socket.on("data", () => undefined);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  });
}
