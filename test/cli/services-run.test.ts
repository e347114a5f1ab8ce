import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, inject, test } from "vitest";
import { charterProgram } from "./charter-program.ts";

/** What `charter services --run` ends with; the servers are those of the tests. */
async function endOf(...program: readonly string[]): Promise<unknown> {
  const { neonUrl, upstash } = inject("services");
  const child = spawn(process.execPath, [charterProgram, "services", "--run", ...program], {
    stdio: "ignore",
    env: {
      ...process.env,
      NEON_DATABASE_URL: neonUrl,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
    },
  });
  return (await once(child, "exit"))[0];
}

test.each([
  ["0", 0],
  ["process.exit(3)", 3],
  ["process.kill(process.pid, 'SIGTERM')", 143],
])("a program beside services that does %s: they end with its exit code", async (does, code) => {
  expect(await endOf(process.execPath, "-e", does)).toBe(code);
});

test("a program that is not there is no program that ended well", async () => {
  expect(await endOf("no-such-program")).toBe(2);
});
