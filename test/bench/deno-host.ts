import { useSocketsWithoutDelay } from "../../workers/deno-sockets.ts";
import worker from "./worker.ts";

/*
 * The worker of the benchmarks in Deno, API and consumer in one process as in `workers/deno.ts`. Its only argument says
 * where to listen, and with which environment.
 */

declare const Deno: {
  readonly args: readonly string[];
  addSignalListener(signal: "SIGTERM", handle: () => void): void;
  exit(code: number): never;
  serve(
    options: { readonly port: number; readonly hostname: string; onListen(): void },
    handle: (request: Request) => Promise<Response>,
  ): unknown;
};

useSocketsWithoutDelay();
const { port, bindings } = JSON.parse(Deno.args[0] ?? "") as {
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
};

const waitUntil = (work: Promise<unknown>) => {
  work.catch((error: unknown) => console.error(String(error)));
};
type Handle = (request: Request, env: unknown, context: unknown) => Promise<Response>;
const handle = worker.fetch as unknown as Handle;
const env = {
  ...bindings,
  CONSUMER: { fetch: (url: string, init: RequestInit) => serve(new Request(url, init)) },
};
const serve = (request: Request) => handle(request, env, { waitUntil });

Deno.serve({ port, hostname: "127.0.0.1", onListen: () => undefined }, serve);
// A profile is written when the program ends by itself.
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
