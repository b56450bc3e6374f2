// What the page knows: the parts of the view as they came, and where this tab looks.

const listeners = new Map();

export const state = {
  key: "",
  /** Where this tab looks: as whom, in which channel, how many messages. */
  look: { as: "", channel: "", limit: 60 },
  /** The parts of the view, by name. */
  me: null, cast: [], clock: { offset: 0, moments: [] }, directory: { users: {}, roles: {}, channels: {} },
  guild: null, commands: [], members: null, channel: null, tour: { title: "", stops: [] },
  /** Ephemeral messages that were put away here. */
  dismissed: new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]")),
};

/** Calls `tell` when one of the parts has changed, once for several that come together. */
export function follow(parts, tell) {
  for (const part of parts) {
    if (!listeners.has(part)) listeners.set(part, new Set());
    listeners.get(part).add(tell);
  }
}

/** Takes parts in and tells whoever follows them. */
export function take(parts) {
  const told = new Set();
  for (const [name, value] of Object.entries(parts)) {
    state[name] = value;
    for (const tell of listeners.get(name) ?? []) told.add(tell);
  }
  for (const tell of told) tell();
}

/** The present of this world, in milliseconds since 1970. */
export const now = () => Date.now() + state.clock.offset;

export function dismiss(id) {
  state.dismissed.add(id);
  sessionStorage.setItem("dismissed", JSON.stringify([...state.dismissed]));
}

/** All channels that show, in their order, the direct conversation first. */
export function channels() {
  const guild = state.guild;
  if (!guild) return [];
  const direct = guild.direct ? [guild.direct] : [];
  return [...direct, ...guild.channels, ...guild.categories.flatMap((category) => category.channels)];
}

/** The newest message that was read in a channel, as this person. */
const marks = () => `read:${state.look.as}`;
export function lastRead() {
  return JSON.parse(sessionStorage.getItem(marks()) ?? "{}");
}
export function markRead(channel, newest) {
  if (!newest) return;
  const read = lastRead();
  if (read[channel] === newest) return;
  sessionStorage.setItem(marks(), JSON.stringify({ ...read, [channel]: newest }));
}
export const later = (a, b) => BigInt(a || 0) > BigInt(b || 0);
