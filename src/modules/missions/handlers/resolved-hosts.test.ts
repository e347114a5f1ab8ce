import { isPrivateAddress, PermanentError, TransientError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import { requirePublic } from "../../outgoing.ts";
import type { MissionContext, MissionWork } from "../../ports/mission-handler.ts";
import { httpCallHandler } from "./http-call.ts";

const mission: MissionWork = {
  id: "00000000-0000-4000-8000-000000000000",
  type: "http_call",
  payload: { url: "http://rebound.example:9/secret" },
  attempt: 1,
  tenant_id: null,
  correlation_id: "c",
};
const context = {
  signal: new AbortController().signal,
  idempotencyKey: () => "k",
} as unknown as MissionContext;
const call = (resolve: () => Promise<readonly string[]>) =>
  httpCallHandler([], resolve).execute(mission, context);

describe("a name is judged by all of its addresses", () => {
  test.each([
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fe80::1%eth0"],
    ["fd00::1"],
    ["nonsense"],
  ])("%s is refused, alone and beside a public one", async (address) => {
    expect(isPrivateAddress(address)).toBe(true);
    await expect(call(async () => [address])).rejects.toThrow(PermanentError);
    await expect(call(async () => ["93.184.216.34", address])).rejects.toThrow(PermanentError);
  });

  test("no address is refused, and one that cannot be resolved is tried again", async () => {
    await expect(call(async () => [])).rejects.toThrow(PermanentError);
    await expect(call(async () => Promise.reject(new Error("SERVFAIL")))).rejects.toThrow(TransientError);
  });

  test.each(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])("%s may be called", (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});

describe("an address that was stored while its host was listed", () => {
  const ask = (url: string, allow: readonly string[]) => requirePublic(new URL(url), allow, null);

  test.each(["http://10.0.0.5:9000/", "http://redis/", "http://[::1]/", "http://2130706433/"])(
    "%s is called no more once that is taken off",
    async (url) => {
      await expect(ask(url, [new URL(url).hostname])).resolves.toBeUndefined();
      await expect(ask(url, [])).rejects.toThrow(PermanentError);
    },
  );
});
