import { expect, test } from "vitest";
import { commandsInScripts } from "./script-calls.ts";

const line = (from: string, ...words: string[]) =>
  `1700000000.000001 [0 ${from}] ${words.map((word) => `"${word}"`).join(" ")}`;

test("what scripts of one prefix call is counted, and nothing of others beside it", () => {
  const lines = [
    line("127.0.0.1:1", "XADD", "t:ours:stream", "*"),
    line("127.0.0.1:1", "eval", "return redis.call('XADD', KEYS[1])", "1", "t:ours:stream"),
    line("lua", "TIME"),
    line("lua", "XADD", "t:ours:stream", "*"),
    line("127.0.0.1:2", "EVALSHA", "abc", "1", "t:other:stream"),
    line("lua", "XADD", "t:other:stream", "*"),
    line("127.0.0.1:1", "EVALSHA", "abc", "1", "t:ours:stream"),
    line("lua", "GET", "t:ours:stream"),
    line("127.0.0.1:1", "GET", "t:ours:stream"),
  ];
  expect(commandsInScripts(lines, "t:ours")).toBe(3);
  expect(commandsInScripts(lines, "t:other")).toBe(1);
});
