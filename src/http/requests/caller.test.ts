import { describe, expect, test } from "vitest";
import { callerOf, networkOf } from "./caller.ts";

describe("the network of a caller", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:1:2::9", "2001:db8:1:2"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["[2001:db8::1]", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
  ])("of %s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test("is not readable in the name of a limit", async () => {
    const name = await callerOf("203.0.113.7");
    expect(name).toMatch(/^[0-9a-f]{24}$/);
    expect(await callerOf("203.0.113.8")).not.toBe(name);
    expect(await callerOf("2001:db8::1")).toBe(await callerOf("2001:db8::2"));
  });
});
