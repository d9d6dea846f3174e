// What storefronts may publish. Made from the schemas in ../schemas/v1 by `make generate`.

/** An identifier of the shop. White space around it is taken off. */
export type Id = string;

/** A name to show. Control and bidirectional characters are taken out, white space becomes single spaces, what is longer is cut. */
export type Name = string;

/** A name of a product to show, treated like any name. */
export type ProductName = string;

/** An absolute address of the web. What browsers correct in one, such as a space, is corrected. */
export type Url = string;

/** A time of RFC 3339. One more than five minutes ahead becomes the time of receipt. */
export type Time = string;

/** A bare email address: no display name, no quotes, a domain with a dot. A domain that is not ASCII is written as xn--…. */
export type Email = string;

/** An exact amount. The amount is a decimal number in quotes with at most 15 digits, and no more decimals than the currency has. */
export type Money = {
  amount: string;
  /** A currency of ISO 4217's list of today, or one that was given up since 1999, as orders of the past have. */
  currency: string;
};

export type Quantity = number;

/** How many days one piece lasts. Replenishment predicts from it when the next one is needed. */
export type SupplyDays = number;

/** What the customer said about marketing email. */
export type Consent = {
  /** requested: asked for, and not confirmed yet by who reads the mailbox. With consent.double_opt_in, subscribed counts as requested unless it says that it is confirmed. */
  email?: "subscribed" | "requested" | "unsubscribed" | "unknown";
  /** When they said so. Only a consent with a time lifts an earlier unsubscribe. */
  at?: Time;
  /** Where they said so: checkout, account page, newsletter. */
  source?: Name;
  /** True: they proved that the address is theirs, by a confirmation of the shop's own. Homing does not ask again. */
  confirmed?: boolean;
};

/** A date, with the year or without it. */
export type Birthday = string;

/** A name of the IANA time zone database. Mail keeps to the hours of this zone. */
export type TimeZone = string;

/** A language tag of BCP 47. */
export type Locale = string;

/** Who the event is about, as the shop knows them now. Guests have no id, but an email address. */
export type Customer = Anyone & (Required<Pick<Anyone, "id">> | Required<Pick<Anyone, "email">>);

/** Whose order it is, as the shop knows them now. With neither an id nor an email address the order counts for products only. */
export type Anyone = {
  id?: Id;
  email?: Email;
  first_name?: Name;
  last_name?: Name;
  birthday?: Birthday;
  time_zone?: TimeZone;
  locale?: Locale;
  /** A code of ISO 3166-1 alpha-2, or the shop's own name for it. */
  country?: string;
  consent?: Consent;
};

/** One line of a cart or an order. */
export type Item = {
  product_id: Id;
  name: ProductName;
  quantity: Quantity;
  /** Of one piece. */
  price?: Money;
  url?: Url;
  image_url?: Url;
  supply_days?: SupplyDays;
  /** Where this product is reviewed. */
  review_url?: Url;
  /** False: customers are not asked for a review of it, as of gift wrap, a gift card or a fee. Left out: they are, unless its price is 0 or it is a part of a bundle. */
  reviewable?: boolean;
  /** True: it comes again by itself, so nobody is reminded to order it. */
  subscription?: boolean;
  category?: Name;
  /** The product, another line, that this is a part of. */
  bundle_of?: Id;
};

export type Items = Item[];

/** A shopping cart as it is now. An emptied cart has no items, but says so. */
export type Cart = {
  id: Id;
  /** Brings the customer back to the cart. */
  url?: Url;
  items: Items;
  total?: Money;
};

/** An order as it was placed, or as it is now. */
export type Order = {
  id: Id;
  /** The cart the order was made from. */
  cart_id?: Id;
  items: Items;
  total: Money;
  /** The codes redeemed with the order. */
  coupons?: Id[];
  /** When the order was first placed, for edits and imports. Left out: at the time of the event that first told of it. */
  placed_at?: Time;
  /** What was taken off, as a positive amount. Prices of items are those before it. */
  discount?: Money;
  shipping?: Money;
  /** Of the whole order, whether or not prices include it. */
  tax?: Money;
  /** Where the customer sees how far the order is. */
  status_url?: Url;
  /** True: nobody bought anything. It leads to no email. */
  test?: boolean;
  /** Where the order was placed. */
  channel?: Id;
};

