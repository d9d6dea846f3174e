// What happened in a shop, for Homing. The publishers are in nats.js and http.js.
"use strict";

/** The event is not stored, or it is not known whether it is. */
class PublishError extends Error {
  constructor(message, event, stored, retry, cause) {
    super(message, cause ? { cause } : undefined);
    this.name = new.target.name;
    Object.assign(this, { event, stored, retry });
  }
}

/** The event, or who publishes it, is refused: it must be changed. */
class EventRefused extends PublishError {
  constructor(message, event, faults = [], cause) {
    super(message, event, false, false, cause);
    this.faults = faults;
  }
}

/** The stream has certainly not got the event. */
class EventNotStored extends PublishError {
  constructor(message, event, cause) {
    super(message, event, false, true, cause);
  }
}

/** Nobody said whether the stream has the event. */
class EventMaybeStored extends PublishError {
  constructor(message, event, cause) {
    super(message, event, "unknown", true, cause);
  }
}

// What Homing takes at most, in bytes.
const largest = 768 * 1024;

/** Checks the options of a publisher. */
function checked(options) {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(options.store ?? "")) throw new TypeError(`store: ${JSON.stringify(options.store)} is not the key of a store in Homing's configuration`);
  if (!options.source) throw new TypeError('source: say who publishes, such as "/shop/checkout"');
  return options;
}

/** The envelope of an event. One that has its envelope already stays as it is. */
function envelope(event, source) {
  if (event.specversion) return event;
  const out = {
    specversion: "1.0",
    id: event.id ?? crypto.randomUUID(),
    source,
    type: event.type,
    time: (event.time === undefined ? new Date() : new Date(event.time)).toISOString(),
    datacontenttype: "application/json",
    data: event.data,
  };
  if (event.historical) out.historical = true;
  return out;
}

/** The bytes of an event; throws EventRefused for what cannot be one. */
function encode(event) {
  if (!/^[a-z-]+\.[a-z_-]+$/.test(event.type ?? "")) {
    throw new EventRefused(`${JSON.stringify(event.type)} is not a type of event`, event, [{ field: "type", reason: "unknown_type", detail: "not a type of event" }]);
  }
  let text;
  try {
    text = JSON.stringify(event);
  } catch (cause) {
    // Entities of an ORM lead back to themselves.
    throw new EventRefused(`the data is not JSON: ${cause.message}`, event, [{ field: "data", reason: "not_json", detail: cause.message }], cause);
  }
  const body = new TextEncoder().encode(text);
  if (body.length > largest) {
    throw new EventRefused(`the event has ${body.length} bytes; at most ${largest}`, event, [{ reason: "too_large", detail: `${body.length} bytes` }]);
  }
  return body;
}

/** What the stream knows copies of an event by. */
function messageId(store, event) {
  return `${store} ${event.type} ${event.source} ${event.id}${event.historical ? " historical" : ""}`;
}

/** Waits, longer each time: half a second, one, two, up to ten. */
function pause(attempt, atLeast = 0) {
  const wait = Math.max(Math.min(500 * 2 ** attempt, 10_000), atLeast);
  return new Promise((resolve) => setTimeout(resolve, wait));
}

/** An amount in minor units as Homing takes it. */
function minorUnits(amount, currency) {
  const digits = decimals(currency);
  const text = String(Math.abs(Math.round(amount))).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return { amount: (amount < 0 ? "-" : "") + whole + (digits ? "." + text.slice(-digits) : ""), currency };
}

// How many digits shops count a currency's minor units with: as ISO 4217 has it. Where
// JavaScript's tables differ from that (they say how amounts are shown), ISO counts.
const iso = { HUF: 2, COP: 2, IDR: 2, IQD: 3, PKR: 2, AFN: 2, ALL: 2, IRR: 2, KPW: 2, LAK: 2, LBP: 2, MGA: 2, MMK: 2, RSD: 2, SOS: 2, SYP: 2, YER: 2 };

function decimals(currency) {
  return iso[currency] ?? new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

// One a line, so that `import { … }` finds them, too.
exports.PublishError = PublishError;
exports.EventRefused = EventRefused;
exports.EventNotStored = EventNotStored;
exports.EventMaybeStored = EventMaybeStored;
exports.checked = checked;
exports.envelope = envelope;
exports.encode = encode;
exports.messageId = messageId;
exports.pause = pause;
exports.minorUnits = minorUnits;
