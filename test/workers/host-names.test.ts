import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHostNamesService } from "../../workers/local/workerd/host-names.ts";
import { waitFor } from "../wait-for.ts";
import { call } from "./course-flow.ts";
import { type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/* What `npm start` does with a mission whose URL looks public: it asks the system where the name leads. */

/** Names that no resolver knows outside this test: https://www.rfc-editor.org/rfc/rfc2606#section-3 */
const inward = "inward.brain.example";
const outward = "outward.brain.example";
const unknown = "unknown.brain.example";
const answers: Readonly<Record<string, readonly string[]>> = {
  [inward]: ["93.184.216.34", "127.0.0.1"],
  [outward]: ["93.184.216.34"],
};

const bySystem = createHostNamesService();
const ask = (name: string) => bySystem(new Request(`https://host-names/?name=${name}`));

describe("a mission that calls a name", () => {
  let edge: Edge;
  const asked: string[] = [];
  beforeAll(async () => {
    const lookup = async (name: string) => {
      asked.push(name);
      const known = answers[name];
      if (known === undefined) throw new Error(`nobody knows ${name}`);
      return known;
    };
    edge = await startEdge(await productBundles(), {}, { lookup });
  });
  afterAll(() => edge?.stop());

  async function triedCall(host: string) {
    const enqueued = { type: "http_call", payload: { url: `http://${host}/`, timeout_ms: 20_000 } };
    const accepted = await call(edge, "POST", "/api/missions/enqueue", enqueued);
    expect(accepted.status, accepted.text).toBe(202);
    const mission = await waitFor(
      "the call was tried",
      async () => (await call(edge, "GET", `/api/missions/${accepted.body.mission_id}`)).body,
      ({ error }) => error !== null,
    );
    return mission;
  }

  test("is refused for good when one of its addresses is private", async () => {
    const mission = await triedCall(inward);
    expect(mission).toMatchObject({ status: "failed", attempt: 1, error_type: "PermanentError" });
    expect(mission.error).toContain("leads to a private network");
    expect(asked).toContain(inward);
  });

  test("control: is called when its addresses are public", async () => {
    const mission = await triedCall(outward);
    // No resolver has the name, so that workerd, which resolves for itself, reaches nobody.
    expect(mission).toMatchObject({ error_type: "TransientError" });
    expect(mission.error).toContain(`${outward} could not be reached`);
  });

  test("is tried again when nobody can say where it leads", async () => {
    const mission = await triedCall(unknown);
    expect(mission).toMatchObject({ error_type: "TransientError" });
    expect(mission.error).toContain(`${unknown} could not be resolved`);
  });
});

describe("the system's answers for the workers", () => {
  test("are all addresses of a name, those of /etc/hosts too", async () => {
    const addresses = (await (await ask("localhost")).json()) as string[];
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(["127.0.0.1", "::1"]).toContain(address);
  });

  test("say that a name has none", async () => {
    expect((await ask("unknown.invalid")).status).toBe(502);
    expect((await ask("")).status).toBe(400);
  });
});
