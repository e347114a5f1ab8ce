import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../../tools/root.ts";

/* The wall that the page of missions names: it holds by the address that is called, whatever the name led to before. */

/** What Deno says of a call of this machine by its name. */
async function answerWith(...flags: readonly string[]): Promise<string> {
  const server = createServer((_request, response) => response.end("inside"));
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const program = `console.log(await fetch("http://localhost:${port}/").then((r) => r.text(), () => "refused"))`;
  const source = `data:application/javascript,${encodeURIComponent(program)}`;
  return new Promise((resolve, reject) => {
    const args = ["run", "--no-prompt", "--no-config", "--allow-net", ...flags, source];
    execFile(`${root}node_modules/.bin/deno`, args, (error, out) => {
      if (error === null) resolve(out.trim());
      else reject(error);
    });
  });
}

test("a name that leads behind the wall is not called; without the wall it is", async () => {
  const ranges = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,[::1]";
  expect(await answerWith(`--deny-net=${ranges}`)).toBe("refused");
  expect(await answerWith()).toBe("inside");
});
