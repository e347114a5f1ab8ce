import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { onKeptPort } from "./kept-ports.ts";
import { listenOnLoopback } from "./ports.ts";

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(asked: number): Promise<Listening> {
  const server: Server = createServer();
  const port = await listenOnLoopback(server, asked);
  const close = () => new Promise<void>((closed) => server.close(() => closed()));
  onTestFinished(close);
  return { port, close };
}

/** A data directory, and starts on it: what each listens on, and what is said. */
async function openPlace() {
  const dataDir = await mkdtemp(join(tmpdir(), "brain-ports-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const said: string[] = [];
  const start = (wanted: number | null = null) =>
    onKeptPort(
      { dataDir, name: "neon-port", wanted, onProgress: (line) => said.push(line) },
      listen,
      ({ port }) => port,
    );
  return { dataDir, said, start };
}

test("a second start takes the port of the first again", async () => {
  const { said, start } = await openPlace();
  const first = await start();
  await first.close();
  const second = await start();
  expect(second.port).toBe(first.port);
  expect(said).toEqual([]);
});

test("a port that is taken is replaced, which is said, and the new one is remembered", async () => {
  const { said, start } = await openPlace();
  const first = await start();
  const second = await start();
  expect(second.port).not.toBe(first.port);
  expect(said).toEqual([
    `! port ${first.port}, which the Neon-compatible gateway had, is taken by another program; it has ${second.port} now. What names the old one, as .dev.vars, needs the new one.`,
  ]);
  await first.close();
  await second.close();
  expect((await start()).port).toBe(second.port);
});

test("a port that is wanted is taken and remembered, or refused", async () => {
  const { said, start } = await openPlace();
  const other = await listen(0);
  await expect(start(other.port)).rejects.toThrow(
    `port ${other.port} for the Neon-compatible gateway is taken`,
  );
  await other.close();
  const wanted = await start(other.port);
  expect(wanted.port).toBe(other.port);
  await wanted.close();
  expect((await start()).port).toBe(other.port);
  expect(said).toEqual([]);
});

test.each(["", "x", "0", "70000", "12\n34"])("what is no port (%j) is none", async (text) => {
  const { dataDir, said, start } = await openPlace();
  await writeFile(join(dataDir, "neon-port"), text);
  expect((await start()).port).toBeGreaterThan(0);
  expect(said).toEqual([]);
});
