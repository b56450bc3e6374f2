// The way to the server: acts by POST, the view by WebSocket.

import { state, take } from "./state.js";

/** Raised when the key is missing or is that of an earlier start. */
export class Locked extends Error {}

async function ask(path, init) {
  const headers = { "x-sandbox-key": state.key, ...(init?.headers ?? {}) };
  const response = await fetch(path, { ...init, headers, credentials: "omit", cache: "no-store" });
  if (response.status === 401) throw new Locked();
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

async function send(path, body) {
  const response = await ask(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  return response.json();
}

/** The whole view, once. */
export async function view(look) {
  const query = new URLSearchParams({ as: look.as, channel: look.channel, limit: look.limit });
  return (await ask(`/api/view?${query}`)).json();
}

/** An act of the person whom this tab is. Gives what came of it; `{ lost: true }` when the server is gone. */
export async function act(deed) {
  try {
    return await send("/api/act", { as: state.look.as, deed });
  } catch (error) {
    if (error instanceof Locked) location.reload();
    return { lost: true };
  }
}

export const jump = (moment) => send("/api/clock", { moment });
export const arrive = () => send("/api/newcomer", {});

const blobs = new Map();

/** A file as an address of this page alone, so that the key never stands in one. */
export function blob(path) {
  if (!blobs.has(path)) {
    const made = ask(path).then((response) => response.blob()).then((data) => URL.createObjectURL(data));
    made.catch(() => blobs.delete(path));
    blobs.set(path, made);
  }
  return blobs.get(path);
}

let socket = null;
let wait = 500;

/** Keeps the view up to date; `tell(true)` when connected, `tell(false)` when not. */
export function connect(tell) {
  const opened = new WebSocket(`ws://${location.host}/api/live`);
  socket = opened;
  opened.addEventListener("open", () => {
    opened.send(JSON.stringify({ key: state.key, look: state.look }));
    wait = 500;
    tell(true);
  });
  opened.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    const parts = told.parts;
    if (told.as !== state.look.as || told.channel !== state.look.channel) {
      // This tab has turned elsewhere meanwhile: what belongs to the screen left is on its way anew.
      delete parts.channel;
      delete parts.members;
    }
    take(parts);
  });
  opened.addEventListener("close", (event) => {
    if (socket !== opened) return;
    if (event.code === 4401) {
      location.reload();
      return;
    }
    tell(false);
    setTimeout(() => connect(tell), wait);
    wait = Math.min(wait * 2, 8000);
  });
}

/** Tells the server that this tab looks elsewhere. */
export function looked() {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ look: state.look }));
}
