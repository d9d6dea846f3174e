import type { NatsConnection } from "@nats-io/nats-core";
import type { Publisher, PublisherOptions } from "./index.js";

/**
 * Publishes over a connection to NATS. Its user needs no more than to publish
 * `storefront.<store>.>` and to subscribe to its own inboxes; connect with that prefix:
 * `connect({ servers, inboxPrefix: "_INBOX_main" })`.
 */
export function natsPublisher(connection: NatsConnection, options: PublisherOptions): Publisher;
