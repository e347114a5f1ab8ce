import { defineConsumer, on, PermanentError, RetryAfter } from "@brain/engine";
import { agentHeartbeat, systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../wait-for.ts";
import { charter, charterJson, openStation, type Ran, type Station } from "./server.ts";

/** What the handlers refuse for now. */
const refused = { reports: false, agents: new Set<string>() };
/** Times that a report or beat was applied. */
const applied = new Map<string, number>();
const apply = (what: string) => applied.set(what, (applied.get(what) ?? 0) + 1);

const keeper = defineConsumer({
  subscriber: "keeper",
  handlers: [
    on(systemHealth, async ({ payload }) => {
      if (refused.reports || payload.status === "broken") {
        throw new PermanentError(`The report of ${payload.component} is refused.`);
      }
      apply(payload.component);
    }),
    on(agentHeartbeat, async ({ payload }) => {
      if (refused.agents.has(payload.agent_id)) throw new RetryAfter(600_000, "The agent does not answer.");
      apply(`${payload.agent_id}:${payload.tasks_completed}`);
    }),
  ],
});

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [keeper] });
});
afterAll(() => station?.cleanup());
beforeEach(() => {
  refused.reports = false;
  refused.agents.clear();
});

const run = (...args: string[]) => charter(station.url, args);

const json = (...args: string[]) => charterJson(station.url, args);

