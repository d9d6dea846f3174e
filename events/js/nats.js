// Publishes events over NATS JetStream.
"use strict";
const { jetstream } = require("@nats-io/jetstream");
const { headers } = require("@nats-io/nats-core");
const { encode, envelope, EventMaybeStored, EventNotStored, EventRefused, checked, messageId, pause } = require("./index.js");

/** Publishes over a connection to NATS. */
function natsPublisher(connection, options) {
  const { store, source, patience = 30_000 } = checked(options);
  const js = jetstream(connection);
  return {
    async publish(said) {
      const event = envelope(said, source);
      const body = encode(event);
      const subject = `storefront.${store}.${event.type}`;
      const h = headers();
      h.set("Content-Type", "application/cloudevents+json");
      const until = Date.now() + patience;
      let sent = false; // an attempt may have reached the stream
      for (let attempt = 0; ; attempt++) {
        try {
          const ack = await js.publish(subject, body, { msgID: messageId(store, event), headers: h, timeout: 5_000 });
          return { status: ack.duplicate ? "duplicate" : "stored", id: event.id, warnings: [] };
        } catch (cause) {
          const problem = judge(cause, event, subject);
          sent ||= problem.stored === "unknown";
          if (!problem.retry || unheard(cause) || connection.isClosed() || Date.now() >= until) {
            if (sent && problem.stored === false && problem.retry) throw new EventMaybeStored(problem.message, event, cause);
            throw problem;
          }
        }
        await pause(attempt);
      }
    },
  };
}

// named returns an error, or what caused it, that has one of some names. By name: not all
// classes are exported, and a shop may have two copies of a package.
function named(error, ...names) {
  return [error, error.cause].find((e) => names.includes(e?.name));
}

// unheard reports whether acknowledgements have nowhere to go: trying again hears none.
function unheard(error) {
  return named(error, "PermissionViolationError")?.operation === "subscription";
}

// judge says what an error means for the event.
function judge(error, event, subject) {
  const denied = named(error, "PermissionViolationError");
  if (denied?.operation === "subscription") {
    // The event is stored, as a rule.
    return new EventMaybeStored(`the user may not subscribe to ${denied.subject}, where acknowledgements arrive; connect with the inboxPrefix that it may subscribe to`, event, error);
  }
  if (denied) {
    return new EventRefused(`the user may not publish ${subject}`, event, [{ field: "type", reason: "not_permitted", detail: subject }], error);
  }
  if (named(error, "JetStreamNotEnabled", "NoRespondersError")) {
    return new EventNotStored(`no stream takes ${subject}: is the store's name right, and was \`homing setup\` run?`, event, error);
  }
  const answer = named(error, "JetStreamApiError")?.apiError();
  if (answer?.err_code === 10054) {
    return new EventRefused(`the stream refuses it: ${answer.description}`, event, [{ reason: "too_large", detail: answer.description }], error);
  }
  if (answer) {
    return new EventNotStored(`the stream does not take it: ${answer.description}`, event, error); // it is full, or has no leader
  }
  if (named(error, "ClosedConnectionError", "DrainingConnectionError")) {
    return new EventNotStored("the connection to NATS is closed", event, error);
  }
  if (named(error, "InvalidArgumentError", "InvalidSubjectError")) {
    return new EventRefused(error.message, event, [{ reason: "bad_value", detail: error.message }], error);
  }
  return new EventMaybeStored(`NATS did not say whether it has the event: ${error.message}`, event, error);
}

// One a line, so that `import { … }` finds them, too.
exports.natsPublisher = natsPublisher;
