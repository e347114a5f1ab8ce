import { describe, expect, test } from "vitest";
import {
  type AgentState,
  afterReport,
  afterSignOff,
  afterSignOfLife,
  afterSilence,
  unheardAgent,
} from "./state.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 10, 0, seconds));
const online: AgentState = afterSignOfLife(unheardAgent(at(0)), { heartbeatSeconds: 10 }, at(0)).state;
const offline: AgentState = { ...online, status: "offline", statusSince: at(5), offlineAt: null };

describe("given an agent nobody has heard of", () => {
  test("a heartbeat brings it online, and three of its intervals later it counts as gone", () => {
    const { state, facts } = afterSignOfLife(
      unheardAgent(at(0)),
      { heartbeatSeconds: 10, tasksCompleted: 3, tasksFailed: 1 },
      at(7),
    );
    expect(facts).toEqual([{ kind: "came_online" }]);
    expect(state).toEqual({
      status: "online",
      statusSince: at(7),
      lastHeartbeat: at(7),
      heartbeatSeconds: 10,
      offlineAt: at(37),
      tasksCompleted: 3,
      tasksFailed: 1,
    });
  });

  test("signing off changes nothing", () => {
    expect(afterSignOff(unheardAgent(at(0)), at(1))).toBeNull();
  });
});

describe("given an agent that is online", () => {
  test("a heartbeat moves the time when it counts as gone, and says nothing", () => {
    const { state, facts } = afterSignOfLife(online, { heartbeatSeconds: 20 }, at(9));
    expect(facts).toEqual([]);
    expect(state).toMatchObject({ statusSince: at(0), lastHeartbeat: at(9), offlineAt: at(69) });
  });

  test.each([
    [0, 9, false],
    [9, 10, true],
    [10, 19, false],
    [19, 41, true],
    [41, 12, false],
    [10, 10, false],
  ])("from %i to %i finished tasks: told of another ten: %s", (before, now, told) => {
    const { state, facts } = afterSignOfLife(
      { ...online, tasksCompleted: before },
      { heartbeatSeconds: 10, tasksCompleted: now },
      at(9),
    );
    expect(state.tasksCompleted).toBe(now);
    expect(facts).toEqual(told ? [{ kind: "finished_tasks" }] : []);
  });

  test("a heartbeat without counters keeps them", () => {
    const counted = { ...online, tasksCompleted: 12, tasksFailed: 2 };
    expect(afterSignOfLife(counted, { heartbeatSeconds: 10 }, at(9)).state).toMatchObject({
      tasksCompleted: 12,
      tasksFailed: 2,
    });
  });

  test("a request that was overtaken does not turn the clock back", () => {
    const { state } = afterSignOfLife({ ...online, lastHeartbeat: at(20) }, { heartbeatSeconds: 10 }, at(12));
    expect(state).toMatchObject({ lastHeartbeat: at(20), offlineAt: at(50) });
  });

  test("it is gone with the third heartbeat missed, and not before", () => {
    expect(afterSilence(online, at(29))).toBeNull();
    const gone = afterSilence(online, at(30));
    expect(gone?.state).toMatchObject({ status: "offline", statusSince: at(30), offlineAt: null });
    expect(gone?.facts).toEqual([{ kind: "went_offline", missedHeartbeats: 3, lastHeartbeat: at(0) }]);
    expect(afterSilence(online, at(57))?.facts).toMatchObject([{ missedHeartbeats: 5 }]);
  });

  test("signing off missed nothing", () => {
    expect(afterSignOff(online, at(4))?.facts).toEqual([
      { kind: "went_offline", missedHeartbeats: 0, lastHeartbeat: at(0) },
    ]);
  });
});

describe("given an agent that is offline", () => {
  test("silence says nothing more, and a heartbeat brings it back", () => {
    expect(afterSilence(offline, at(59))).toBeNull();
    const { state, facts } = afterSignOfLife(offline, { heartbeatSeconds: 10 }, at(40));
    expect(facts).toEqual([{ kind: "came_online" }]);
    expect(state).toMatchObject({ status: "online", statusSince: at(40), offlineAt: at(70) });
  });
});

describe("given what another program says of an agent", () => {
  const now = at(30);

  test("the later word on its status stands, whatever comes late", () => {
    const told = afterReport(unheardAgent(at(0)), { kind: "online" }, at(10), now);
    expect(told).toMatchObject({ status: "online", statusSince: at(10), offlineAt: null });
    expect(afterReport(told, { kind: "offline" }, at(9), now)).toEqual(told);
    const gone = afterReport(told, { kind: "offline" }, at(11), now);
    expect(gone).toMatchObject({ status: "offline", statusSince: at(11) });
    expect(afterReport(gone, { kind: "online" }, at(10), now)).toEqual(gone);
  });

  test("of two words told in one millisecond, the one that is handled last stands", () => {
    const told = afterReport(unheardAgent(at(0)), { kind: "online" }, at(10), now);
    expect(afterReport(told, { kind: "offline" }, at(10), now)).toMatchObject({ status: "offline" });
  });

  test("a heartbeat counts unless a newer one is known, and nobody waits for the next", () => {
    const report = { kind: "heartbeat", tasksCompleted: 20, tasksFailed: 2 } as const;
    const told = afterReport(unheardAgent(at(0)), report, at(10), now);
    expect(told).toMatchObject({
      status: "online",
      lastHeartbeat: at(10),
      offlineAt: null,
      tasksCompleted: 20,
    });
    expect(afterReport(told, { ...report, tasksCompleted: 10 }, at(9), now)).toEqual(told);
    expect(afterSilence(told, at(59))).toBeNull();
  });

  test("an agent that sends its heartbeats here is still waited for after it", () => {
    const report = { kind: "heartbeat", tasksCompleted: 10, tasksFailed: 0 } as const;
    const told = afterReport(online, report, at(5), now);
    expect(told).toMatchObject({ status: "online", offlineAt: at(30), tasksCompleted: 10 });
  });
});

describe("given a time that a wrong clock left behind", () => {
  const ahead = new Date("2031-01-01T00:00:00.000Z");
  const poisoned = { ...online, lastHeartbeat: ahead, statusSince: ahead, offlineAt: ahead };

  test("a heartbeat sets it right", () => {
    const { state } = afterSignOfLife(poisoned, { heartbeatSeconds: 10 }, at(9));
    expect(state).toMatchObject({ lastHeartbeat: at(9), statusSince: at(9), offlineAt: at(39) });
  });

  test("what is told on the stream counts", () => {
    expect(afterReport(poisoned, { kind: "offline" }, at(9), at(9))).toMatchObject({ status: "offline" });
    const report = { kind: "heartbeat", tasksCompleted: 1, tasksFailed: 0 } as const;
    expect(afterReport(poisoned, report, at(9), at(9))).toMatchObject({ lastHeartbeat: at(9) });
  });
});
