import type { EventData, EventType } from "./types.js";
export type * from "./types.js";

/** What happened, as a shop says it. */
export type Event<T extends EventType = EventType> = {
  [K in T]: {
    type: K;
    data: EventData[K];
    /** The same each time that the same thing is told: `order-10042`. Left out: one is made for this call. */
    id?: string;
    /** When it happened. Left out: now. */
    time?: Date | string;
    /** It is brought over from before: it counts, and leads to no email about itself. */
    historical?: boolean;
  };
}[T];

/** The envelope that is sent. What publish throws has it: publish it again as it is. */
export interface CloudEvent<T extends EventType = EventType> {
  specversion: "1.0";
  id: string;
  source: string;
  type: T;
  time: string;
  historical?: true;
  datacontenttype: "application/json";
  data: EventData[T];
}

export interface Warning {
  field?: string;
  reason: string;
  detail: string;
}

/** The stream has the event. */
export interface Stored {
  /** duplicate: it had it already, within the last two minutes. */
  status: "stored" | "duplicate";
  id: string;
  /** What was taken, but not as it was meant; over HTTP alone. */
  warnings: Warning[];
}

/** Where events go. */
export interface Publisher {
  /**
   * Returns once the stream has the event. Else it throws one of the errors below:
   * nothing is ever lost silently.
   */
  publish<T extends EventType>(event: Event<T> | CloudEvent<T>): Promise<Stored>;
}

/** What both kinds of publishers are told. */
export interface PublisherOptions {
  /** The key of the store in Homing's configuration. */
  store: string;
  /** Who says so: `/shop/checkout`. */
  source: string;
  /** For how many milliseconds an event is tried again while nobody answers; 30,000. */
  patience?: number;
}

/** The event is not stored, whatever went wrong, or it is not known whether it is. */
export class PublishError extends Error {
  /** false: it is certainly not stored. "unknown": it may be; publishing it again does no harm. */
  readonly stored: false | "unknown";
  /** Whether publishing the same event again may succeed. */
  readonly retry: boolean;
  /** The event as it was sent: publish it again with this, and it is the same one. */
  readonly event: CloudEvent;
}

/** The event, or who publishes it, is refused: it must be changed. */
export class EventRefused extends PublishError {
  readonly stored: false;
  readonly retry: false;
  readonly faults: Warning[];
}

/** The stream is not there, or full: it has certainly not got the event. Keep it, and try later. */
export class EventNotStored extends PublishError {
  readonly stored: false;
  readonly retry: true;
}

/** Nobody said whether the stream has the event. Keep it, and publish it again. */
export class EventMaybeStored extends PublishError {
  readonly stored: "unknown";
  readonly retry: true;
}

/** The envelope of an event: what a publisher makes of it. */
export function envelope<T extends EventType>(event: Event<T> | CloudEvent<T>, source: string): CloudEvent<T>;

/** An amount in minor units (1295) as Homing takes it ({amount: "12.95", currency: "EUR"}). */
export function minorUnits(amount: number, currency: string): { amount: string; currency: string };