function succeeded(ran: Ran): string {
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

const report = (component: string, status = "ok") => ({
  type: "system.health",
  payload: { component, status },
});
const beat = (agent_id: string, tasks_completed: number) => ({
  type: "agent.heartbeat",
  payload: { agent_id, tasks_completed, tasks_failed: 0 },
});

async function publish(...events: unknown[]): Promise<void> {
  await station.post("/api/events/batch", events);
  await station.settle();
}

/** Dead letters of reports with these names; their ids. */
async function bury(...components: string[]): Promise<string[]> {
  refused.reports = true;
  await publish(...components.map((component) => report(component)));
  refused.reports = false;
  const rows = await station.sql<{ id: string }>(
    "SELECT id::text FROM dead_letters WHERE status = 'open' ORDER BY dead_letters.id DESC LIMIT $1",
    [components.length],
  );
  expect(rows).toHaveLength(components.length);
  return rows.map(({ id }) => id).reverse();
}

const lastAction = async () =>
  (await station.sql("SELECT action, actor_id, reason FROM operator_actions ORDER BY id DESC LIMIT 1"))[0];

describe("consumers", () => {
  test("are listed with their state, and one is shown with its settings", async () => {
    await publish(report("first"));
    const listed = succeeded(await run("consumers"));
    expect(listed).toMatch(/^SUBSCRIBER +SHARD +LAG/);
    expect(listed).toMatch(/^keeper +0 +0 .* ok$/m);
    const shown = succeeded(await run("consumers", "show", "keeper"));
    expect(shown).toContain("system.health, agent.heartbeat");
    expect(shown).toMatch(/max attempts +5/);
    expect((await json("consumers", "ls")).consumers).toMatchObject([{ subscriber: "keeper", lag: 0 }]);
  });

  test("are paused and resumed", async () => {
    const reason = "the mailer is down";
    const paused = succeeded(
      await run("consumers", "pause", "keeper", "--reason", reason, "--for", "2h", "--actor", "ops-1"),
    );
    expect(paused).toContain("keeper is paused.");
    expect(paused).toContain(reason);
    expect(await lastAction()).toEqual({ action: "consumer.paused", actor_id: "ops-1", reason });
    const { paused: pauses } = await json("consumers", "show", "keeper");
    expect(Date.parse(pauses[0].expires_at) - Date.now()).toBeGreaterThan(7_000_000);
    expect(succeeded(await run("consumers"))).toMatch(/^keeper .* paused$/m);
    expect(succeeded(await run("consumers", "resume", "keeper"))).toContain("keeper goes on.");
    expect(succeeded(await run("consumers", "resume", "keeper"))).toContain("was not paused like that");
  });

  test("are drained by hand", async () => {
    await station.post("/api/events", report("by hand"));
    await station.relay();
    const drained = await json("consumers", "drain", "keeper");
    expect(drained.shards[0]).toHaveProperty("applied");
    await station.settle();
    expect(applied.get("by hand")).toBe(1);
    expect(succeeded(await run("consumers", "drain", "keeper"))).toMatch(/^SHARD +READ +APPLIED/);
  });

  test("show blocked keys, which are skipped only when somebody means it", async () => {
    refused.agents.add("stuck");
    await publish(beat("stuck", 1), beat("stuck", 2));
    const blocked = succeeded(await run("consumers", "blocked", "keeper"));
    expect(blocked).toMatch(/^stuck +1 +agent\.heartbeat/m);
    expect(blocked).toContain("The agent does not answer.");
    for (const look of [["ls"], ["show", "keeper"]])
      expect((await run("consumers", ...look)).stderr).toContain("charter consumers blocked keeper");
    refused.agents.clear();
    const skipped = await run("consumers", "skip", "keeper", "stuck", "--reason", "gone for good", "--yes");
    expect(succeeded(skipped)).toContain('the key "stuck" goes on');
    await waitFor(
      "the second beat",
      () => applied.get("stuck:2"),
      (times) => times === 1,
    );
    expect(applied.get("stuck:1")).toBeUndefined();
    expect(succeeded(await run("consumers", "blocked", "keeper"))).toBe("No key is blocked.\n");
    const nobody = await run("consumers", "unblock", "keeper", "stuck", "--reason", "too late");
    expect(nobody).toMatchObject({ code: 1, stdout: "" });
    await run("dlq", "discard", "--event-key", "stuck", "--reason", "gone for good", "--yes");
  });
});

describe("dead letters", () => {
  test("are listed, grouped and shown", async () => {
    const [id = ""] = await bury("shown");
    const listed = succeeded(await run("dlq", "ls"));
    expect(listed).toMatch(new RegExp(`^${id} +keeper +system\\.health +permanent_error`, "m"));
    const groups = await json("dlq", "ls", "--groups");
    expect(groups.groups).toMatchObject([{ subscriber: "keeper", error_class: "PermanentError" }]);
    const shown = succeeded(await run("dlq", "show", id));
    expect(shown).toContain("The report of shown is refused.");
    expect(shown).toMatch(/^correlation id +\S+/m);
    expect(shown).toContain("as it stood on the stream");
    expect(shown).toMatch(
      /where it failed\nPermanentError: The report of shown is refused\.\n {4}at .*test\/cli\/operate\.long\.test\.ts:\d+/,
    );
    const missing = await run("dlq", "show", id, "--source-map", "no-such-file.map");
    expect(missing.stderr).toContain("no-such-file.map cannot be read (ENOENT)");
    expect(succeeded(await run("dlq", "ls", "--status", "resolved"))).toBe(
      "No dead letters with --status resolved.\n",
    );
    await run("dlq", "discard", id, "--reason", "seen enough", "--yes");
  });

  test("that a redrive has taken are told where no open ones are left", async () => {
    const ids = await bury("taken", "as well");
    const setStatus = (status: string) =>
      station.sql("UPDATE dead_letters SET status = $1 WHERE id::text = ANY($2)", [status, ids]);
    await setStatus("requeued");
    try {
      for (const more of [[], ["--groups"]]) {
        expect(succeeded(await run("dlq", "ls", ...more))).toBe(
          "No open dead letters; 2 are being redriven (--status requeued).\n",
        );
      }
      const nobody = await run("dlq", "ls", "--subscriber", "nobody");
      expect(succeeded(nobody)).toBe("No open dead letters.\n");
      expect(nobody.stderr).toContain('There is no consumer "nobody". There are: keeper');
    } finally {
      await setStatus("open");
    }
    await run("dlq", "discard", ...ids, "--reason", "seen enough", "--yes");
  });

  test("are counted before they are redriven, and a watched redrive ends with what it did", async () => {
    const ids = await bury("one", "two", "three");
    const filter = ["--subscriber", "keeper", "--type", "system.health"];
    expect(succeeded(await run("dlq", "redrive", ...filter, "--dry-run"))).toMatch(/would be redriven +3/);
    const watched = await run("dlq", "redrive", ...filter, "--watch", "--reason", "works again");
    expect(succeeded(watched)).toMatch(/status +completed/);
    expect(watched.stdout).toContain("3/3 (3 succeeded, 0 failed, 0 skipped)");
    expect(watched.stderr).toContain("completed");
    expect([applied.get("one"), applied.get("two"), applied.get("three")]).toEqual([1, 1, 1]);
    const rows = await station.sql("SELECT status FROM dead_letters WHERE id::text = ANY($1)", [ids]);
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set(["resolved"]));
    const { redrives } = await json("dlq", "redrives");
    expect(redrives[0]).toMatchObject({ status: "completed", succeeded: 3 });
    expect(succeeded(await run("dlq", "status", redrives[0].id))).toContain("works again");
  });

  test("that fail again make a watched redrive fail", async () => {
    const [id = ""] = await bury("again");
    refused.reports = true;
    const { code, stdout, stderr } = await run("dlq", "redrive", id, "--watch", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ failed: 1, succeeded: 0 });
    expect(stderr).toContain("1 failed");
    await run("dlq", "discard", id, "--reason", "hopeless case", "--yes");
  });

  test("are redriven with another payload", async () => {
    await publish(report("bent", "broken"));
    const [{ id }] = (await json("dlq", "ls")).dead_letters;
    const wrong = await run("dlq", "redrive", id, "--payload", '{"component":"straight"}');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("status");
    const payload = JSON.stringify({ component: "straight", status: "ok" });
    for (const others of [["--dry-run"], ["--rate", "1"], ["--no-ramp"]]) {
      const refusal = await run("dlq", "redrive", id, "--payload", payload, ...others);
      expect(refusal).toMatchObject({ code: 2, stderr: expect.stringContaining("Nothing was done") });
    }
    expect(applied.get("straight")).toBeUndefined();
    const stillWrong = JSON.stringify({ component: "bent", status: "broken" });
    expect(await run("dlq", "redrive", id, "--payload", stillWrong, "--watch")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/failed again, and is open: .*bent is refused/),
    });
    const watched = succeeded(await run("dlq", "redrive", id, "--payload", payload, "--watch"));
    expect(watched).toMatch(/redriven as event .*\.\nIt is resolved: \w+\.\n$/);
    expect(applied.get("straight")).toBe(1);
  });

  test("are tried out first, as they are and with another payload, and stay open", async () => {
    const [id = ""] = await bury("crooked");
    refused.reports = true;
    const broken = succeeded(await run("dlq", "try", id));
    expect(broken).toContain("system.health with keeper: would become a dead letter");
    expect(broken).toContain("Nothing of it was kept.");
    expect(broken).toContain("test/cli/operate.long.test.ts");
    const payload = JSON.stringify({ component: "upright", status: "ok" });
    refused.reports = false;
    expect(succeeded(await run("dlq", "try", id, "--payload", payload))).toContain("would be applied");
    const { event_id, not_tried } = await json("dlq", "show", id);
    expect(not_tried).toBeNull();
    expect(succeeded(await run("try", event_id))).toMatch(/^keeper +each +-$/m);
    expect(await json("try", event_id, "--consumer", "keeper")).toMatchObject({ read_from: "record" });
    expect((await run("try", event_id, "--consumer", "nobody")).code).toBe(1);
    expect((await json("dlq", "ls")).dead_letters).toMatchObject([{ id, status: "open" }]);
    const once = succeeded(await run("dlq", "discard", id, "--reason", "seen enough", "--yes"));
    expect(once).toBe("1 dead letter discarded.\n");
    expect((await run("dlq", "show", id)).stdout).toMatch(/ dead_letters\.discarded .* seen enough$/m);
  });

  test("are discarded with a reason, and the audit has it", async () => {
    const ids = await bury("gone", "too");
    const args = ["dlq", "discard", ...ids, "--reason", "test data", "--actor", "ops-2"];
    expect(succeeded(await run(...args, "--dry-run"))).toBe("2 dead letters would be discarded.\n");
    expect(succeeded(await run(...args, "--yes"))).toBe("2 dead letters discarded.\n");
    const audit = succeeded(await run("actions", "--action", "dead_letters.discarded", "--limit", "1"));
    expect(audit).toMatch(/dead_letters\.discarded +ops-2 .* test data$/m);
    const { operator_actions } = await json("actions", "--limit", "1");
    expect(operator_actions).toMatchObject([{ actor_id: "ops-2", affected: 2 }]);
  });
});

