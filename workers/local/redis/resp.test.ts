import { describe, expect, test } from "vitest";
import { encodeCommands, type RedisReply, RedisReplyError, ReplyParser, type ReplyShape } from "./resp.ts";

function parse(
  pieces: readonly Buffer[],
  shape: ReplyShape = { encoding: "utf8", plainOkDepth: 0 },
): RedisReply[] {
  const replies: RedisReply[] = [];
  const parser = new ReplyParser(
    (reply) => replies.push(reply),
    () => shape,
  );
  for (const piece of pieces) parser.write(piece);
  return replies;
}

const stream = Buffer.from(
  "+OK\r\n:-12\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n$6\r\nü\r\nab\r\n-ERR no\r\n*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n+x\r\n",
);
const expected = [
  "OK",
  -12,
  null,
  null,
  [],
  "",
  "ü\r\nab",
  new RedisReplyError("ERR no"),
  [1, ["a", null], "x"],
];

describe("replies of Redis", () => {
  test("are read from one piece", () => {
    expect(parse([stream])).toEqual(expected);
  });

  test("are the same wherever the bytes are cut in two", () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(parse([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected);
    }
  });

  test("are the same byte by byte", () => {
    expect(parse([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  test("keep OK plain in base64 only down to the depth that was asked for", () => {
    const nested = Buffer.from("*2\r\n+OK\r\n*1\r\n+OK\r\n");
    expect(parse([nested], { encoding: "base64", plainOkDepth: 0 })).toEqual([["T0s=", ["T0s="]]]);
    expect(parse([nested], { encoding: "base64", plainOkDepth: 1 })).toEqual([["OK", ["T0s="]]]);
  });

  test.each([
    "9007199254740990",
    "9007199254740991",
    "-9007199254740991",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "999999999999999",
    "0",
  ])("keep all digits of the integer %s", (digits) => {
    expect(JSON.stringify(parse([Buffer.from(`:${digits}\r\n`)]))).toBe(`[${digits}]`);
  });

  test("that are not RESP2 are an error", () => {
    expect(() => parse([Buffer.from("%1\r\n")])).toThrow(/starts no RESP2 value/);
  });

  test("can be had as they came, wherever they are cut", () => {
    const shape: ReplyShape = { encoding: "resp2", plainOkDepth: 0 };
    const binary = Buffer.concat([
      stream,
      Buffer.from("$3\r\n"),
      Buffer.from([0, 255, 13]),
      Buffer.from("\r\n"),
    ]);
    for (let cut = 0; cut <= binary.length; cut++) {
      const replies = parse([binary.subarray(0, cut), binary.subarray(cut)], shape);
      expect(replies).toHaveLength(10);
      expect(Buffer.from(replies.join(""), "latin1")).toEqual(binary);
    }
  });

  test("bytes of a command stay as they are", () => {
    const pieces = encodeCommands([
      ["SET", "k", new Uint8Array([0, 255])],
      ["GET", "k"],
    ]);
    expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece)))).toEqual(
      Buffer.concat([
        Buffer.from("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n"),
        Buffer.from([0, 255]),
        Buffer.from("\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
      ]),
    );
  });

  test("commands count bytes, not characters", () => {
    expect(encodeCommands([["SET", "ü", ""]]).join("")).toBe("*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$0\r\n\r\n");
  });
});
