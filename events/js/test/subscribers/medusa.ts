// Places an order in a Medusa with the subscriber, and looks at what it posts: by
// `medusa exec`, which loads subscribers.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createHmac } from "node:crypto";
import { Modules } from "@medusajs/framework/utils";
import { cancelOrderWorkflow, createCustomersWorkflow, createOrderWorkflow, createProductsWorkflow, createRegionsWorkflow, createSalesChannelsWorkflow } from "@medusajs/medusa/core-flows";

export default async function run({ container }: any) {
  const got: any[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (b) => (body += b));
    req.on("end", () => {
      const h = req.headers;
      const sum = createHmac("sha256", "a-secret-of-the-door").update(`${h["webhook-id"]}.${h["webhook-timestamp"]}.${body}`).digest("base64");
      got.push({ path: req.url, good: h["webhook-signature"] === "v1," + sum, body: JSON.parse(body) });
      res.end("{}");
    });
  });
  await new Promise<void>((r) => server.listen(0, "127.0.0.1", r));
  process.env.HOMING_DOOR = `http://127.0.0.1:${(server.address() as any).port}/in/medusa/main`;
  process.env.HOMING_SECRET = "a-secret-of-the-door";
  process.env.STORE_URL = "https://shop.example";
  const { result: [region] } = await createRegionsWorkflow(container).run({ input: { regions: [{ name: "EU", currency_code: "eur", countries: ["de"] }] } });
  const { result: [channel] } = await createSalesChannelsWorkflow(container).run({ input: { salesChannelsData: [{ name: "web" }] } });
  const { result: [product] } = await createProductsWorkflow(container).run({ input: { products: [{ title: "Assam", handle: "assam", status: "published", options: [{ title: "Size", values: ["250 g"] }], variants: [{ title: "250 g", options: { Size: "250 g" }, manage_inventory: false, prices: [{ currency_code: "eur", amount: 7.4 }] }] }] } as any });
  const { result: [customer] } = await createCustomersWorkflow(container).run({ input: { customersData: [{ email: "ann@example.com", first_name: "Ann", last_name: "Lee", has_account: true }] } });
  const { result: order } = await createOrderWorkflow(container).run({ input: { region_id: region.id, customer_id: customer.id, sales_channel_id: channel.id, email: "ann@example.com", currency_code: "eur", shipping_address: { first_name: "Ann", last_name: "Lee", country_code: "de", address_1: "1", city: "B", postal_code: "1" }, items: [{ variant_id: product.variants[0].id, quantity: 2, unit_price: 7.4, title: "250 g" }], shipping_methods: [{ name: "post", amount: 4.9 }] } as any });
  const until = async (type: string) => {
    for (let i = 0; i < 600; i++) {
      const one = got.find((g) => g.body.type === type);
      if (one) return one.body.data;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`nothing was posted about ${type}`);
  };
  const bus: any = container.resolve(Modules.EVENT_BUS);
  await bus.emit({ name: "order.placed", data: { id: order.id } });
  await until("order.placed"); // it is read as it is then
  await cancelOrderWorkflow(container).run({ input: { order_id: order.id } as any });
  await Promise.all(["product.created", "customer.created", "order.canceled"].map(until));
  assert.equal(got.length, 4);
  assert.ok(got.every((g) => g.good && g.path === "/in/medusa/main"), "each is signed");
  const [made, placed, canceled] = await Promise.all(["product.created", "order.placed", "order.canceled"].map(until));
  assert.equal(made.url, "https://shop.example/products/assam");
  assert.equal(placed.total, 19.7);
  assert.equal(placed.items[0].product_id, made.id);
  assert.equal(placed.items[0].quantity, 2);
  assert.equal(canceled.status, "canceled");
  console.log(`Medusa: ${got.length} messages, as they should be`);
  process.exit(0);
}
