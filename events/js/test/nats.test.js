// Publishes to a real NATS, which the Go test that runs this controls.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { EventMaybeStored, EventNotStored, EventRefused } from "homing-events";
import { natsPublisher } from "homing-events/nats";

const { NATS_URL: servers, CONTROL_URL: control } = process.env;
const shop = { servers, user: "shop", pass: "shop", inboxPrefix: "_INBOX_main", reconnectTimeWait: 100, maxReconnectAttempts: -1 };
const options = { store: "main", source: "/shop/checkout", patience: 20_000 };
const order = (id) => ({
  type: "order.placed",
  id: `order-${id}`,
  time: "2026-03-02T09:15:00.123Z",
  data: { customer: { id: "c-1", email: "ann@example.com" }, order: { id, total: { amount: "12.95", currency: "GBP" }, items: [{ product_id: "tea", name: "Tea", quantity: 1 }] } },
});

async function as(user, run) {
  const nc = await connect({ ...shop, ...user });
  try {
    return await run(nc);
  } finally {
    await nc.close();
  }
}

const stored = () =>
  as({ user: "admin", pass: "admin", inboxPrefix: undefined }, async (nc) => (await (await jetstreamManager(nc)).streams.info("STOREFRONT")).state.messages);

test("an event is stored once, under its own id, over its own inbox", () =>
  as({}, async (nc) => {
    const homing = natsPublisher(nc, options);
    assert.deepEqual(await homing.publish(order("1")), { status: "stored", id: "order-1", warnings: [] });
    assert.equal((await homing.publish(order("1"))).status, "duplicate");
    // What is brought over is never taken for a copy of what happens now, or the other way round.
    assert.equal((await homing.publish({ ...order("1"), historical: true })).status, "stored");
    assert.equal((await homing.publish({ type: "customer.created", data: { customer: { id: "c-2" } } })).status, "stored");
    assert.equal(await stored(), 3);
    const m = await as({ user: "admin", pass: "admin", inboxPrefix: undefined }, async (c) => (await jetstreamManager(c)).streams.getMessage("STOREFRONT", { seq: 1 }));
    assert.equal(m.subject, "storefront.main.order.placed");
    assert.equal(m.header.get("Content-Type"), "application/cloudevents+json");
    assert.equal(m.header.get("Nats-Msg-Id"), "main order.placed /shop/checkout order-1");
    assert.deepEqual(m.json(), { specversion: "1.0", source: "/shop/checkout", datacontenttype: "application/json", ...order("1") });
  }));

test("what the user may not publish is refused at once", () =>
  as({}, async (nc) => {
    const begun = Date.now();
    await assert.rejects(natsPublisher(nc, { ...options, store: "other" }).publish(order("2")), (e) => e instanceof EventRefused && e.stored === false && !e.retry);
    assert.ok(Date.now() - begun < 15_000);
  }));

test("without a right to the inbox nobody hears that it is stored", () =>
  as({ inboxPrefix: undefined }, async (nc) => {
    const before = await stored();
    await assert.rejects(natsPublisher(nc, options).publish(order("3")), (e) => e instanceof EventMaybeStored && e.stored === "unknown" && /inboxPrefix/.test(e.message));
    assert.equal(await stored(), before + 1);
  }));

test("what is no JSON, or too large, is refused before it is sent", () =>
  as({}, async (nc) => {
    const homing = natsPublisher(nc, options);
    const loop = order("4");
    loop.data.order.ctx = loop;
    await assert.rejects(homing.publish(loop), (e) => e instanceof EventRefused && e.faults[0].reason === "not_json");
    assert.throws(() => natsPublisher(nc, { ...options, store: "main.>" }), /not the key of a store/);
    await assert.rejects(homing.publish({ ...order("4"), type: "order.>" }), (e) => e instanceof EventRefused && e.faults[0].reason === "unknown_type");
    await assert.rejects(homing.publish({ ...order("4"), data: { x: "x".repeat(800_000) } }), (e) => e instanceof EventRefused && e.faults[0].reason === "too_large");
  }));

test("a stream that is not there has certainly not got it", () =>
  as({ user: "admin", pass: "admin" }, async (nc) => {
    const elsewhere = order("5");
    await fetch(control + "/delete");
    await assert.rejects(natsPublisher(nc, { ...options, patience: 700 }).publish(elsewhere), (e) => e instanceof EventNotStored && e.stored === false && e.retry && e.event.id === "order-5");
    await fetch(control + "/full");
    await assert.rejects(natsPublisher(nc, { ...options, patience: 700 }).publish(elsewhere), (e) => e instanceof EventNotStored && /maximum/.test(e.message));
    await fetch(control + "/create");
  }));

test("an event outlives an outage, and is there once", () =>
  as({}, async (nc) => {
    const before = await stored();
    await fetch(control + "/stop");
    const done = Promise.all(Array.from({ length: 20 }, (_, i) => natsPublisher(nc, { ...options, patience: 60_000 }).publish(order(`6-${i}`))));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await fetch(control + "/start");
    for (const r of await done) assert.match(r.status, /^(stored|duplicate)$/);
    assert.equal(await stored(), before + 20);
  }));

test("an outage that lasts says so, and the same event is published again", () =>
  as({}, async (nc) => {
    const homing = natsPublisher(nc, { ...options, patience: 300 });
    await fetch(control + "/stop");
    const { id, ...anonymous } = order("7");
    const failed = await homing.publish(anonymous).catch((e) => e);
    await fetch(control + "/start");
    assert.ok(failed instanceof EventMaybeStored, String(failed));
    const again = await natsPublisher(nc, { ...options, patience: 30_000 }).publish(failed.event);
    assert.equal(again.id, failed.event.id);
  }));
