// Compiled, and never run: what TypeScript must accept, and what it must not.
import { connect } from "@nats-io/transport-node";
import { EventMaybeStored, EventRefused, minorUnits, type Event, type Publisher } from "homing-events";
import { door, httpPublisher } from "homing-events/http";
import { natsPublisher } from "homing-events/nats";

const placed: Event<"order.placed"> = {
  type: "order.placed",
  id: "order-10042",
  time: new Date(),
  historical: true,
  data: {
    customer: { email: "ann@example.com", consent: { email: "subscribed", at: "2026-03-02T09:15:00Z" } },
    order: { id: "10042", total: minorUnits(1295, "EUR"), items: [{ product_id: "tea", name: "Tea", quantity: 1 }] },
  },
};

export async function main(): Promise<void> {
  const publishers: Publisher[] = [
    natsPublisher(await connect({ inboxPrefix: "_INBOX_main" }), { store: "main", source: "/shop" }),
    httpPublisher({ url: "https://mail.shop.example", key: "k", store: "main", source: "/shop", patience: 1000 }),
  ];
  for (const homing of publishers) {
    try {
      const { status } = await homing.publish(placed);
      const known: "stored" | "duplicate" = status;
      console.log(known);
    } catch (e) {
      if (e instanceof EventRefused) console.log(e.faults[0]?.reason);
      else if (e instanceof EventMaybeStored) await homing.publish(e.event);
    }
    await homing.publish({ type: "product.updated", data: { product: { id: "tea", available: false } } });
    // @ts-expect-error there is no such type
    await homing.publish({ type: "order.paid", data: {} });
    // @ts-expect-error an order has items
    await homing.publish({ type: "order.placed", data: { order: { id: "1", total: minorUnits(1, "EUR") } } });
    // @ts-expect-error a customer has an id or an address
    await homing.publish({ type: "customer.updated", data: { customer: { first_name: "Ann" } } });
    // @ts-expect-error amounts are in quotes
    await homing.publish({ type: "product.updated", data: { product: { id: "tea", price: { amount: 12.95, currency: "EUR" } } } });
  }
  await door({ url: "https://mail.shop.example/in/medusa/main", secret: "s" }).send({ type: "order.placed", timestamp: "", data: {} });
}
