import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Readiness, startChild, waitUntilReady } from "./child-process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "brain-child-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Waits for a server that says these one after the other, the last one for ever; none of them counts for longer than 1 ms. */
async function waitFor(...answers: readonly [...Readiness[], Readiness]) {
  const logFile = join(folder, "server.log");
  const child = await startChild({ command: "sleep", args: ["600"], logFile, stopSignal: "SIGTERM" });
  let asked = 0;
  const isReady = async () => answers[Math.min(asked++, answers.length - 1)] ?? false;
  try {
    await waitUntilReady("The server", child, logFile, isReady, 1);
    return { asked, hasExited: child.hasExited() };
  } finally {
    await child.stop();
  }
}

test("a server that says that it is loading has its time", async () => {
  expect(await waitFor("loading", "loading", "loading", true)).toEqual({ asked: 4, hasExited: false });
});

test("control: one that says nothing has not", async () => {
  await expect(waitFor(false)).rejects.toThrow("The server was not ready after 1 ms.");
});

test("nor has one that says nothing behind its loading", async () => {
  await expect(waitFor("loading", false)).rejects.toThrow("The server was not ready after 1 ms.");
});
