// Publishes events by HTTP.
"use strict";
const { checked, encode, envelope, EventMaybeStored, EventNotStored, EventRefused, pause } = require("./index.js");

/** Publishes by POST /v1/events. */
function httpPublisher(options) {
  const { url, key, source, patience, fetch: via } = checked(options);
  const address = new URL("v1/events", url.endsWith("/") ? url : url + "/");
  return {
    async publish(said) {
      const event = envelope(said, source);
      const body = encode(event);
      const answer = await post(address, body, () => ({ "Content-Type": "application/cloudevents+json", Authorization: `Bearer ${key}` }), event, patience, via);
      const result = answer.results?.[0];
      if (result?.status !== "accepted" && result?.status !== "duplicate") throw new EventMaybeStored("the answer does not say whether the event is stored", event);
      return { status: result.status === "accepted" ? "stored" : "duplicate", id: event.id, warnings: result.warnings ?? [] };
    },
  };
}

/** Sends messages that are signed as Standard Webhooks has it. */
function door({ url, secret, patience, fetch: via }) {
  return {
    async send(message) {
      const body = encode(message);
      const id = "msg_" + hex(await crypto.subtle.digest("SHA-256", body)).slice(0, 32); // of its own, and the same each time
      await post(new URL(url), body, async () => {
        const at = String(Math.floor(Date.now() / 1000));
        return { "Content-Type": "application/json", "Webhook-Id": id, "Webhook-Timestamp": at, "Webhook-Signature": "v1," + (await sign(secret, `${id}.${at}.`, body)) };
      }, message, patience, via);
    },
  };
}

// post sends a body until somebody answers, and returns what is said of one that was taken.
async function post(address, body, headers, event, patience = 30_000, via = fetch) {
  const until = Date.now() + patience;
  for (let attempt = 0; ; attempt++) {
    let problem;
    let wait = 0;
    try {
      const res = await via(address, { method: "POST", headers: await headers(), body, redirect: "error", signal: AbortSignal.timeout(10_000) });
      const text = await res.text();
      if (res.ok) return parsed(text);
      problem = refused(res, text, event);
      wait = Math.min(Number(res.headers.get("Retry-After")) || 0, 60) * 1000;
    } catch (cause) {
      problem = new EventMaybeStored(`the gateway did not answer: ${cause.cause?.message ?? cause.message}`, event, cause);
    }
    if (!problem.retry || Date.now() + wait >= until) throw problem;
    await pause(attempt, wait);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

// refused says what an answer means that is not a yes.
function refused(res, text, event) {
  const answer = parsed(text);
  const faults = answer.results?.[0]?.errors ?? [];
  const why = faults.map((f) => [f.field, f.detail].filter(Boolean).join(": ")).join(" | ") || (typeof answer.error === "string" ? answer.error : res.statusText);
  if (res.status === 429) return new EventNotStored(`the gateway wants fewer requests: ${why}`, event);
  if (res.status >= 500 || res.status === 408) return new EventMaybeStored(`the gateway answered ${res.status}: ${why}`, event);
  return new EventRefused(`the gateway answered ${res.status}: ${why}`, event, faults);
}

// sign returns the HMAC-SHA256 of some text and a body. A secret that begins with whsec_
// is the rest of it in base64.
async function sign(secret, text, body) {
  const raw = secret.startsWith("whsec_") ? Uint8Array.from(atob(secret.slice(6)), (c) => c.charCodeAt(0)) : new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const head = new TextEncoder().encode(text);
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, all))));
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

// One a line, so that `import { … }` finds them, too.
exports.httpPublisher = httpPublisher;
exports.door = door;
