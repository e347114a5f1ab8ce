/** The API on a port of its own, for tests that run the real program `charter` against it. */

import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { drainAll, relayAll } from "@brain/engine";
import { expect, onTestFinished } from "vitest";
import released from "../../schemas/fixtures/released.json" with { type: "json" };
import { createApp } from "../../src/http/app.ts";
import type { Host } from "../../src/http/host.ts";
import type { Authenticator } from "../../src/http/kit/access.ts";
import type { Mount } from "../../src/http/kit/mount.ts";
import { type Backbone, type BackboneOptions, createBackbone, testApiKey } from "../backbone.ts";
import { compiledCode } from "../compiled-code.ts";
import { charterProgram } from "./charter-program.ts";

export interface Station extends Backbone {
  readonly url: string;
  /** Requests that arrived: method, path, and the key that makes a repeat harmless. */
  readonly requests: { readonly line: string; readonly idempotencyKey: string | null }[];
  /** Handles the next requests whose path begins like this, and then drops the connection instead of answering. */
  loseReplies(path: string, count: number): void;
  /** Posts JSON; throws when the answer is an error. */
  post(path: string, body: unknown): Promise<ReturnType<typeof JSON.parse>>;
  /** Waits for what requests started. */
  background(): Promise<void>;
  /** Relays and drains until nothing moves. */
  settle(): Promise<void>;
  /** Takes the server away, and brings it back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Gone when the test or the suite's hook ends: call `cleanup`. */
export async function openStation(
  options: BackboneOptions & {
    readonly mounts?: readonly Mount[];
    readonly authenticators?: readonly Authenticator[];
  },
): Promise<Station> {
  const backbone = await createBackbone(options);
  const background = new Set<Promise<unknown>>();
  const open = (): Host => {
    const invocation = backbone.open();
    const waitUntil = (work: Promise<unknown>) => {
      const tracked: Promise<unknown> = work.catch(() => undefined).finally(() => background.delete(tracked));
      background.add(tracked);
    };
    const deadlineMs = invocation.now() + 10_000;
    const afterCommit = () =>
      waitUntil(
        relayAll(invocation, deadlineMs, (types) => waitUntil(drainAll(invocation, deadlineMs, types))),
      );
    return { invocation, apiKey: testApiKey, waitUntil, afterCommit, startJobs: () => undefined };
  };
  const { mounts = [], authenticators = [] } = options;
  const app = createApp({
    open,
    modules: [{ name: "test", routes: mounts }],
    authenticators,
    examples: async () => released,
  });
  const requests: Station["requests"] = [];
  const toLose = { path: "", count: 0 };

  const { start, stop, url } = serveOnPort(async (incoming, outgoing) => {
    const path = incoming.url ?? "/";
    const key = incoming.headers["idempotency-key"];
    requests.push({
      line: `${incoming.method} ${path}`,
      idempotencyKey: typeof key === "string" ? key : null,
    });
    const response = await app.fetch(await requestOf(incoming, outgoing));
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      await passOn(response, outgoing, () => requests.push({ line: "LIVE", idempotencyKey: null }));
      return;
    }
    const text = await response.text();
    if (toLose.count > 0 && path.startsWith(toLose.path)) {
      toLose.count -= 1;
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(text);
  });
  const finished = async () => {
    while (background.size > 0) await Promise.all(background);
  };
  await start();
  return {
    ...backbone,
    url: url(),
    requests,
    start,
    stop,
    loseReplies(path, count) {
      toLose.path = path;
      toLose.count = count;
    },
    async post(path, body) {
      const headers = { authorization: `Bearer ${testApiKey}`, "content-type": "application/json" };
      const response = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`POST ${path} answered ${response.status} ${text}`);
      return JSON.parse(text);
    },
    background: finished,
    async settle() {
      await finished();
      const invocation = backbone.open();
      const deadlineMs = Date.now() + 10_000;
      await relayAll(invocation, deadlineMs, () => undefined);
      await drainAll(invocation, deadlineMs, null);
    },
    async cleanup() {
      await stop();
      await finished();
      await backbone.cleanup();
    },
  };
}

/** As the app takes it. Its signal is aborted when the caller is gone. */
async function requestOf(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  return new Request(`http://station${incoming.url ?? "/"}`, {
    method: incoming.method ?? "GET",
    headers: new Headers(incoming.headers as Record<string, string>),
    body: chunks.length === 0 ? null : Buffer.concat(chunks),
    signal: gone.signal,
  });
}

/** An answer without end, as fast as it is read. @param note called for each part */
async function passOn(response: Response, outgoing: ServerResponse, note: () => void): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) {
    note();
    if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once("drain", resolve));
  }
  outgoing.end();
}

/** A server that comes back on the port that it had. What fails drops the connection. */
function serveOnPort(answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>) {
  let server: Server | null = null;
  let port = 0;
  return {
    url: () => `http://127.0.0.1:${port}`,
    async start() {
      const created = createServer((incoming, outgoing) => {
        answer(incoming, outgoing).catch(() => incoming.socket.destroy());
      });
      await new Promise<void>((resolve) => created.listen(port, "127.0.0.1", resolve));
      port = (created.address() as AddressInfo).port;
      server = created;
    },
    async stop() {
      const running = server;
      server = null;
      if (running === null) return;
      running.closeAllConnections();
      await new Promise((resolve) => running.close(resolve));
    },
  };
}

export interface Ran {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `charter` that runs; its output so far. */
export interface Running {
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
}

export interface RunOptions {
  /** Replaces the environment that names server and key. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the program; standard input is closed, so it is no terminal. */
export function startCharter(url: string, args: readonly string[], { env }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [charterProgram, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      ...compiledCode,
      CHARTER_URL: url,
      ...(env ?? { CHARTER_KEY: testApiKey }),
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { stdout: () => stdout, stderr: () => stderr, ended, kill: (signal) => child.kill(signal) };
}

export function charter(url: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return startCharter(url, args, options).ended;
}

/** Runs with `--json`; what it printed is one JSON document and nothing else. */
export async function charterJson(
  url: string,
  args: readonly string[],
): Promise<ReturnType<typeof JSON.parse>> {
  const ran = await charter(url, [...args, "--json"]);
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout);
}
