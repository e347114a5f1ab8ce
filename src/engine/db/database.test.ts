import { afterEach, expect, test, vi } from "vitest";
import { TransientError } from "../core/errors.ts";
import { createDatabase } from "./database.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock("./session.ts");
  vi.resetModules();
});

/** Nobody listens there. */
const database = () => createDatabase("postgres://u:p@127.0.0.1:1/d");

test("a runtime without WebSocket is told as such, and its events wait", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const opened = database().open();
  await expect(opened).rejects.toThrow(TransientError);
  await expect(opened).rejects.toThrow(/no WebSocket.*Node 22 or newer/s);
});

test("control: with one, the same address is only not reached", async () => {
  await expect(database().open()).rejects.toThrow(/could not be reached/);
});

test("a part that cannot be loaded is no fault of an event, and is tried again", async () => {
  vi.resetModules();
  vi.doMock("./session.ts", () => {
    throw new SyntaxError("planted");
  });
  const { createDatabase: createAnew } = await import("./database.ts");
  const db = createAnew("postgres://u:p@127.0.0.1:1/d");
  await expect(db.open()).rejects.toMatchObject({
    name: "TransientError",
    message: "The part that opens connections to Postgres could not be loaded.",
  });
  vi.doUnmock("./session.ts");
  await expect(db.open()).rejects.toThrow(/could not be reached/);
});
