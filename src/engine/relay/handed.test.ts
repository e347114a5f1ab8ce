import { beforeEach, expect, test } from "vitest";
import { type Handed, type Riding, relayPlace } from "./handed.ts";

let place = relayPlace(new Map(), "", () => 0);
let clock = 0;
beforeEach((context) => {
  clock = 0;
  place = relayPlace(new Map(), context.task.id, () => clock);
});

const sent = { number: 3, first: "1-0", foreign: null };
const taken = (token: string): Handed => ({ token, state: {}, rows: null });
const ticketOf = (token: string) =>
  place.takeTicket(() => token) ?? { token: "none", isOfRun: false, sent: null };

test("one commit at a time takes the batch while no relay runs, and the run that follows gets it", () => {
  const ticket = ticketOf("a");
  expect(ticket).toEqual({ token: "a", isOfRun: false, sent: null });
  expect(place.takeTicket(() => "b")).toBeNull();
  place.giveBack(ticket, taken("a"));
  expect(place.takeTicket(() => "b")).toBeNull();
  expect(place.begin()).toEqual(taken("a"));
  expect(place.begin()).toBeNull();
});

test("a commit that took nothing leaves the place as it was", () => {
  place.giveBack(ticketOf("a"), null);
  expect(place.takeTicket(() => "b")?.token).toBe("b");
});

test("while a relay runs no commit takes anything, and afterwards one does", () => {
  place.begin();
  expect(place.takeTicket(() => "a")).toBeNull();
  place.end(false);
  expect(place.takeTicket(() => "a")?.token).toBe("a");
});

test("a run that rests lends its lease to one commit, with what it has to note", async () => {
  place.begin();
  let tell: () => void = () => undefined;
  const rested = place.rest("run", sent, () => new Promise((resolve) => (tell = resolve)));
  const ticket = ticketOf("own");
  expect(ticket).toEqual({ token: "run", isOfRun: true, sent });
  expect(place.takeTicket(() => "other")).toBeNull();
  place.giveBack(ticket, taken("run"));
  tell();
  expect(await rested).toEqual(taken("run"));
});

test("a run that rests sees whether a commit takes something along for it", async () => {
  place.begin();
  let tell: () => void = () => undefined;
  let riding: () => Riding = () => "nobody";
  const rested = place.rest("run", sent, (seen) => {
    riding = seen;
    return new Promise((resolve) => (tell = resolve));
  });
  const seen = [riding()];
  const first = ticketOf("own");
  seen.push(riding());
  place.giveBack(first, null);
  seen.push(riding());
  place.giveBack(ticketOf("own"), taken("run"));
  seen.push(riding());
  tell();
  await rested;
  expect([...seen, riding()]).toEqual(["nobody", "under_way", "nobody", "done", "nobody"]);
});

test("the next commit may ride with a run that rests when the one before took nothing", async () => {
  place.begin();
  let tell: () => void = () => undefined;
  const rested = place.rest("run", sent, () => new Promise((resolve) => (tell = resolve)));
  place.giveBack(ticketOf("own"), null);
  expect(ticketOf("own").token).toBe("run");
  tell();
  expect(await rested).toBeNull();
});

test("what is taken under the lease of a run that has gone on by itself is left to that run", async () => {
  place.begin();
  let tell: () => void = () => undefined;
  const rested = place.rest("run", sent, () => new Promise((resolve) => (tell = resolve)));
  const ticket = ticketOf("own");
  tell();
  expect(await rested).toBeNull();
  place.giveBack(ticket, taken("run"));
  place.end(false);
  expect(place.begin()).toBeNull();
});

test("what a commit took while another run had begun in vain is sent by the run after it", () => {
  const ticket = ticketOf("a");
  expect(place.begin()).toBeNull();
  place.giveBack(ticket, taken("a"));
  place.end(false);
  expect(place.begin()).toEqual(taken("a"));
});

test("what a request left that was ended from outside is forgotten", () => {
  ticketOf("a");
  clock = 4_999;
  expect(place.takeTicket(() => "b")).toBeNull();
  clock = 5_000;
  expect(place.takeTicket(() => "b")?.token).toBe("b");
});
