// The messages of the channel that is open.

import { avatar, el, fill, icon, paint, $ } from "./dom.js";
import { echoNodes, simple, under } from "./acts.js";
import { day, hour, longDay, relative, stamp } from "./clock.js";
import { rows } from "./components.js";
import { embeds, files } from "./embeds.js";
import { markdown } from "./markdown.js";
import { looked } from "./net.js";
import { dismiss, follow, state } from "./state.js";

/** What is drawn: the text of each message as it came, by identifier. */
let drawn = new Map();
let shown = { channel: "", as: "" };
/** The message to which one jumps once it is drawn. */
let wanted = "";

export function startMessages() {
  follow(["channel", "directory"], draw);
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-relative]")) {
      node.textContent = relative(Number(node.dataset.relative) * 1000);
    }
  }, 15000);
}

const GROUPED = 7 * 60 * 1000;

/** Whether a message goes on under the name of the one before. */
function continues(message, before) {
  return before && before.author.id === message.author.id && message.at - before.at < GROUPED && before.kind !== 6
    && message.kind === 0 && !message.answers && !message.command && before.ephemeral === message.ephemeral
    && day(before.at) === day(message.at);
}

function name(author) {
  return paint(el("span", { class: "author" }, author.name), "--name", author.colour);
}

const tag = (author) => author.bot && el("span", { class: "tag" }, "APP");

export function messageNode(message, before, { inPins = false } = {}) {
  const time = el("time", { datetime: new Date(message.at).toISOString(), title: `${longDay(message.at)} à ${hour(message.at)}` });
  if (message.kind === 6) {
    fill(time, stamp(message.at));
    return el("li", { class: "message notice", data: { id: message.id } }, icon("pin"),
      el("p", null, name(message.author), " a épinglé un message dans ce salon. ",
        message.answers && el("button", { type: "button", class: "link", onclick: () => reveal(message.answers.id) }, "Voir le message"), " ", time));
  }
  const joined = !inPins && continues(message, before);
  fill(time, joined ? hour(message.at) : stamp(message.at));
  const put = () => {
    dismiss(message.id);
    draw();
  };
  return el("li", {
    class: `message${joined ? " joined" : ""}${message.ephemeral ? " ephemeral" : ""}${message.named ? " named" : ""}`,
    data: { id: message.id },
  },
  joined ? el("span", { class: "aside" }, time) : avatar(message.author),
  el("div", { class: "body" },
    message.answers && el("p", { class: "answers" }, icon("arrow"), name(message.answers.author), " ",
      el("button", { type: "button", class: "link", onclick: () => reveal(message.answers.id) }, message.answers.excerpt || "un message")),
    message.command && el("p", { class: "answers" }, icon("arrow"), name(message.command.user), " a utilisé ",
      el("span", { class: "mention" }, `/${message.command.name}`)),
    !joined && el("p", { class: "who" }, name(message.author), tag(message.author), time),
    message.thinking
      ? el("p", { class: "thinking faint" }, `${message.author.name} réfléchit`, el("span", { class: "dots", "aria-hidden": "true" }, "…"))
      : el("div", { class: "text" }, markdown(message.content)),
    message.edited && !message.ephemeral && el("span", { class: "faint edited", title: stamp(message.edited) }, "(modifié)"),
    embeds(message), files(message), rows(message),
    message.ephemeral && el("p", { class: "only faint" }, "Vous seul pouvez voir ceci · ",
      el("button", { type: "button", class: "link", onclick: put }, "Rejeter le message"))),
  message.erasable && !inPins && el("button", {
    type: "button", class: "erase", "aria-label": "Supprimer ce message",
    onclick: () => simple({ kind: "erase", message: message.id }),
  }, icon("trash")));
}

const separator = (at) => el("li", { class: "day", role: "separator", data: { id: `d${day(at)}` } }, el("span", null, longDay(at)));

function older(count) {
  return el("li", { class: "older", data: { id: "older" } }, el("button", {
    type: "button", class: "button secondary",
    onclick: () => {
      state.look.limit += 60;
      looked();
    },
  }, `Voir les messages précédents (${count})`));
}

function draw() {
  const channel = state.channel;
  const list = $("messages");
  const scroll = $("scroll");
  if (!channel || channel.id !== state.look.channel) {
    drawn = new Map();
    shown = { channel: "", as: "" };
    fill(list);
    return;
  }
  const fresh = shown.channel !== channel.id || shown.as !== state.look.as;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const messages = channel.messages.filter((message) => !state.dismissed.has(message.id));
  const focused = document.activeElement?.closest?.("#messages") ? document.activeElement.dataset.key : "";
  const nodes = [];
  const next = new Map();
  const known = fresh ? new Map() : drawn;
  const existing = new Map([...list.children].map((node) => [node.dataset.id, node]));
  if (channel.older > 0) nodes.push(older(channel.older));
  else nodes.push(beginning(channel));
  let before = null;
  const names = JSON.stringify(state.directory.roles).length;
  for (const message of messages) {
    if (!before || day(before.at) !== day(message.at)) nodes.push(separator(message.at));
    // What a message looks like depends on what stands above it, on what is under way, and on the names it mentions.
    const text = JSON.stringify([message, continues(message, before), under.get(message.id), names]);
    next.set(message.id, text);
    const same = known.get(message.id) === text && existing.get(message.id);
    nodes.push(same || messageNode(message, before));
    before = message;
  }
  nodes.push(...echoNodes());
  place(list, nodes);
  const added = messages.filter((message) => !known.has(message.id));
  const whole = fresh;
  drawn = next;
  shown = { channel: channel.id, as: state.look.as };
  if (wanted && list.querySelector(`[data-id="${wanted}"]`)) reveal(wanted);
  else if (fresh || atEnd || added.some((message) => message.mine)) scroll.scrollTop = scroll.scrollHeight;
  if (focused) [...list.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focused)?.focus();
  if (!whole) announce(added.filter((message) => !message.mine));
}

/** Brings a list to hold these nodes, touching only what differs, so that focus and scrolling stay. */
function place(list, nodes) {
  const keep = new Set(nodes);
  for (const node of [...list.children]) if (!keep.has(node)) node.remove();
  nodes.forEach((node, rank) => {
    if (list.children[rank] !== node) list.insertBefore(node, list.children[rank] ?? null);
  });
}

function beginning(channel) {
  const title = channel.direct ? channel.name : `Bienvenue dans #${channel.name}`;
  const text = channel.direct ? `Vos messages privés avec ${channel.name}.`
    : channel.history ? "C’est le début de ce salon." : "Vous ne pouvez pas lire les messages précédents de ce salon.";
  return el("li", { class: "beginning", data: { id: "beginning" } }, el("p", { class: "h h1" }, title), el("p", { class: "faint" }, text));
}

/** New messages are read out by screen readers. */
function announce(messages) {
  for (const message of messages.slice(-5)) {
    const text = message.thinking ? "réfléchit" : message.content || message.embeds[0]?.title || message.embeds[0]?.description || "un fichier";
    $("said").append(el("p", null, `${message.author.name} : ${text.slice(0, 300)}`));
  }
  while ($("said").children.length > 20) $("said").firstChild.remove();
}

/** Scrolls to a message and marks it for a moment; asks for older ones until it is there. */
export function reveal(id) {
  const node = $("messages").querySelector(`[data-id="${id}"]`);
  if (node) {
    wanted = "";
    node.scrollIntoView({ block: "center" });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), 2000);
    return;
  }
  wanted = id;
  if (state.channel?.older > 0) {
    state.look.limit += 500;
    looked();
  }
}
