// Prints what CloudEvents' SDK for JavaScript makes of an order.
import { CloudEvent, HTTP, Kafka } from "cloudevents";
const text = process.argv[2];
const order = JSON.parse(text);
for (const [as, data, type] of [["a value", order, "application/json"], ["bytes", Buffer.from(text), "application/json"], ["text", text, "application/json"], ["vendor json", order, "application/vnd.shop.order+json"]]) {
  for (const [mode, make] of [["binary", HTTP.binary], ["structured", HTTP.structured], ["Kafka binary", Kafka.binary]]) {
    const e = new CloudEvent({ id: `js-${mode}-${as}`, source: "/shop", type: "order.placed", time: "2026-01-05T09:00:00.123Z", datacontenttype: type, data, ext: "x" });
    let m;
    try { m = make(e); } catch (err) { console.error(mode, as, String(err)); continue; }
    const body = m.body ?? m.value;
    const bytes = Buffer.isBuffer(body) ? body : body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const header = Object.fromEntries(Object.entries(m.headers).filter(([, v]) => v !== undefined).map(([k, v]) => [k, [String(v)]]));
    console.log(JSON.stringify({ sdk: "js", how: `${mode}, ${as}`, header, data: bytes.toString("base64") }));
  }
}
