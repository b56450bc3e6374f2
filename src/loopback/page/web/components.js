// Buttons and selects under a message.

import { el } from "./dom.js";
import { choose } from "./chooser.js";
import { under, use } from "./acts.js";
import { state } from "./state.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary" };

export function rows(message) {
  const busy = under.get(message.id);
  const nodes = message.rows.map((row) => el("div", { class: "row" },
    row.components.map((part) => (part.type === 2 ? button(message, part, busy) : select(message, part, busy)))));
  if (busy?.failed) nodes.push(el("p", { class: "failure", role: "alert" }, busy.failed));
  return nodes;
}

function words(part) {
  // An emoji of the server has no picture here: its name stands for it.
  const emoji = part.emoji && (part.emoji.id ? `:${part.emoji.name}:` : part.emoji.name);
  return [emoji, emoji && part.label && " ", part.label];
}

function button(message, part, busy) {
  if (part.style === 5) {
    return el("a", { class: "button secondary", href: part.url, target: "_blank", rel: "noopener noreferrer" },
      words(part), el("span", { "aria-hidden": "true" }, " ↗"), el("span", { class: "unseen" }, " (ouvre un onglet)"));
  }
  const mine = busy && busy.component === part.custom_id;
  return el("button", {
    type: "button", class: `button ${STYLES[part.style] ?? "secondary"}${mine ? " waiting" : ""}`,
    disabled: part.disabled || Boolean(busy?.component), "aria-busy": mine ? "true" : null,
    data: { key: `${message.id}:${part.custom_id}` },
    onclick: () => use(message.id, { kind: "press", message: message.id, component: part.custom_id }),
  }, words(part));
}

const NOUNS = { 5: "Choisir une personne", 6: "Choisir un rôle", 7: "Choisir une personne ou un rôle", 8: "Choisir un salon" };

function select(message, part, busy) {
  const items = offered(part);
  const taken = items.filter((item) => item.chosen).map((item) => item.label);
  const title = part.placeholder ?? NOUNS[part.type] ?? "Faire un choix";
  const mine = busy && busy.component === part.custom_id;
  const pick = async () => {
    const values = await choose({ title, items, min: part.min_values ?? 1, max: part.max_values ?? 1 });
    if (values) await use(message.id, { kind: "select", message: message.id, component: part.custom_id, values });
  };
  return el("button", {
    type: "button", class: `select${mine ? " waiting" : ""}`, "aria-haspopup": "listbox", disabled: part.disabled || Boolean(busy?.component),
    "aria-busy": mine ? "true" : null, data: { key: `${message.id}:${part.custom_id}` }, onclick: pick,
  }, el("span", null, taken.length ? taken.join(", ") : title), el("span", { "aria-hidden": "true" }, "▾"));
}

/** What a select offers, as items of the chooser. */
function offered(part) {
  const preset = new Set((part.default_values ?? []).map((value) => String(value.id)));
  if (part.type === 3) {
    return part.options.map((option) => ({
      value: option.value, label: option.label, description: option.description, chosen: option.default === true,
    }));
  }
  const list = [];
  if (part.type === 5 || part.type === 7) list.push(...people());
  if (part.type === 6 || part.type === 7) list.push(...roles());
  if (part.type === 8) list.push(...places(part.channel_types));
  return list.map((item) => ({ ...item, chosen: preset.has(item.value) }));
}

const byLabel = (a, b) => a.label.localeCompare(b.label, "fr");

/** The members of the server, as items. */
export function people() {
  return Object.entries(state.directory.users).filter(([, user]) => user.member)
    .map(([value, user]) => ({ value, label: user.name, description: `@${user.username}${user.bot ? " · application" : ""}` }))
    .sort(byLabel);
}

export function roles() {
  return Object.entries(state.directory.roles).map(([value, role]) => ({ value, label: `@${role.name}` })).sort(byLabel);
}

export function places(kinds) {
  return Object.entries(state.directory.channels).filter(([, channel]) => !kinds?.length || kinds.includes(channel.kind))
    .map(([value, channel]) => ({ value, label: channel.kind === 4 ? channel.name : `# ${channel.name}`, description: channel.parent }))
    .sort(byLabel);
}
