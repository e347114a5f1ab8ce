import { describe, expect, test } from "vitest";
import { refusedHost } from "./host-guard.ts";

const judge = (url: string, allowed: string[] = []) => refusedHost(new URL(url), allowed);

describe("the hosts that a mission may call", () => {
  test.each([
    "https://example.com/",
    "http://example.com:8080/x",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://[2606:4700::1111]/",
    "https://sub.example.co.uk./",
  ])("are those of the public internet: %s", (url) => {
    expect(judge(url)).toBeNull();
  });

  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0:6379/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://localhost../",
    "http://127.0.0.1../",
    "http://redis../",
    "http://metadata.google.internal.../",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http:/\\127.0.0.1/",
    "http://[2001:2::1]/",
    "http://[2001:10::1]/",
    "http://api.localhost/",
    "http://redis/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://router.lan/",
  ])("are not those of a private network, however it is written: %s", (url) => {
    expect(judge(url)).toContain("BRAIN_MISSION_HTTP_ALLOW");
  });

  test("are private ones only if they are listed, with or without port", () => {
    expect(judge("http://127.0.0.1:9000/", ["127.0.0.1:9000"])).toBeNull();
    expect(judge("http://127.0.0.1:9001/", ["127.0.0.1:9000"])).not.toBeNull();
    expect(judge("http://127.0.0.1:9001/", ["127.0.0.1"])).toBeNull();
    expect(judge("http://hooks.internal/", ["hooks.internal"])).toBeNull();
    expect(judge("http://evil-hooks.internal/", ["hooks.internal"])).not.toBeNull();
    expect(judge("http://[::1]:80/", ["[::1]"])).toBeNull();
  });

  test("are never told a password in the URL, and speak http", () => {
    expect(judge("https://user:pass@example.com/")).toContain("user and password");
    expect(judge("https://user@127.0.0.1/", ["127.0.0.1"])).toContain("user and password");
    expect(judge("ftp://example.com/")).toContain("http or https");
  });
});
