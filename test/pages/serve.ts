import { listen } from "../listening.ts";
/** Serves an app on this machine, for browsers. */

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { answering } from "../answering.ts";

interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

/** @param fetch answers a request; bodies are small and read whole */
export async function serve(fetch: (request: Request) => Response | Promise<Response>): Promise<Served> {
  const server = createServer(
    answering(async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
        typeof value === "string" ? [[name, value] as [string, string]] : [],
      );
      const method = incoming.method ?? "GET";
      const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
        method,
        headers,
        ...(method === "GET" || method === "HEAD" ? {} : { body: Buffer.concat(chunks) }),
      });
      const response = await fetch(request);
      outgoing.statusCode = response.status;
      // Those of a name together, as several cookies are.
      outgoing.setHeaders(response.headers);
      if (response.body === null) outgoing.end();
      else
        await pipeline(
          Readable.fromWeb(response.body as unknown as ReadableStream<Uint8Array>),
          outgoing,
        ).catch(() => undefined);
    }),
  );
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
