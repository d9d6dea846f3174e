// Publishes to a gateway that answers as it is told to.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { EventMaybeStored, EventNotStored, EventRefused, minorUnits } from "homing-events";
import { door, httpPublisher } from "homing-events/http";

const event = { type: "customer.updated", data: { customer: { id: "c-1" } } };

// gateway answers each request with the next of some answers, and returns what was asked.
async function gateway(answers, run) {
  const asked = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (b) => (body += b));
    req.on("end", () => {
      asked.push({ path: req.url, headers: req.headers, body });
      const { code, headers, json } = answers[Math.min(asked.length, answers.length) - 1];
      if (!code) return res.destroy();
      res.writeHead(code, headers).end(typeof json === "string" ? json : JSON.stringify(json));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${server.address().port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const taken = { code: 200, json: { accepted: 1, duplicate: 0, rejected: 0, results: [{ index: 0, status: "accepted", warnings: [{ field: "customer.locale", reason: "dropped_value", detail: "no" }] }] } };
const publisher = (url, more) => httpPublisher({ url, key: "secret", store: "main", source: "/shop", patience: 5_000, ...more });

test("an event is tried again with its id until it is taken", () =>
  gateway([{ code: 503, headers: { "Retry-After": "1" }, json: {} }, {}, taken], async (url, asked) => {
    const r = await publisher(url).publish(event);
    assert.equal(r.status, "stored");
    assert.equal(r.warnings[0].field, "customer.locale");
    assert.equal(asked.length, 3);
    assert.equal(new Set(asked.map((a) => a.body)).size, 1);
    assert.equal(JSON.parse(asked[0].body).id, r.id);
    assert.equal(asked[0].path, "/v1/events");
    assert.equal(asked[0].headers.authorization, "Bearer secret");
    assert.equal(asked[0].headers["content-type"], "application/cloudevents+json");
  }));

test("what is refused says why, and is not tried again", () =>
  gateway([{ code: 422, json: { rejected: 1, results: [{ index: 0, status: "rejected", errors: [{ field: "order.items", reason: "missing_field", detail: "missing" }] }] } }], async (url, asked) => {
    await assert.rejects(publisher(url).publish(event), (e) => e instanceof EventRefused && /order.items: missing/.test(e.message) && e.faults[0].reason === "missing_field");
    assert.equal(asked.length, 1);
  }));

test("a wrong key is refused", () =>
  gateway([{ code: 401, json: "no" }], (url) => assert.rejects(publisher(url).publish(event), (e) => e instanceof EventRefused && /401/.test(e.message))));

test("a redirect gets neither the event nor the key", () =>
  gateway([{ code: 308, headers: { Location: "/elsewhere" }, json: "" }], (url) => assert.rejects(publisher(url, { patience: 10 }).publish(event), EventMaybeStored)));

test("whether an event without an answer is stored is not known", () =>
  gateway([{}], (url) => assert.rejects(publisher(url, { patience: 10 }).publish(event), (e) => e instanceof EventMaybeStored && e.stored === "unknown" && e.event.id !== "")));

test("too many requests store nothing", () =>
  gateway([{ code: 429, json: {} }], (url) => assert.rejects(publisher(url, { patience: 10 }).publish(event), EventNotStored)));

test("a yes that does not say to what is none", () =>
  gateway([{ code: 200, json: "<html>" }], (url) => assert.rejects(publisher(url, { patience: 10 }).publish(event), EventMaybeStored)));

test("a message to a door is signed, with one id over all tries", () =>
  gateway([{ code: 503, json: {} }, { code: 200, json: {} }], async (url, asked) => {
    const secret = "whsec_" + Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
    await door({ url: url + "/in/medusa/main", secret, patience: 5_000 }).send({ type: "order.placed", timestamp: "2026-03-02T09:15:00Z", data: { id: "order_1" } });
    assert.equal(asked.length, 2);
    assert.equal(asked[0].headers["webhook-id"], asked[1].headers["webhook-id"]);
    for (const { headers: h, body, path } of asked) {
      assert.equal(path, "/in/medusa/main");
      const sum = createHmac("sha256", "0123456789abcdef0123456789abcdef").update(`${h["webhook-id"]}.${h["webhook-timestamp"]}.${body}`).digest("base64");
      assert.equal(h["webhook-signature"], "v1," + sum);
    }
  }));

test("minor units are those of the currency", () => {
  for (const [amount, currency, want] of [[1295, "EUR", "12.95"], [5, "EUR", "0.05"], [0, "EUR", "0.00"], [1200, "JPY", "1200"], [1234, "KWD", "1.234"], [129500, "HUF", "1295.00"], [7, "XYZ", "0.07"]])
    assert.deepEqual(minorUnits(amount, currency), { amount: want, currency });
});