/** Something of the shop's that several events may tell of. What has the same id is the same. */
export type Reference = {
  id: Id;
};

/** An order and the items concerned. No items: the whole order. */
export type OrderChange = {
  id: Id;
  items?: {
    product_id: Id;
    /** How many; left out: all of that product. */
    quantity?: Quantity;
  }[];
  /** Of order.refunded: which refund this is. */
  refund?: Reference;
  /** Of order.returned: which return this is. */
  return?: Reference;
  /** Of order.refunded: how much was paid back for the items. */
  amount?: Money;
};

/** A review of a product. */
export type Review = {
  product_id: Id;
  order_id?: Id;
  rating?: number;
  title?: Name;
  /** In the customer's own words. What is longer is cut. */
  text?: string;
  /** BCP 47, of the text. */
  language?: string;
  /** True: the customer said that the shop may show the review elsewhere, with their first name. Left out: they did not. The last review of a product counts. */
  quote_consent?: boolean;
};

/** Something a customer is unhappy about, until it is closed. */
export type Complaint = {
  id: Id;
  order_id?: Id;
};

/** A product as it is now. */
export type Product = {
  id: Id;
  name?: ProductName;
  url?: Url;
  image_url?: Url;
  price?: Money;
  supply_days?: SupplyDays;
  /** False: not to be had at present. */
  available?: boolean;
  category?: Name;
  /** Where it is reviewed. */
  review_url?: Url;
  /** BCP 47, of its name and its page. */
  language?: string;
};

/** An absolute address of the web that begins with https. */
export type SecureUrl = string;

/** What a customer gets again and again, and pays for each time. What is left out says nothing. */
export type Subscription = {
  id: Id;
  /** Of the plan. */
  name?: ProductName;
  /** What comes each time. */
  items?: Items;
  /** What the customer pays each time. */
  total?: Money;
  /** With interval_count: how often it renews. */
  interval?: "day" | "week" | "month" | "year";
  /** How many of them. Left out: one. */
  interval_count?: number;
  /** When the customer is charged next; it may be ahead. */
  next_renewal_at?: string;
  /** Where the customer changes it. */
  manage_url?: SecureUrl;
  /** Skips the next renewal. */
  skip_url?: SecureUrl;
  /** Cancels it. */
  cancel_url?: SecureUrl;
  /** Where the customer pays, or changes how. */
  payment_url?: SecureUrl;
};

/** A cart changed: it now holds these items, or none. */
export type CartUpdated = {
  customer: Customer;
  cart: Cart;
};

/** The shop considers a cart abandoned. */
export type CartAbandoned = {
  customer: Customer;
  cart: Cart;
};

/** A customer placed an order. */
export type OrderPlaced = {
  customer?: Anyone;
  order: Order;
};

/** An order was changed: this is what it is now. */
export type OrderUpdated = {
  customer?: Anyone;
  order: Order;
};

/** An order, or some of it, left the shop. */
export type OrderFulfilled = {
  customer?: Anyone;
  order: OrderChange;
};

/** An order, or some of it, arrived. */
export type OrderDelivered = {
  customer?: Anyone;
  order: OrderChange;
};

/** An order, or some of it, will not be fulfilled. */
export type OrderCancelled = {
  customer?: Anyone;
  order: OrderChange;
};

/** An order, or some of it, was paid back. */
export type OrderRefunded = {
  customer?: Anyone;
  order: OrderChange;
};

/** An order, or some of it, came back to the shop. */
export type OrderReturned = {
  customer?: Anyone;
  order: OrderChange;
};

/** The shop met a customer for the first time. */
export type CustomerCreated = {
  customer: Customer;
};

