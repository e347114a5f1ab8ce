import { beginDispatch, defineConsumer, on, PermanentError, TransientError } from "@brain/engine";
import {
  compareMessageIds,
  irApprovalConsumed,
  irApprovalCreated,
  isUuidV4,
  type MessageId,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runScheduledJobs } from "../../../src/engine/dispatch/scheduled-jobs.ts";
import { irGovernance } from "../../../src/modules/ir_governance/index.ts";
import { irGovernanceJobs } from "../../../src/modules/ir_governance/jobs.ts";
import { irGovernanceRoutes } from "../../../src/modules/ir_governance/routes.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { createSurface, type Surface } from "../../http/surface.ts";
import {
  approve,
  base,
  consume,
  harmless,
  harmlessStep,
  letExpire,
  planOf,
  recorded,
  risky,
  validate,
} from "./fixtures.ts";

describe("publishing", () => {
  let engine: TestEngine;
  beforeEach(async () => {
    engine = await createTestEngine();
  });
  afterEach(() => engine?.cleanup());

  test("each event of a plan's life is a row in the record and an entry on the stream, in order", async () => {
    const headers = { "x-correlation-id": "story-1", "x-actor-id": "user-9" };
    const validated = await engine.request("POST", `${base}/validate`, risky, headers);
    const { ir_hash, steps } = validated.body;
    await validate(engine, harmless);
    await validate(engine, planOf({ ...harmlessStep, action: "no" }));
    const first = await approve(engine, ir_hash);
    await engine.request("POST", `${base}/approvals/${first.approval_id}/acknowledge`, {
      acknowledged_by: "user-2",
    });
    await consume(engine, { token: first.token, ir_hash });
    await consume(engine, { token: first.token, ir_hash });
    const second = await approve(engine, ir_hash);
    await letExpire(engine, second.approval_id);
    await consume(engine, { token: second.token, ir_hash });
    await engine.request("POST", `${base}/dag-diff`, { ir: risky, dag_nodes: steps });
    await engine.request("POST", `${base}/dag-diff`, { ir: risky, dag_nodes: [] });

    const rows = await recorded(engine);
    expect(rows.map(({ type, severity }) => [type, severity])).toEqual([
      ["ir.validated_escalate", "WARNING"],
      ["ir.validated_pass", "INFO"],
      ["ir.validated_reject", "ERROR"],
      ["ir.approval_created", "INFO"],
      ["ir.approval.acknowledged", "INFO"],
      ["ir.approval_consumed", "INFO"],
      ["ir.approval_invalid", "WARNING"],
      ["ir.approval_created", "INFO"],
      ["ir.approval_expired", "WARNING"],
      ["ir.dag_diff_ok", "INFO"],
      ["ir.dag_diff_failed", "CRITICAL"],
    ]);
    for (const row of rows) {
      expect(isUuidV4(row.id)).toBe(true);
      expect(row).toMatchObject({
        source: "ir_governance",
        tenant_id: "tenant_a",
        meta: { schema_version: 1, producer: "ir_governance", source_module: "ir_governance" },
        payload: { tenant_id: "tenant_a" },
      });
    }
    expect(rows[0]?.actor_id).toBe("user-9");

    await engine.relay();
    const entries = (await engine.streamEntries()).filter(({ fields }) => fields.type?.startsWith("ir."));
    expect(entries.map(({ fields }) => fields.id)).toEqual(rows.map(({ id }) => id));
    for (const [index, { fields }] of entries.entries()) {
      expect(JSON.parse(fields.payload ?? "")).toEqual(rows[index]?.payload);
      expect(JSON.parse(fields.meta ?? "")).toMatchObject({
        schema_version: 1,
        source_module: "ir_governance",
      });
    }
    const ids = entries.map(({ id }) => id as MessageId);
    expect([...ids].sort(compareMessageIds)).toEqual(ids);
  });

  test("an approval continues the story of what it approves: correlation of the plan, cause by cause", async () => {
    const story = { "x-correlation-id": "story-1" };
    const { body } = await engine.request("POST", `${base}/validate`, risky, story);
    const { token } = await approve(engine, body.ir_hash);
    await consume(engine, { token, ir_hash: body.ir_hash });
    await consume(engine, { token, ir_hash: body.ir_hash });
    await engine.request("POST", `${base}/dag-diff`, { ir: risky, dag_nodes: body.steps });
    const rows = await recorded(engine);
    expect(new Set(rows.map((row) => row.correlation_id))).toEqual(new Set(["story-1"]));
    const [validated, created, consumed, invalid, diffed] = rows;
    expect(validated?.causation_id).toBeNull();
    expect(created?.causation_id).toBe(validated?.id);
    expect(consumed?.causation_id).toBe(created?.id);
    expect(invalid?.causation_id).toBe(created?.id);
    expect(diffed?.causation_id).toBe(validated?.id);
  });

  test("an approval of a plan that nobody validated begins its own story", async () => {
    const query = `tenant_id=tenant_a&ir_hash=${"a".repeat(64)}`;
    await engine.request("POST", `${base}/approvals?${query}`, undefined, { "x-correlation-id": "story-2" });
    expect(await recorded(engine)).toMatchObject([{ correlation_id: "story-2", causation_id: null }]);
  });

  test("refusals tell who tried, and an unknown token no approval", async () => {
    const ir_hash = "a".repeat(64);
    const { token, approval_id } = await approve(engine, ir_hash);
    await consume(engine, { token: "wrong", ir_hash }, "thief");
    await consume(engine, { token, ir_hash, tenant_id: "tenant_b" }, "thief");
    await consume(engine, { token, ir_hash: "b".repeat(64) }, "thief");
    const rows = await recorded(engine, "ir.approval_invalid");
    const common = { attempted_by: "thief", attempted_at: expect.any(String) };
    expect(rows.map(({ payload }) => payload)).toEqual([
      { ...common, tenant_id: "tenant_a", ir_hash, reason: "token_not_found", approval_id: null },
      { ...common, tenant_id: "tenant_b", ir_hash, reason: "tenant_mismatch", approval_id },
      { ...common, tenant_id: "tenant_a", ir_hash: "b".repeat(64), reason: "ir_hash_mismatch", approval_id },
    ]);
    expect(rows.map(({ tenant_id }) => tenant_id)).toEqual(["tenant_a", "tenant_b", "tenant_a"]);
  });

  test("a change whose event is refused is not stored either", async () => {
    await engine.sql(`ALTER TABLE events ADD CONSTRAINT no_approvals CHECK (type <> 'ir.approval_created')`);
    const query = `tenant_id=tenant_a&ir_hash=${"a".repeat(64)}`;
    expect((await engine.request("POST", `${base}/approvals?${query}`)).status).toBeGreaterThanOrEqual(500);
    expect(await engine.sql("SELECT 1 FROM ir_governance_approvals")).toEqual([]);
  });

  test("a use whose event cannot be recorded uses nothing up", async () => {
    const ir_hash = "a".repeat(64);
    const { token } = await approve(engine, ir_hash);
    await engine.sql(`ALTER TABLE events ADD CONSTRAINT no_uses CHECK (type <> 'ir.approval_consumed')`);
    const body = { tenant_id: "tenant_a", ir_hash, token };
    expect((await engine.request("POST", `${base}/approvals/consume`, body)).status).toBeGreaterThanOrEqual(
      500,
    );
    expect(await engine.sql("SELECT status FROM ir_governance_approvals")).toEqual([{ status: "pending" }]);
    await engine.sql("ALTER TABLE events DROP CONSTRAINT no_uses");
    expect(await consume(engine, { token, ir_hash })).toMatchObject({ success: true });
  });

  test("no event holds a token, a hash of one, or the plan's params", async () => {
    const secret = "s3cret-parameter";
    const { ir_hash } = await validate(engine, planOf({ ...harmlessStep, params: { note: secret } }));
    const { token } = await approve(engine, ir_hash);
    await consume(engine, { token, ir_hash });
    const [row] = await engine.sql<{ token_hash: string }>("SELECT token_hash FROM ir_governance_approvals");
    const text = JSON.stringify(await recorded(engine));
    for (const hidden of [secret, token, row?.token_hash ?? ""]) expect(text).not.toContain(hidden);
  });
});

