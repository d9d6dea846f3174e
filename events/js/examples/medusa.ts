// src/subscribers/homing.ts of a Medusa (v2) server: loads what its events are about, which
// carry an id alone, and posts it to Homing's gateway. HOMING_DOOR is the address of the
// store's door, https://mail.shop.example/in/medusa/main, and HOMING_SECRET its secret.
import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework";
import { ContainerRegistrationKeys } from "@medusajs/framework/utils";
import { getOrderDetailWorkflow } from "@medusajs/medusa/core-flows";
import { EventRefused } from "homing-events";
import { door, type Door } from "homing-events/http";

const orderFields = [
  "*", "items.*", "items.detail.*", "shipping_address.*", "billing_address.*", "promotions.code",
  "total", "tax_total", "shipping_total", "shipping_subtotal", "discount_total", "discount_subtotal", "cart.id",
  "fulfillments.*", "fulfillments.items.*", "returns.*", "returns.items.*",
];

/** Where the pages of your storefront are. Leave out what it does not have. */
const pages = {
  product: (handle?: string | null) => handle && process.env.STORE_URL && `${process.env.STORE_URL}/products/${handle}`,
  cart: (id: string) => process.env.STORE_URL && `${process.env.STORE_URL}/cart?id=${id}`,
};

type Row = Record<string, any>;
type Graph = (query: { entity: string; fields: string[]; filters: { id: string } }) => Promise<{ data: Row[] }>;

type One = (entity: string, id: string, fields: string[]) => Promise<Row | undefined>;

// subject loads what an event is about.
async function subject(name: string, said: Row, one: One, order: (id: string) => Promise<Row>): Promise<Row | undefined> {
  if (name.endsWith(".deleted")) return { id: said.id };
  if (name.startsWith("customer.")) return one("customer", said.id, ["*"]);
  if (name.startsWith("product.")) {
    const product = await one("product", said.id, ["*", "type.value"]);
    return product && { ...product, url: pages.product(product.handle) };
  }
  if (name.startsWith("cart.")) {
    const cart = await one("cart", said.id, ["*", "items.*", "shipping_address.*", "billing_address.*", "total"]);
    return cart && { ...cart, url: pages.cart(cart.id), items: items(cart) };
  }
  let id: string | undefined = said.order_id ?? said.id;
  if (name === "shipment.created" || name === "delivery.created") id = (await one("fulfillment", said.id, ["order.id"]))?.order?.id;
  if (name.startsWith("payment.")) id = (await one("payment", said.id, ["payment_collection.order.id"]))?.payment_collection?.order?.id;
  if (!id) return undefined;
  const found = await order(id);
  return { ...found, cart_id: found.cart?.id, items: items(found) };
}

const items = (of: Row) => (of.items ?? []).map((i: Row) => ({ ...i, quantity: i.detail?.quantity ?? i.quantity, url: pages.product(i.product_handle) }));

let homing: Door | undefined; // one for all events

export default async function tellHoming({ event, container }: SubscriberArgs<Row>) {
  homing ??= door({ url: process.env.HOMING_DOOR!, secret: process.env.HOMING_SECRET! });
  const graph = container.resolve(ContainerRegistrationKeys.QUERY).graph as unknown as Graph;
  const one: One = async (entity, id, fields) => (await graph({ entity, fields, filters: { id } })).data[0];
  // The workflow of Medusa's own API: it works out the status of the payment.
  const order = async (id: string) => (await getOrderDetailWorkflow(container).run({ input: { order_id: id, fields: orderFields } })).result as Row;
  const data = await subject(event.name, event.data, one, order);
  if (!data) return; // it is gone again
  try {
    await homing.send({ type: event.name, timestamp: new Date().toISOString(), data });
  } catch (e) {
    container.resolve(ContainerRegistrationKeys.LOGGER).error(`Homing was not told of ${event.name} ${data.id}: ${(e as Error).message}`);
    if (!(e instanceof EventRefused)) throw e; // Medusa's Redis event bus tries again
  }
}

export const config: SubscriberConfig = {
  event: [
    "order.placed", "order.updated", "order.completed", "order.canceled", "order.fulfillment_created", "order.fulfillment_canceled",
    "order.return_received", "order-edit.confirmed", "shipment.created", "delivery.created", "payment.captured", "payment.refunded",
    "customer.created", "customer.updated", "customer.deleted", "cart.updated", "product.created", "product.updated", "product.deleted",
  ],
  context: { subscriberId: "homing" },
};
