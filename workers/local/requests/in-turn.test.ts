import { createServer } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { waitFor } from "../../../test/wait-for.ts";
import { closeServer, listenOnLoopback } from "../ports.ts";
import { inTurn } from "./in-turn.ts";

const sent = 40_000;
/** So many of them are answered one by one, with time to read more between them. */
const turns = 40;

test("of what a client sends ahead only a part is read before its turn, and all of it is answered", async () => {
  let seen = 0;
  const held: (() => void)[] = [];
  const serve = inTurn((request, response) => {
    request.resume();
    const answer = () => response.end(`<${request.url}>`);
    if (request.url === "/other" || held.length === turns) answer();
    else held.push(answer);
  });
  const server = createServer((request, response) => {
    if (request.url !== "/other") seen += 1;
    serve(request, response);
  });
  const port = await listenOnLoopback(server, 0);
  const client = connect(port, "127.0.0.1");
  let answered = 0;
  client.on("data", (data) => {
    answered += data.toString("latin1").split("<").length - 1;
  });
  try {
    const ask = (index: number) => `POST /${index} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`;
    client.write(Array.from({ length: sent }, (_, index) => ask(index)).join(""));
    for (let turn = 0; turn < turns; turn++) {
      for (let other = 0; other < 5; other++) await (await fetch(`http://127.0.0.1:${port}/other`)).text();
      const answer = await waitFor(
        "the next in turn",
        () => held[turn],
        (next) => next !== undefined,
      );
      answer?.();
    }
    expect(seen).toBeLessThan(sent / 2);
    await waitFor(
      "all answers",
      () => answered,
      (count) => count === sent,
    );
  } finally {
    client.destroy();
    await closeServer(server);
  }
});