/** What a program downstream does with the events: counts them, and fails where the test says so. */
function probe(failing: { reason: "none" | "permanent" | "transient" }) {
  return defineConsumer({
    subscriber: "probe",
    source: "probe",
    handlers: [
      on(irApprovalCreated, async () => undefined),
      on(irApprovalConsumed, async ({ payload }, { tx }) => {
        if (failing.reason === "permanent") throw new PermanentError("this can never work");
        if (failing.reason === "transient") throw new TransientError("not now", { retryAfterMs: 1 });
        await tx.execute(sql`INSERT INTO probe (approval_id) VALUES (${payload.approval_id})`);
      }),
    ],
  });
}

describe("for a consumer downstream", () => {
  const failing: Parameters<typeof probe>[0] = { reason: "none" };
  const consumer = probe(failing);
  const settings = { mode: "opt_in", approvalTier: 2, maxBudgetCents: null } as const;
  /** Ahead of the real time, ms; a clock that stands would keep waits from ending. */
  let aheadMs: number;
  let surface: Surface;
  beforeEach(async () => {
    failing.reason = "none";
    aheadMs = 0;
    surface = await createSurface({
      consumers: [consumer],
      jobs: irGovernanceJobs(),
      now: () => Date.now() + aheadMs,
      limits: irGovernance.limits,
      mounts: [{ path: base, routes: irGovernanceRoutes(settings) }],
    });
    await surface.sql("CREATE TABLE probe (approval_id uuid NOT NULL)");
  });
  afterEach(async () => {
    await surface?.background();
    await surface?.cleanup();
  });

  const ir_hash = "a".repeat(64);
  const create = async (ttl = 60) => {
    const reply = await surface.post(`${base}/approvals`, {
      tenant_id: "tenant_a",
      ir_hash,
      ttl_seconds: ttl,
      created_by: "approver",
    });
    expect(reply.status, reply.text).toBe(200);
    return reply.body as { approval_id: string; token: string; expires_at: string };
  };
  const use = (token: string) =>
    surface.post(`${base}/approvals/consume`, { tenant_id: "tenant_a", ir_hash, token });
  const effects = () => surface.sql("SELECT approval_id FROM probe");
  const types = async () =>
    (await surface.sql<{ type: string }>("SELECT type FROM events ORDER BY position")).map(
      ({ type }) => type,
    );

  test("a use arrives from the stream, with what it was published with", async () => {
    const { token, approval_id } = await create();
    expect((await use(token)).body.success).toBe(true);
    await surface.relay();
    expect(await surface.drain(consumer)).toMatchObject({ applied: 2, deadLettered: 0 });
    expect(await effects()).toEqual([{ approval_id }]);
  });

  test("delivered again, or published twice, it has no second effect", async () => {
    const { token, approval_id } = await create();
    await use(token);
    await surface.relay();
    await surface.drain(consumer);
    await surface.redis("XGROUP", "SETID", surface.stream, consumer.group, "0");
    expect(await surface.drain(consumer)).toMatchObject({ applied: 0, redelivered: 2 });
    const entries = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, string[]][];
    await surface.append(entries.at(-1)?.[1] ?? []);
    expect(await surface.drain(consumer)).toMatchObject({ applied: 0, publishedTwice: 1 });
    expect(await effects()).toEqual([{ approval_id }]);
  });

  test("one that can never be handled becomes a dead letter, and is acked", async () => {
    failing.reason = "permanent";
    const { token } = await create();
    await use(token);
    await surface.relay();
    expect(await surface.drain(consumer)).toMatchObject({ deadLettered: 1 });
    expect(await surface.sql("SELECT reason, event_type FROM dead_letters")).toEqual([
      { reason: "permanent_error", event_type: "ir.approval_consumed" },
    ]);
    expect(((await surface.redis("XPENDING", surface.stream, consumer.group)) as [number])[0]).toBe(0);
  });

  test("one that cannot be handled now is not acked, and handled later", async () => {
    failing.reason = "transient";
    const { token, approval_id } = await create();
    await use(token);
    await surface.relay();
    expect(await surface.drain(consumer)).toMatchObject({ retried: 1, deadLettered: 0 });
    expect(((await surface.redis("XPENDING", surface.stream, consumer.group)) as [number])[0]).toBe(1);
    failing.reason = "none";
    aheadMs += consumer.retry.capMs;
    await surface.drain(consumer);
    expect(await effects()).toEqual([{ approval_id }]);
  });

  test("a command repeated is another command: two approvals, and each token works once", async () => {
    const [first, second] = [await create(), await create()];
    expect(first.approval_id).not.toBe(second.approval_id);
    expect((await use(first.token)).body.success).toBe(true);
    expect((await use(first.token)).body.success).toBe(false);
    expect((await use(second.token)).body.success).toBe(true);
  });

  test.each([
    ["ahead of", 3_600_000],
    ["behind", -3_600_000],
  ])(
    "a worker whose clock is an hour %s that of Postgres neither ends an approval early nor keeps it",
    async (_where, ms) => {
      aheadMs = ms;
      const { token, approval_id, expires_at } = await create();
      expect(Math.round((Date.parse(expires_at) - Date.now()) / 60_000)).toBe(1);
      const statusOf = async (id: string) =>
        (await surface.send(`${base}/approvals/${id}/status`)).body.status;
      expect(await statusOf(approval_id)).toBe("pending");
      aheadMs = 0;
      const early = await create();
      aheadMs = ms;
      expect((await use(early.token)).body).toMatchObject({ success: true });
      await surface.sql(
        `UPDATE ir_governance_approvals SET created_at = created_at - interval '2 minutes',
         expires_at = expires_at - interval '2 minutes' WHERE approval_id = $1`,
        [approval_id],
      );
      expect(await statusOf(approval_id)).toBe("expired");
      expect((await use(token)).body).toMatchObject({ success: false, status: "expired" });
    },
  );

  test.each([
    ["ahead of", 3_600_000],
    ["behind", -3_600_000],
  ])(
    "a worker whose clock is an hour %s that of Postgres notes by the latter who has seen, withdrawn and refused",
    async (_where, ms) => {
      aheadMs = ms;
      const { approval_id } = await create();
      const path = `${base}/approvals/${approval_id}`;
      const seen = await surface.post(`${path}/acknowledge`, { acknowledged_by: "user-2" });
      expect(seen.status, seen.text).toBe(200);
      const withdrawn = await surface.post(`${path}/withdraw`, { reason: "Given by mistake." });
      expect(withdrawn.status, withdrawn.text).toBe(200);
      const plan = await surface.post(`${base}/validate`, risky);
      // Given for the plan, and taken back with it.
      const given = await surface.post(`${base}/approvals`, {
        tenant_id: risky.tenant_id,
        ir_hash: plan.body.ir_hash,
        created_by: "approver",
      });
      expect(given.status, given.text).toBe(200);
      const refused = await surface.post(`${base}/validations/${plan.body.ir_hash}/refuse`, {
        reason: "Not this one.",
      });
      expect(refused.body, refused.text).toMatchObject({ approvals_withdrawn: 1 });
      const hoursOff = (column: string) =>
        `(extract(epoch FROM ${column} - clock_timestamp()) / 3600)::integer AS off`;
      expect(
        await surface.sql(
          `SELECT 'seen' AS what, ${hoursOff("acknowledged_at")} FROM ir_governance_approvals WHERE acknowledged_at IS NOT NULL
           UNION ALL SELECT 'withdrawn', ${hoursOff("withdrawn_at")} FROM ir_governance_approvals
           UNION ALL SELECT 'refused', ${hoursOff("refused_at")} FROM ir_governance_validations
           UNION ALL SELECT 'told', ${hoursOff("(payload ->> 'acknowledged_at')::timestamptz")} FROM events
             WHERE type = 'ir.approval.acknowledged'`,
        ),
      ).toEqual([
        { what: "seen", off: 0 },
        { what: "withdrawn", off: 0 },
        { what: "withdrawn", off: 0 },
        { what: "refused", off: 0 },
        { what: "told", off: 0 },
      ]);
      const [same] = await surface.sql(
        `SELECT a.acknowledged_at = (e.payload ->> 'acknowledged_at')::timestamptz AS same
         FROM ir_governance_approvals a, events e
         WHERE a.acknowledged_at IS NOT NULL AND e.type = 'ir.approval.acknowledged'`,
      );
      expect(same).toEqual({ same: true });
    },
  );

  describe("the expiry job", () => {
    const tick = () => {
      // Shorter than what the test leaves until the next end, or the job would be waited for.
      const dispatch = beginDispatch(surface.open(), Date.now() + aheadMs + 8_000);
      return runScheduledJobs(dispatch, ["ir_approval_expiry"]);
    };
    /** Lets time pass for what was approved: it ends by the clock of Postgres, which no test moves. */
    const age = (seconds: number) =>
      surface.sql(
        `UPDATE ir_governance_approvals SET created_at = created_at - make_interval(secs => $1),
           expires_at = expires_at - make_interval(secs => $1)`,
        [seconds],
      );
    const dueAt = async () => {
      await surface.background();
      const due = await surface.redis("ZSCORE", surface.open().keys.jobsDue(), "ir_approval_expiry");
      return due === null ? null : Number(due);
    };

    test("is planned for the first end, writes it down once, and plans the next", async () => {
      const later = await create(600);
      const sooner = await create(60);
      await tick();
      expect(await dueAt()).toBe(Date.parse(sooner.expires_at) + 1);
      const dueMs = Date.parse(later.expires_at) - 61_000 + 1;
      await age(45);
      await tick();
      expect(await types()).not.toContain("ir.approval_expired");
      await age(16);
      await tick();
      const rows = await surface.sql<{ payload: unknown; correlation_id: string; causation_id: string }>(
        "SELECT payload, correlation_id, causation_id FROM events WHERE type = 'ir.approval_expired'",
      );
      const [created] = await surface.sql<{ id: string; correlation_id: string }>(
        "SELECT id, correlation_id FROM events WHERE payload ->> 'approval_id' = $1 AND type = 'ir.approval_created'",
        [sooner.approval_id],
      );
      expect(rows).toMatchObject([
        {
          correlation_id: created?.correlation_id,
          causation_id: created?.id,
          payload: { approval_id: sooner.approval_id, ttl_seconds: 60, was_consumed: false },
        },
      ]);
      expect(await dueAt()).toBe(dueMs);
      expect((await use(sooner.token)).body).toMatchObject({ success: false, status: "expired" });
      await tick();
      expect((await types()).filter((type) => type === "ir.approval_expired")).toHaveLength(1);
    });

    test("leaves used approvals alone, and plans nothing when nothing is pending", async () => {
      const { token } = await create();
      await use(token);
      await age(3_600);
      await tick();
      expect(await types()).toEqual(["ir.approval_created", "ir.approval_consumed"]);
      expect(await dueAt()).toBeNull();
    });

    test("goes on in batches until all that are due are written down, with one run of two at once", async () => {
      await create();
      await surface.sql(
        `INSERT INTO ir_governance_approvals (approval_id, tenant_id, ir_hash, hash_scheme, token_hash, ttl_seconds,
           created_at, expires_at, correlation_id, created_event_id)
         SELECT gen_random_uuid(), tenant_id, ir_hash, hash_scheme, md5(n::text) || md5((n + 1)::text), ttl_seconds,
           created_at, expires_at, correlation_id, created_event_id
         FROM ir_governance_approvals, generate_series(1, 249) n`,
      );
      await age(61);
      await Promise.all([tick(), tick()]);
      await tick();
      const [counts] = await surface.sql(
        `SELECT count(*)::integer AS events, count(DISTINCT payload ->> 'approval_id')::integer AS approvals
         FROM events WHERE type = 'ir.approval_expired'`,
      );
      expect(counts).toEqual({ events: 250, approvals: 250 });
    });
  });
});
