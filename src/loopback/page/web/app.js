// Begins: the key, the person, the channel; then every part follows the view.

import { el, fill, icon, $ } from "./dom.js";
import { go } from "./markdown.js";
import { connect, Locked, looked, view } from "./net.js";
import { startComposer, startCommand } from "./composer.js";
import { reveal, startMessages } from "./messages.js";
import { closePanel, opened, show, startPanels, toggle } from "./panels.js";
import { startBar } from "./people.js";
import { redrawSidebar, startSidebar } from "./sidebar.js";
import { channels, follow, state, take } from "./state.js";
import { startTour } from "./tour.js";

const narrow = () => matchMedia("(max-width: 900px)").matches;

/** The key comes in the fragment of the printed address, which no server is ever sent; it is kept for other tabs. */
function findKey() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.get("cle")) {
    localStorage.setItem("cle", given.get("cle"));
    history.replaceState(null, "", "/");
  }
  state.key = localStorage.getItem("cle") ?? "";
}

function gate(text) {
  $("app").hidden = true;
  $("gate").hidden = false;
  fill($("gate"), el("h1", null, "Bac à sable"), el("p", null, text),
    el("form", {
      onsubmit: (event) => {
        event.preventDefault();
        const typed = new FormData(event.target).get("cle").trim().replace(/^.*#cle=/, "");
        localStorage.setItem("cle", typed);
        location.reload();
      },
    }, el("label", { for: "cle" }, "Adresse ou clé"), el("input", { id: "cle", name: "cle", class: "input", autocomplete: "off" }),
    el("button", { class: "button primary" }, "Entrer")));
}

/** The channel with which a person begins: the last one, else the first where one writes. */
function firstChannel() {
  const list = channels();
  const last = sessionStorage.getItem(`channel:${state.look.as}`);
  const usual = list.filter((channel) => channel.kind !== 1);
  return (list.find((channel) => channel.id === last) ?? usual.find((channel) => channel.write) ?? usual[0] ?? list[0])?.id ?? "";
}

function openChannel(id, message) {
  state.look.channel = id;
  state.look.limit = 60;
  sessionStorage.setItem(`channel:${state.look.as}`, id);
  document.body.classList.remove("menu");
  looked();
  take({ channel: state.channel });
  redrawSidebar();
  if (message) reveal(message);
  if (narrow()) $("main").focus();
}

function become(id) {
  if (id === state.look.as) return;
  state.look.as = id;
  state.look.channel = "";
  sessionStorage.setItem("as", id);
  document.body.classList.remove("menu");
  if (narrow() && opened()) closePanel();
  waiting = true;
  looked();
  take({ channel: null, members: null });
}

/** Whether a channel is still to be chosen for whom one has just become. */
let waiting = false;

/** Keeps the tab in a channel that shows: a space that closes, or a person who sees others, leads elsewhere. */
function settle() {
  if (!state.guild || !state.me || state.me.id !== state.look.as) return;
  const there = channels().some((channel) => channel.id === state.look.channel);
  if (waiting || !there) {
    const first = firstChannel();
    waiting = false;
    if (first !== state.look.channel) openChannel(first);
    else redrawSidebar();
  }
}

function drawHead() {
  const { channel } = state;
  if (!channel || channel.id !== state.look.channel) {
    fill($("head"), el("h1", null, state.guild?.name ?? ""));
    return;
  }
  const here = document.activeElement?.dataset?.opens;
  const button = (panel, name, label) => el("button", {
    type: "button", class: "bare", "aria-label": label, title: label, "aria-expanded": String(opened() === panel), data: { opens: panel },
    onclick: () => toggle(panel),
  }, icon(name));
  fill($("head"),
    icon(channel.direct ? "mail" : "hash"),
    el("h1", null, channel.parent && el("span", { class: "unseen" }, `${channel.parent} : `), channel.name),
    channel.topic && el("p", { class: "topic faint", title: channel.topic }, channel.topic),
    el("span", { class: "space" }),
    button("pins", "pin", `Messages épinglés (${channel.pins.length})`),
    !channel.direct && button("events", "calendar", "Événements"),
    !channel.direct && button("members", "people", "Membres"));
  if (here) $("head").querySelector(`[data-opens="${here}"]`)?.focus();
}

function toggleSidebar() {
  const open = document.body.classList.toggle("menu");
  if (open) $("sidebar").querySelector("[aria-current], button")?.focus();
}

function connection(up) {
  $("banner").hidden = up;
  fill($("banner"), up ? "" : "Le bac à sable ne répond plus. Nouvel essai dans un instant…");
}

async function begin() {
  findKey();
  state.look.as = sessionStorage.getItem("as") ?? "";
  let parts;
  try {
    parts = await view(state.look);
  } catch (error) {
    gate(error instanceof Locked
      ? "Il manque la clé de cette page, ou le bac à sable a redémarré. Ouvrez l’adresse complète que le terminal a affichée, ou collez-la ici."
      : "Le bac à sable ne répond pas. Relancez-le, puis rechargez cette page.");
    return;
  }
  state.look.as = parts.me.id;
  sessionStorage.setItem("as", parts.me.id);
  go.channel = openChannel;
  go.command = startCommand;
  startTour(become);
  startSidebar(openChannel);
  startMessages();
  startComposer();
  startBar(become, toggleSidebar);
  startPanels();
  follow(["channel", "guild"], drawHead);
  follow(["guild", "me", "channel"], settle);
  $("shade").addEventListener("click", () => {
    document.body.classList.remove("menu");
    if (opened()) closePanel();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("menu")) toggleSidebar();
  });
  $("app").hidden = false;
  waiting = true;
  take(parts);
  if (!narrow() && parts.tour.stops.length > 0) show("tour");
  connect(connection);
}

begin();
