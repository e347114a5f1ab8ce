import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { getPriority } from "node:os";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { commandLineOf } from "../../workers/local/processes/child-process.ts";
import { readCompatibility } from "../../workers/local/workerd/bundle.ts";
import { type RunningWorkers, runWorkers } from "../../workers/local/workerd/run-workers.ts";
import { waitFor } from "../wait-for.ts";

/*
 * What stands between the network and the API worker on this machine, and what keeps it there. The workers here are small
 * ones, so that what they see and throw is known.
 */

const api = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/throw") throw new Error("planted-secret-4711");
    if (pathname === "/consumer") return env.CONSUMER.fetch("https://consumer/wake");
    if (pathname === "/stream") {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      const first = writer.write(new TextEncoder().encode("data: 1\\n\\n"));
      request.signal.addEventListener("abort", () => writer.abort().catch(() => undefined));
      first.catch(() => undefined);
      return new Response(readable, { headers: { "content-type": "text/event-stream" } });
    }
    const body = await request.text();
    return Response.json({ worker: "api", path: pathname, method: request.method, body, cf: request.cf ?? null,
      headers: Object.fromEntries(request.headers) });
  },
}`;
const consumer = `export default {
  fetch: () => Response.json({ worker: "consumer" }),
  scheduled: () => console.log("a tick"),
}`;

let workers: RunningWorkers;
const logs: string[] = [];
async function startSmallWorkers(): Promise<RunningWorkers> {
  return runWorkers({
    bundles: { api, consumer },
    compatibility: await readCompatibility(),
    bindings: {},
    port: 0,
    onLog: (_level, message) => {
      logs.push(message);
    },
  });
}

describe("from outside", () => {
  beforeAll(async () => {
    workers = await startSmallWorkers();
  });
  afterAll(() => workers?.dispose());

  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${workers.url}${path}`, init);
    return { status: answer.status, text: await answer.text() };
  };

  test.each([
    ["MF-Route-Override", "brain-consumer"],
    ["mf-route-override", "brain-api"],
    ["MF-Original-URL", "http://elsewhere.example/other"],
    ["MF-CF-Blob", '{"clientIp":"8.8.8.8"}'],
    ["MF-Proxy-Shared-Secret", "guess"],
    ["MF-Disable-Pretty-Error", "true"],
    ["MF-Op", "GET"],
    ["X-Mf-Additional-Response-Log", "forged line"],
  ])("the header %s: %s steers nothing and does not come through", async (name, value) => {
    const { status, text } = await ask("/some/path", { headers: { [name]: value, "x-own": "kept" } });
    expect(status).toBe(200);
    const seen = JSON.parse(text);
    expect(seen).toMatchObject({ worker: "api", path: "/some/path", headers: { "x-own": "kept" } });
    expect(Object.keys(seen.headers).filter((header) => header.includes("mf-"))).toEqual([]);
    expect(JSON.stringify(seen.cf)).not.toContain("8.8.8.8");
  });

  test("a header that the runtime cannot read is refused, and shows no stack", async () => {
    const { status, text } = await ask("/some/path", { headers: { "MF-CF-Blob": "{nonsense" } });
    expect({ status, code: JSON.parse(text).error.code }).toEqual({ status: 400, code: "bad_request" });
    expect(text).not.toMatch(/\bat |\.js/);
  });

  test("paths of the runtime lead to the API like any other, and the consumer is reached through it only", async () => {
    for (const path of ["/cdn-cgi/mf/scheduled", "/cdn-cgi/handler/scheduled", "/cdn-cgi/platform-proxy"]) {
      expect(JSON.parse((await ask(path)).text)).toMatchObject({ worker: "api", path });
    }
    expect(JSON.parse((await ask("/consumer")).text)).toEqual({ worker: "consumer" });
  });

  test("the client's address is not what the client says", async () => {
    const headers = { "CF-Connecting-IP": "8.8.8.8" };
    expect(JSON.parse((await ask("/", { headers })).text).headers["cf-connecting-ip"]).toBe("127.0.0.1");
  });

  test("what the worker throws stays in the log", async () => {
    for (const headers of [{}, { "MF-Disable-Pretty-Error": "true" }, { Accept: "text/html" }]) {
      const { status, text } = await ask("/throw", { headers });
      expect(status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ error: { code: "internal_error" } });
      expect(text).not.toMatch(/planted-secret|\.js:|\bat /);
    }
    await waitFor(
      "the log has it",
      () => logs.join("\n"),
      (text) => text.includes("planted-secret-4711"),
    );
  });

  test("the consumer answers the API, and nobody else who finds its port", async () => {
    expect(await ask("/consumer")).toEqual({ status: 200, text: '{"worker":"consumer"}' });
    for (const headers of [{}, { "brain-link": "" }, { "brain-link": "guess" }, { host: "consumer" }]) {
      const answer = await fetch(`${workers.consumerUrl}/wake`, { method: "POST", body: "null", headers });
      expect(answer.status).toBe(403);
      expect(await answer.text()).toBe("This worker is reached by the API worker alone.\n");
    }
  });

  test("bodies go through whole, and answers as they come", async () => {
    const body = "ä".repeat(500_000);
    expect(JSON.parse((await ask("/", { method: "POST", body })).text).body).toBe(body);
    const chunk = await new Promise<string>((resolve, reject) => {
      const live = request(`${workers.url}/stream`, (answer) => {
        answer.once("data", (data: Buffer) => {
          resolve(data.toString());
          live.destroy();
        });
      });
      live.on("error", reject);
      live.end();
    });
    expect(chunk).toBe("data: 1\n\n");
  });
});

