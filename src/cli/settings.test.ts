import { expect, test } from "vitest";
import { UsageError } from "./errors.ts";
import { connectionOf } from "./settings.ts";

const url = "http://127.0.0.1:1";
const refusalOf = (env: NodeJS.ProcessEnv): unknown => {
  try {
    return connectionOf({ url }, env);
  } catch (error) {
    return error;
  }
};

test("a key that no header can have is told before anything is sent, and not shown", () => {
  const refusal = refusalOf({ CHARTER_KEY: "brain_key_secret\nbrain_key_secret" });
  expect(refusal).toBeInstanceOf(UsageError);
  expect(String(refusal)).toContain("line break");
  expect(String(refusal)).not.toContain("secret");
});

test("so is an actor", () => {
  expect(String(refusalOf({ CHARTER_ACTOR: "ann\nbob" }))).toContain("cannot be sent");
});

test("spaces around a key are nobody's fault", () => {
  expect(refusalOf({ CHARTER_KEY: "brain_key_secret\n", CHARTER_ACTOR: "ann" })).toMatchObject({
    actor: "ann",
  });
});
