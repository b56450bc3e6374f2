// The panel at the side: members, pins, events, the guided tour; one at a time.

import { avatar, el, fill, icon, paint, $ } from "./dom.js";
import { stamp, timestamp } from "./clock.js";
import { markdown } from "./markdown.js";
import { messageNode, reveal } from "./messages.js";
import { follow, state } from "./state.js";
import { tourPanel } from "./tour.js";

const TITLES = { members: "Membres", pins: "Messages épinglés", events: "Événements", tour: "Visite guidée" };
let open = "";
let opener = null;

export const opened = () => open;
const narrow = () => matchMedia("(max-width: 900px)").matches;

export function startPanels() {
  follow(["members", "channel", "guild", "tour", "me"], draw);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]") && (narrow() ? open : $("panel").contains(document.activeElement))) closePanel();
  });
}

export function toggle(panel) {
  if (open === panel) {
    closePanel();
    return;
  }
  opener = document.activeElement;
  open = panel;
  draw();
  $("panel").focus();
}

/** Opens a panel without taking the focus. */
export function show(panel) {
  open = panel;
  draw();
}

export function closePanel() {
  open = "";
  draw();
  if (opener?.isConnected) opener.focus();
  opener = null;
}

function draw() {
  const panel = $("panel");
  document.body.dataset.panel = open;
  for (const button of document.querySelectorAll("[data-opens]")) button.setAttribute("aria-expanded", String(button.dataset.opens === open));
  panel.hidden = !open;
  if (!open) {
    fill(panel);
    return;
  }
  panel.setAttribute("aria-label", TITLES[open]);
  const content = { members, pins, events, tour: tourPanel }[open]();
  const here = panel.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  const scroll = panel.querySelector(".content")?.scrollTop ?? 0;
  fill(panel,
    el("header", null, el("h2", null, TITLES[open]),
      el("button", { type: "button", class: "bare", "aria-label": "Fermer le panneau", data: { key: "close" }, onclick: closePanel }, icon("close"))),
    el("div", { class: "content" }, content));
  panel.querySelector(".content").scrollTop = scroll;
  if (here) [...panel.querySelectorAll("[data-key]")].find((node) => node.dataset.key === here)?.focus();
}

const nothing = (text) => el("p", { class: "faint" }, text);

function members() {
  if (!state.members?.length) return nothing("Personne d’autre n’est ici.");
  return state.members.map((section) => el("section", null,
    el("h3", { class: "category" }, `${section.name} — ${section.members.length}`),
    el("ul", { class: "members" }, section.members.map((member) => el("li", { class: member.bot && !state.guild?.bot.online ? "absent" : null },
      avatar(member),
      el("span", null, paint(el("span", { class: "author" }, member.name), "--name", member.colour),
        member.bot && el("span", { class: "tag" }, "APP"),
        el("span", { class: "faint" }, [`@${member.username}`, ...member.roles, member.pending && "règlement à accepter",
          member.bot && (state.guild?.bot.online ? "en ligne" : "hors ligne")].filter(Boolean).join(" · "))))))));
}

function pins() {
  const list = state.channel?.pins ?? [];
  if (list.length === 0) return nothing("Ce salon n’a pas de message épinglé.");
  return el("ol", { class: "pins" }, list.map((message) => {
    const node = messageNode(message, null, { inPins: true });
    node.append(el("button", {
      type: "button", class: "link jump", data: { key: `pin${message.id}` },
      onclick: () => {
        if (narrow()) closePanel();
        reveal(message.id);
      },
    }, "Aller au message"));
    return node;
  }));
}

function events() {
  const list = state.guild?.events ?? [];
  if (list.length === 0) return nothing("Aucun événement n’est annoncé.");
  return list.map((event) => el("article", { class: "event" },
    el("p", { class: "faint" }, icon("calendar"), " ", event.status === 2 ? "En cours" : timestamp(event.start, "F")),
    el("h3", null, event.name),
    event.description && el("div", { class: "text" }, markdown(event.description)),
    event.place && el("p", { class: "faint" }, event.place),
    event.end && el("p", { class: "faint" }, `Jusqu’à ${stamp(event.end * 1000)}`)));
}
