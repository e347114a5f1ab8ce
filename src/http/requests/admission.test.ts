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

  test("are fewer in a rush, as many as the rate and the usual time of requests are worth", () => {
    const admission = createAdmission(64);
    let nowMs = 0;
    const take = () => admission.enter("ordinary", nowMs);
    const endOne = (place: ReturnType<typeof take>) => {
      nowMs += 10;
      place?.finish("POST /api/events", true, nowMs);
    };
    for (let n = 0; n < 20; n += 1) endOne(take());
    const crowd = Array.from({ length: 64 }, take);
    expect(admission.places(nowMs)).toBe(64);
    expect(take()).toBeNull();
    // One each 10 ms, which is the time of one: a single one would keep everything busy.
    for (const place of crowd.slice(0, 16)) endOne(place);
    expect(admission.places(nowMs)).toBe(4);
    expect(take()).toBeNull();
    expect(admission.places(nowMs + 2_000)).toBe(64);
  });

  test("have all places again in the next burst, when the last one has been worked off", () => {
    const admission = createAdmission(8);
    const burst = (count: number, nowMs: number) => {
      const places = Array.from({ length: count }, () => admission.enter("ordinary", nowMs));
      for (const place of places) place?.finish("GET /a 0", true, nowMs + 5);
      return places.filter((place) => place !== null).length;
    };
    expect(burst(9, 0)).toBe(8);
    // Somebody is refused at each of them, so that the time without a refusal never comes.
    const later = Array.from({ length: 40 }, (_, n) => burst(9, 50 * (n + 1)));
    expect(new Set(later)).toEqual(new Set([8]));
  });

  test("that were given back early, because they wait for somebody else, say nothing of the rate", () => {
    const admission = createAdmission(64);
    const crowd = Array.from({ length: 64 }, () => admission.enter("ordinary", 0));
    admission.enter("ordinary", 0);
    for (const place of crowd) place?.leave();
    for (const place of crowd) place?.finish("GET /api/events/stream", true, 900);
    expect(admission.places(900)).toBe(64);
  });
});