describe("replays", () => {
  test("are counted, forced only with a reason, and apply everything once more", async () => {
    expect(succeeded(await run("replay", "ls"))).toBe("No replays.\n");
    expect(succeeded(await run("actions", "--request", "of-nobody"))).toBe("No actions.\n");
    await publish(report("replayed"));
    const before = applied.get("replayed");
    const counted = succeeded(
      await run("replay", "start", "keeper", "--types", "system.health", "--dry-run"),
    );
    expect(counted).toMatch(/^events +\d+/m);
    expect(counted).toMatch(/^to be applied +0$/m);
    const [{ id } = { id: "" }] = await station.sql<{ id: string }>(
      "SELECT id::text FROM events ORDER BY position LIMIT 1",
    );
    const one = ["replay", "start", "keeper", "--event", id, "--mode", "force", "--dry-run"];
    expect(await json(...one)).toMatchObject({ count: 1 });
    expect(succeeded(await run(...one))).toMatch(/^to be applied +1$/m);
    const start = ["replay", "start", "keeper", "--name", "once-more", "--types", "system.health"];
    const from = ["--from", new Date(Date.now() - 3_600_000).toISOString()];
    const forced = ["--mode", "force", "--reason", "the table was lost", "--yes", "--watch"];
    expect(await run("replay", "start", "keeper")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no name of the replay; .* Give e\.g\. --name mended-\d{4}-\d\d-\d\d/),
    });
    const watched = await run(...start, ...from, ...forced);
    expect(watched.stdout, watched.stderr).toContain("once-more");
    expect(applied.get("replayed")).toBe((before ?? 0) + 1);
    expect((await json("replay", "ls")).replays[0]).toMatchObject({ name: "once-more", mode: "force" });
    const taken = await run(...start, ...from);
    expect(taken).toMatchObject({ code: 1, stdout: "" });
    expect(taken.stderr).toContain("once-more");
  });

  test("of what is missing bring nothing twice", async () => {
    await publish(report("only once"));
    const args = ["replay", "start", "keeper", "--name", "missing", "--watch"];
    const job = JSON.parse((await run(...args, "--json")).stdout);
    expect(job).toMatchObject({ kind: "replay", mode: "only_missing", status: "completed" });
    expect(applied.get("only once")).toBe(1);
    const ended = await run("replay", "cancel", job.id, "--yes");
    expect(ended.code).toBe(1);
  });
});