async function ownWorkerd(): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const ids = children.trim().split(" ").filter(Boolean).map(Number);
  const lines = await Promise.all(ids.map(commandLineOf));
  return ids.filter((_, index) => lines[index]?.includes("workerd"));
}

describe("workerd", () => {
  afterEach(() => workers?.dispose());

  test("of the consumer stands back behind that of the API where the processor is short", async () => {
    workers = await startSmallWorkers();
    const own = getPriority();
    const expected = [own, Math.min(19, own + 5)].toSorted().join();
    const found = async () => (await ownWorkerd()).map((pid) => getPriority(pid)).toSorted();
    expect((await found()).join()).toBe(expected);
    await workers.crash();
    await waitFor("the new ones", found, (priorities) => priorities.join() === expected);
  });

  test("of the consumer that comes back, killed or with other code, catches up by a tick of its own", async () => {
    workers = await startSmallWorkers();
    const ticks = () => logs.filter((line) => line.includes("a tick")).length;
    logs.length = 0;
    await workers.crash();
    await waitFor("a tick behind the crash", ticks, (count) => count > 0);
    logs.length = 0;
    await workers.reload({ api, consumer: `${consumer} // other code` });
    await waitFor("a tick behind the reload", ticks, (count) => count > 0);
  });

  test("that is killed while it starts, so that its runtime gives it up, is started anew on the same port", async () => {
    logs.length = 0;
    workers = await startSmallWorkers();
    const { url } = workers;
    let killing = true;
    const killer = (async () => {
      while (killing) for (const pid of await ownWorkerd()) process.kill(pid, "SIGKILL");
    })();
    await waitFor(
      "a start that failed",
      () => logs.join("\n"),
      (text) =>
        text.includes("workerd of brain-api is gone") &&
        text.includes("workerd of brain-api cannot be started"),
      { timeoutMs: 120_000 },
    );
    killing = false;
    await killer;
    await waitFor(
      "an answer",
      async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status,
      (status) => status === 200,
      { timeoutMs: 120_000, everyMs: 100 },
    );
    // It answers a moment before its program says so.
    await waitFor(
      "the word that it is back",
      () => logs.join("\n"),
      (text) => text.includes("workerd of brain-api is back"),
    );
    await waitFor(
      "a tick of the consumer, which was killed, too",
      () =>
        workers.tick().then(
          () => "done",
          (error: unknown) => String(error),
        ),
      (outcome) => outcome === "done",
      { timeoutMs: 120_000, everyMs: 100 },
    );
  }, 400_000);
});
