import { describe, expect, test } from "vitest";
import { createAdmission } from "./admission.ts";

describe("requests in work", () => {
  test("are as many as there are places; who leaves makes room for one", () => {
    const admission = createAdmission(6);
    const places = Array.from({ length: 6 }, () => admission.enter("ordinary", 0));
    expect(places).not.toContain(null);
    expect(admission.enter("ordinary", 0)).toBeNull();
    places[0]?.leave();
    places[0]?.leave();
    expect(admission.enter("ordinary", 0)).not.toBeNull();
    expect(admission.enter("ordinary", 0)).toBeNull();
  });

  test("leave room for operators and for looks at the health, however many there are", () => {
    const admission = createAdmission(6);
    while (admission.enter("ordinary", 0) !== null);
    const admitted = (kind: "operator" | "health") => {
      let count = 0;
      while (admission.enter(kind, 0) !== null) count += 1;
      return count;
    };
    expect([admitted("health"), admitted("operator")]).toEqual([4, 8]);
  });

  test("looks at the health take nobody's place", () => {
    const admission = createAdmission(6);
    while (admission.enter("health", 0) !== null);
    for (let n = 0; n < 6; n += 1) expect(admission.enter("ordinary", 0)).not.toBeNull();
  });

  test("give way after two seconds, because they wait for somebody else, up to a bound of their own", () => {
    const admission = createAdmission(10);
    let all = 0;
    for (let nowMs = 0; nowMs < 100_000; nowMs += 2_000) {
      while (admission.enter("ordinary", nowMs) !== null) all += 1;
    }
    expect(all).toBe(80);
  });

  test("whose invocation was ended without a word do not keep their place for ever", () => {
    const admission = createAdmission(6);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 2_000) {
      while (admission.enter("ordinary", nowMs) !== null);
    }
    expect(admission.enter("ordinary", 290_000)).toBeNull();
    expect(admission.enter("ordinary", 401_000)).not.toBeNull();
  });
});
