// Places an order in a Vendure with the plugin, and looks at what it tells.
const { bootstrap, DefaultLogger, LogLevel, dummyPaymentHandler, defaultShippingCalculator, defaultShippingEligibilityChecker, manualFulfillmentHandler, LanguageCode, CurrencyCode } = require("@vendure/core");
const { populate } = require("@vendure/core/cli");
const { HomingPlugin } = require("./dist/homing-plugin.js");
const assert = require("node:assert/strict");
const fs = require("fs");
const said = [];
const publisher = { async publish(e) { JSON.stringify(e); said.push(e); return { status: "stored", id: e.id, warnings: [] }; } };
const config = {
  apiOptions: { port: 0, hostname: "127.0.0.1", adminApiPath: "admin-api", shopApiPath: "shop-api" },
  authOptions: { tokenMethod: ["bearer"], requireVerification: false, superadminCredentials: { identifier: "superadmin", password: "superadmin" }, cookieOptions: { secret: "x" } },
  dbConnectionOptions: { type: "better-sqlite3", database: ":memory:", synchronize: true },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  plugins: [HomingPlugin.init({ publisher, productUrl: (s) => "https://shop.example/p/" + s })],
};
fs.writeFileSync("products.csv", `name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets
Assam,assam,Tea,,,,,TEA-1,10.00,standard,100,false,,
`);
const initial = { defaultLanguage: LanguageCode.en, defaultZone: "Europe", countries: [{ name: "Germany", code: "DE", zone: "Europe" }], taxRates: [{ name: "Standard", percentage: 20 }], shippingMethods: [{ name: "Standard", price: 500 }], paymentMethods: [{ name: "test", handler: { code: dummyPaymentHandler.code, arguments: [{ name: "automaticSettle", value: "true" }] } }], collections: [] };
(async () => {
  const app = await populate(() => bootstrap(config), initial, "products.csv");
  await app.listen?.(0).catch(() => {});
  const port = app.getHttpServer().address().port;
  let token = {};
  const gql = async (path, query, variables) => {
    const r = await fetch(`http://127.0.0.1:${port}/${path}`, { method: "POST", headers: { "content-type": "application/json", ...(token[path] ? { authorization: "Bearer " + token[path] } : {}) }, body: JSON.stringify({ query, variables }) });
    token[path] = r.headers.get("vendure-auth-token") ?? token[path];
    const j = await r.json(); if (j.errors) console.error(JSON.stringify(j.errors).slice(0, 800)); return j.data;
  };
  const v = await gql("shop-api", `{products{items{id variants{id priceWithTax}}}}`);
  await gql("shop-api", `mutation{addItemToOrder(productVariantId:${v.products.items[0].variants[0].id},quantity:2){__typename ... on Order{code}}}`);
  await (gql("shop-api", `mutation{setCustomerForOrder(input:{emailAddress:"ann@example.com",firstName:"Ann",lastName:"Lee"}){__typename}}`));
  await gql("shop-api", `mutation{setOrderShippingAddress(input:{fullName:"Ann",streetLine1:"1 Street",city:"Town",postalCode:"1",countryCode:"DE"}){__typename}}`);
  const m = await gql("shop-api", `{eligibleShippingMethods{id}}`);
  await gql("shop-api", `mutation{setOrderShippingMethod(shippingMethodId:["${m.eligibleShippingMethods[0].id}"]){__typename}}`);
  await (gql("shop-api", `mutation{transitionOrderToState(state:"ArrangingPayment"){__typename}}`));
  const paid = await gql("shop-api", `mutation{addPaymentToOrder(input:{method:"test",metadata:{}}){__typename ... on Order{id code state totalWithTax total currencyCode lines{id}} ... on ErrorResult{message}}}`);
  await new Promise((r) => setTimeout(r, 1500));
  // a customer with an account
  delete token["shop-api"];
  await (gql("shop-api", `mutation{registerCustomerAccount(input:{emailAddress:"kay@example.com",firstName:"Kay",password:"secret-secret"}){__typename ... on ErrorResult{message}}}`));
  await (gql("shop-api", `mutation{login(username:"kay@example.com",password:"secret-secret"){__typename ... on ErrorResult{message}}}`));
  await gql("shop-api", `mutation{addItemToOrder(productVariantId:${v.products.items[0].variants[0].id},quantity:1){__typename}}`);
  await gql("shop-api", `mutation{setOrderShippingAddress(input:{fullName:"Kay",streetLine1:"1 Street",city:"Town",postalCode:"1",countryCode:"DE"}){__typename}}`);
  await gql("shop-api", `mutation{setOrderShippingMethod(shippingMethodId:["${m.eligibleShippingMethods[0].id}"]){__typename}}`);
  await gql("shop-api", `mutation{transitionOrderToState(state:"ArrangingPayment"){__typename}}`);
  await (gql("shop-api", `mutation{addPaymentToOrder(input:{method:"test",metadata:{}}){__typename ... on Order{code} ... on ErrorResult{message}}}`));
  await gql("admin-api", `mutation{login(username:"superadmin",password:"superadmin"){__typename}}`);
  const o = paid.addPaymentToOrder;
  const full = await gql("admin-api", `{orders(options:{filter:{code:{eq:"${o.code}"}}}){items{id lines{id} payments{id}}}}`);
  const ord = full.orders.items[0];
  const f = await gql("admin-api", `mutation($i:FulfillOrderInput!){addFulfillmentToOrder(input:$i){__typename ... on Fulfillment{id} ... on ErrorResult{message}}}`, { i: { lines: [{ orderLineId: ord.lines[0].id, quantity: 1 }], handler: { code: "manual-fulfillment", arguments: [{ name: "method", value: "post" }, { name: "trackingCode", value: "1" }] } } });
  for (const s of ["Shipped", "Delivered"]) await (gql("admin-api", `mutation{transitionFulfillmentToState(id:${f.addFulfillmentToOrder.id},state:"${s}"){__typename ... on ErrorResult{message}}}`));
  await (gql("admin-api", `mutation($i:CancelOrderInput!){cancelOrder(input:$i){__typename ... on Order{state} ... on ErrorResult{message}}}`, { i: { orderId: ord.id, reason: "x" } }));
  await new Promise((r) => setTimeout(r, 2000));
  const told = (type, order) => said.filter((e) => e.type === type && (!order || e.data.order.id === order)).map((e) => e.data);
  const [placed] = told("order.placed", o.code);
  assert.deepEqual(placed.order, {
    id: o.code, total: { amount: "29.00", currency: "USD" }, shipping: { amount: "5.00", currency: "USD" }, tax: { amount: "4.00", currency: "USD" }, coupons: [],
    items: [{ product_id: "1", name: "Assam", quantity: 2, price: { amount: "12.00", currency: "USD" }, url: "https://shop.example/p/assam" }],
  });
  assert.deepEqual(placed.customer, { email: "ann@example.com", first_name: "Ann", last_name: "Lee", country: "DE", locale: "en" }); // a guest
  const kay = told("order.placed").find((d) => d.customer.email === "kay@example.com");
  assert.equal(kay.customer.id, "2"); // an account
  for (const type of ["order.fulfilled", "order.delivered"]) assert.deepEqual(told(type, o.code)[0].order.items, [{ product_id: "1", quantity: 1 }]);
  assert.equal(told("order.cancelled", o.code).length, 1);
  assert.equal(new Set(said.map((e) => e.id)).size, said.length);
  console.log(`Vendure: ${said.length} events, as they should be`);
  process.exit(0);
})().catch((e) => { console.error(e); process.exit(1); });
