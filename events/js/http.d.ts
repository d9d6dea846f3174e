import type { Publisher, PublisherOptions } from "./index.js";

export interface HttpOptions extends PublisherOptions {
  /** Of Homing's gateway: `https://mail.shop.example`. */
  url: string;
  /** One of the store's api_keys. */
  key: string;
  /** fetch, if it is another one. */
  fetch?: typeof fetch;
}

/** Publishes by `POST /v1/events`. */
export function httpPublisher(options: HttpOptions): Publisher;

export interface DoorOptions {
  /** Of the door: `https://mail.shop.example/in/medusa/main`. */
  url: string;
  /** That the door and the sender share: what secret_file of the door has. */
  secret: string;
  patience?: number;
  fetch?: typeof fetch;
}

/** A door of Homing's that reads a shop system's own messages. */
export interface Door {
  /** Returns once the door has taken the message; throws PublishError else. */
  send(message: { type: string; timestamp: string; data: object }): Promise<void>;
}

/** Sends messages that are signed as Standard Webhooks has it. */
export function door(options: DoorOptions): Door;