/** Something about a customer changed. */
export type CustomerUpdated = {
  customer: Customer;
};

/** A customer does not want some or all email any more. */
export type CustomerUnsubscribed = {
  customer: Customer;
  /** all: no marketing; everything: not even transactional mail; the name of one worker; or channel- and the name of a channel other than email. Left out: all. */
  scope?: string;
};

/** A customer said which emails they want, and how often. Comes from the gateway, or from the shop. */
export type CustomerPreferences = {
  customer: Customer;
  /** Which emails are wanted, by the name of the worker that sends them. Those left out stay as they are. */
  kinds?: Record<string, boolean>;
  /** No more marketing emails than this. {}: as many as the shop sends. */
  at_most?: {
    limit?: number;
    /** Whole days or hours, at most 366 days. */
    window?: string;
  };
  /** No marketing email before this time of RFC 3339. One that is over ends a pause. */
  pause_until?: string;
  /** Counts before the birthday of customer, in this event and in all others. */
  birthday?: Birthday;
  /** Counts before the locale of customer, in this event and in all others. */
  locale?: Locale;
  /** Counts before the time zone of customer, in this event and in all others. */
  time_zone?: TimeZone;
};

/** Another customer turned out to be the same person, who goes on as customer. */
export type CustomerMerged = {
  customer: Customer;
  /** The id that is no more. */
  from: Id;
};

/** A customer asked to be forgotten. */
export type CustomerErased = {
  customer: Customer;
};

/** A customer has not ordered for longer than they used to. Comes from the shop or from Homing's calendar. */
export type CustomerLapsed = {
  customer: Customer;
  last_order_at?: Time;
};

/** A customer's birthday is near. Comes from the shop or from Homing's calendar. */
export type CustomerBirthday = {
  customer: Customer;
  /** The calendar year of this birthday. */
  year?: number;
};

/** A customer answered a question in an email. Comes from the gateway, or from the shop. */
export type CustomerAnswered = {
  customer: Customer;
  /** Of which survey the question is. */
  survey?: Id;
  question: Id;
  /** Left out: scale if there is a score, choice if there is an answer, else text. */
  kind?: "scale" | "choice" | "text";
  /** Of a score: csat is how happy somebody is, 1 to 5, nps how likely they are to recommend the shop, 0 to 10. Without it nothing follows from a low score. */
  scale?: "csat" | "nps";
  score?: number;
  /** What was chosen. */
  answer?: Id;
  /** The customer's own words. Control characters are taken out, white space becomes single spaces, what is longer is cut. */
  text?: string;
  /** The order that it is about, if it is about one. */
  order_id?: Id;
};

/** A customer reviewed a product. */
export type ReviewSubmitted = {
  customer: Customer;
  review: Review;
};

/** A customer took a review back, or the shop took it down. */
export type ReviewWithdrawn = {
  customer: Customer;
  review: Review;
};

/** A customer complained, about an order or in general. */
export type ComplaintOpened = {
  customer: Customer;
  complaint: Complaint;
};

/** A complaint was dealt with. */
export type ComplaintClosed = {
  customer: Customer;
  complaint: Complaint;
};

/** A customer subscribed to something, or did so again after they had cancelled. */
export type SubscriptionStarted = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription was changed, or its next renewal was skipped or moved: this is what it is now. */
export type SubscriptionUpdated = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription is about to renew. */
export type SubscriptionRenewing = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription renewed, and was paid. */
export type SubscriptionRenewed = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription is paused. */
export type SubscriptionPaused = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription that was paused goes on. */
export type SubscriptionResumed = {
  customer: Customer;
  subscription: Subscription;
};

/** A subscription was cancelled. */
export type SubscriptionCancelled = {
  customer: Customer;
  subscription: Subscription;
  /** Why. Left out: it is not known. */
  reason?: "requested" | "payment_failed" | "expired" | "discontinued" | "fraud" | "deceased";
  /** Until when it goes on, paid as it is; it may be ahead. Left out: it is over. */
  ends_at?: string;
};

