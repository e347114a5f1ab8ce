import { describe, expect, test } from "vitest";
import { createStreamKeys } from "../stream/keys.ts";
import { channelOf } from "./fan-out.ts";

const keys = createStreamKeys("brain");

describe("the channel of an event", () => {
  test.each([
    ["broadcast", "brain:events:broadcast"],
    ["mission.created", "brain:events:missions"],
    ["task.item.created", "brain:events:tasks"],
    ["ethics.review", "brain:events:ethics"],
    ["system.alert", "brain:events:system"],
    ["course.generation.completed", "brain:events:broadcast"],
    ["agent.heartbeat", "brain:events:broadcast"],
    ["payment.refund.completed", "brain:events:broadcast"],
    // Only the whole first part counts.
    ["missions.x", "brain:events:broadcast"],
    ["tasklease.created.v1", "brain:events:broadcast"],
    ["system", "brain:events:broadcast"],
    ["constructor.x", "brain:events:broadcast"],
  ])("of %s is %s", (type, channel) => {
    expect(channelOf(keys, { type, target: null })).toBe(channel);
  });

  test("with a target is that agent's alone, whatever the type", () => {
    expect(channelOf(keys, { type: "mission.created", target: "scout" })).toBe("brain:agent:scout:inbox");
  });

  test("has the prefix of the system", () => {
    expect(channelOf(createStreamKeys("staging:brain"), { type: "task.created", target: null })).toBe(
      "staging:brain:events:tasks",
    );
  });
});
