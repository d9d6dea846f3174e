// A plugin of Vendure 3: loads what its events are about, and tells Homing. Add it to the
// plugins of vendure-config.ts: HomingPlugin.init({ publisher }), with a publisher of
// homing-events, over NATS or HTTP.
import { Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import {
  AccountVerifiedEvent, Customer, CustomerEvent, EventBus, Fulfillment, FulfillmentStateTransitionEvent, Logger, Order, OrderPlacedEvent,
  OrderStateTransitionEvent, PluginCommonModule, ProductService, RefundStateTransitionEvent, TransactionalConnection, VendurePlugin,
  type RequestContext, type Type, type VendureEvent,
} from "@vendure/core";
import { EventRefused, minorUnits, type Anyone, type Event, type Item, type Publisher } from "homing-events";

interface Options {
  publisher: Publisher;
  /** The page of a product, if your storefront has one; by its slug. */
  productUrl?: (slug: string) => string;
}

@Injectable()
class HomingTeller implements OnApplicationBootstrap {
  constructor(private bus: EventBus, private products: ProductService, private db: TransactionalConnection) {}

  onApplicationBootstrap() {
    this.on(OrderPlacedEvent, (e) => this.placed(e));
    this.on(OrderStateTransitionEvent, async (e) => (e.toState === "Cancelled" ? [await this.change("order.cancelled", e)] : []));
    this.on(RefundStateTransitionEvent, async (e) => (e.toState === "Settled" && e.refund.total >= e.order.totalWithTax ? [await this.change("order.refunded", e)] : []));
    this.on(FulfillmentStateTransitionEvent, (e) => this.parcel(e));
    this.on(CustomerEvent, async (e) => (e.type === "deleted" ? [] : this.customer(e.ctx, e.entity.id, `customer.${e.type}`, e.createdAt)));
    this.on(AccountVerifiedEvent, (e) => this.customer(e.ctx, e.customer.id, "customer.updated", e.createdAt));
  }

  // on tells Homing what follows from events. An event has entities as they were, without
  // most of what belongs to them, and with the request: it is never sent itself.
  private on<E extends VendureEvent>(type: Type<E>, read: (event: E) => Promise<Event[]>) {
    this.bus.ofType(type).subscribe(async (event) => {
      for (let tries = 0; tries < 60; tries++) {
        try {
          for (const said of await read(event)) await HomingPlugin.options.publisher.publish(said);
          return;
        } catch (e) {
          Logger.error(`Homing was not told of ${type.name}: ${(e as Error).message}`, "HomingPlugin");
          if (e instanceof EventRefused) return;
          await new Promise((resolve) => setTimeout(resolve, 60_000)); // it is away
        }
      }
    });
  }

  private load(ctx: RequestContext, id: Order["id"], ...more: string[]) {
    return this.db.getRepository(ctx, Order).findOneOrFail({ where: { id }, relations: ["customer", "customer.user", ...more] });
  }

  private async placed({ ctx, order: { id }, createdAt }: OrderPlacedEvent): Promise<Event[]> {
    const order = await this.load(ctx, id, "lines", "lines.productVariant", "lines.productVariant.translations", "lines.featuredAsset", "shippingLines", "surcharges");
    const money = (amount: number) => minorUnits(amount, order.currencyCode); // Vendure counts in minor units
    const items: Item[] = [];
    let sum = order.shippingWithTax;
    for (const l of order.lines.filter((l) => l.quantity > 0)) {
      const product = await this.products.findOne(ctx, l.productVariant.productId);
      sum += l.unitPriceWithTax * l.quantity;
      items.push({
        product_id: String(l.productVariant.productId),
        name: l.productVariant.translations.find((t) => t.languageCode === ctx.languageCode)?.name ?? l.productVariant.translations[0]?.name ?? l.productVariant.sku,
        quantity: l.quantity,
        price: money(l.unitPriceWithTax),
        ...(product && HomingPlugin.options.productUrl ? { url: HomingPlugin.options.productUrl(product.slug) } : {}),
        ...(/^https?:/.test(l.featuredAsset?.preview ?? "") ? { image_url: l.featuredAsset!.preview } : {}),
      });
    }
    for (const s of order.surcharges.filter((s) => s.priceWithTax > 0)) {
      sum += s.priceWithTax;
      items.push({ product_id: `surcharge-${s.sku || s.id}`, name: s.description, quantity: 1, price: money(s.priceWithTax), reviewable: false });
    }
    return [{
      type: "order.placed",
      id: `order.placed-${order.code}`,
      time: order.orderPlacedAt ?? createdAt,
      data: {
        customer: { ...who(order), locale: ctx.languageCode },
        order: {
          id: order.code,
          total: money(order.totalWithTax), // total is without tax
          shipping: money(order.shippingWithTax),
          tax: money(order.totalWithTax - order.total),
          ...(sum > order.totalWithTax ? { discount: money(sum - order.totalWithTax) } : {}),
          coupons: order.couponCodes,
          items,
        },
      },
    }];
  }

  private async change(type: "order.cancelled" | "order.refunded", { ctx, order, createdAt }: OrderStateTransitionEvent | RefundStateTransitionEvent): Promise<Event> {
    return { type, id: `${type}-${order.code}`, time: createdAt, data: { customer: who(await this.load(ctx, order.id)), order: { id: order.code } } };
  }

  private async parcel({ ctx, fulfillment: { id }, toState, createdAt }: FulfillmentStateTransitionEvent): Promise<Event[]> {
    const type = toState === "Shipped" ? "order.fulfilled" : toState === "Delivered" ? "order.delivered" : undefined;
    if (!type) return [];
    const relations = ["orders", "orders.customer", "orders.customer.user", "lines", "lines.orderLine", "lines.orderLine.productVariant"];
    const { orders, lines } = await this.db.getRepository(ctx, Fulfillment).findOneOrFail({ where: { id }, relations });
    const items = lines.map((l) => ({ product_id: String(l.orderLine.productVariant.productId), quantity: l.quantity }));
    return orders.map((order): Event => ({
      type, id: `${type}-${order.code}-${id}`, time: createdAt, data: { customer: who(order), order: { id: order.code, items } },
    }));
  }

  private async customer(ctx: RequestContext, id: Customer["id"], type: "customer.created" | "customer.updated", time: Date): Promise<Event[]> {
    const c = await this.db.getRepository(ctx, Customer).findOneOrFail({ where: { id }, relations: ["user"] });
    return [{ type, id: `${type}-${id}-${time.getTime()}`, time, data: { customer: { ...person(c), email: c.emailAddress } } }];
  }
}

// person is a customer. Vendure makes one for each guest; one with a user has an account.
const person = (c: Customer): Anyone => ({ ...(c.user ? { id: String(c.id) } : {}), email: c.emailAddress, first_name: c.firstName, last_name: c.lastName });

// who ordered.
function who({ customer, shippingAddress, billingAddress }: Order): Anyone {
  const country = shippingAddress?.countryCode ?? billingAddress?.countryCode;
  return customer ? { ...person(customer), ...(country ? { country } : {}) } : {};
}

@VendurePlugin({ imports: [PluginCommonModule], providers: [HomingTeller], compatibility: "^3.0.0" })
export class HomingPlugin {
  static options: Options;

  static init(options: Options): typeof HomingPlugin {
    HomingPlugin.options = options;
    return HomingPlugin;
  }
}