/** A renewal of a subscription could not be charged. */
export type SubscriptionPaymentFailed = {
  customer: Customer;
  subscription: Subscription;
  /** When you try again; it may be ahead. */
  retry_at?: string;
};

/** Points of a customer were given, taken or spent, for a reason that no other event tells. */
export type PointsAdjusted = {
  customer: Customer;
  /** One entry in a customer's ledger of points. What has the same id is the same, and counts once, with what was said last. */
  adjustment: {
    id: Id;
    /** Below 0: they were taken, or spent. */
    points: number;
    /** Why, for those who read the ledger. */
    reason?: string;
  };
};

/** A customer asked to take part in the rewards programme. */
export type RewardsJoined = {
  customer: Customer;
};

/** A customer came into a segment that the shop wants to be told of. Comes from the shop or from Homing's calendar. */
export type AudienceEntered = {
  customer: Customer;
  /** The name of the segment. */
  audience: string;
};

/** A customer is no more in a segment that the shop wants to be told of. Comes from the shop or from Homing's calendar. */
export type AudienceLeft = {
  customer: Customer;
  /** The name of the segment. */
  audience: string;
};

/** A customer ordered on the recommendation of another, whose code they used. */
export type ReferralRedeemed = {
  /** The friend, who ordered. */
  customer: Customer;
  /** Who recommended the shop, by the code that was used or by their id, and which order came of it. */
  referral: {
    /** The code that the friend used: that of an offer.issued with personal. Case does not matter. */
    code?: string;
    /** The id of the customer who recommended the shop, if you know it. Left out: the code tells. */
    referrer?: Id;
    /** The friend's order. */
    order_id: Id;
  };
};

/** Email to an address came back, as relays report it some time after they accepted it. */
export type AddressBounced = {
  email: Email;
  /** Whether the address cannot be used any more; false of a full mailbox and the like, which changes nothing. */
  permanent?: boolean;
};

/** Someone reported email to their address as spam, as mailbox providers tell. */
export type AddressComplained = {
  email: Email;
};

/** A product was added or changed: this is what it is now. */
export type ProductUpdated = {
  product: Product;
};

/** The data of each type of event. */
export interface EventData {
  "cart.updated": CartUpdated;
  "cart.abandoned": CartAbandoned;
  "order.placed": OrderPlaced;
  "order.updated": OrderUpdated;
  "order.fulfilled": OrderFulfilled;
  "order.delivered": OrderDelivered;
  "order.cancelled": OrderCancelled;
  "order.refunded": OrderRefunded;
  "order.returned": OrderReturned;
  "customer.created": CustomerCreated;
  "customer.updated": CustomerUpdated;
  "customer.unsubscribed": CustomerUnsubscribed;
  "customer.preferences": CustomerPreferences;
  "customer.merged": CustomerMerged;
  "customer.erased": CustomerErased;
  "customer.lapsed": CustomerLapsed;
  "customer.birthday": CustomerBirthday;
  "customer.answered": CustomerAnswered;
  "review.submitted": ReviewSubmitted;
  "review.withdrawn": ReviewWithdrawn;
  "complaint.opened": ComplaintOpened;
  "complaint.closed": ComplaintClosed;
  "subscription.started": SubscriptionStarted;
  "subscription.updated": SubscriptionUpdated;
  "subscription.renewing": SubscriptionRenewing;
  "subscription.renewed": SubscriptionRenewed;
  "subscription.paused": SubscriptionPaused;
  "subscription.resumed": SubscriptionResumed;
  "subscription.cancelled": SubscriptionCancelled;
  "subscription.payment_failed": SubscriptionPaymentFailed;
  "points.adjusted": PointsAdjusted;
  "rewards.joined": RewardsJoined;
  "audience.entered": AudienceEntered;
  "audience.left": AudienceLeft;
  "referral.redeemed": ReferralRedeemed;
  "address.bounced": AddressBounced;
  "address.complained": AddressComplained;
  "product.updated": ProductUpdated;
}

export type EventType = keyof EventData;
