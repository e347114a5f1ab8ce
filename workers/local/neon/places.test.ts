import { expect, test } from "vitest";
import { Leaving, Places } from "./places.ts";

test("those who wait get their turn in order, and who leaves the line makes room", async () => {
  const places = new Places(1, 2);
  const order: string[] = [];
  const take = (name: string, leaving = new Leaving()) =>
    places.take("shop", leaving).then(() => order.push(name));
  await take("first");
  const left = new Leaving();
  const gone = take("second", left);
  const third = take("third");
  await expect(take("fourth")).rejects.toMatchObject({ status: 503 });
  left.leave();
  await expect(gone).rejects.toThrow(/cancelled/);
  const fifth = take("fifth");
  places.free("shop");
  await third;
  places.free("shop");
  await fifth;
  expect(order).toEqual(["first", "third", "fifth"]);
});

test("each database has places of its own", async () => {
  const places = new Places(1, 0);
  await places.take("shop", new Leaving());
  await places.take("school", new Leaving());
  await expect(places.take("school", new Leaving())).rejects.toThrow(/"school"/);
  places.free("school");
  await places.take("school", new Leaving());
});
