// The list of channels: direct messages, then the server's categories.

import { el, fill, icon, $ } from "./dom.js";
import { channels, follow, later, lastRead, markRead, state } from "./state.js";

let open = () => {};
const folded = new Set();

export function startSidebar(openChannel) {
  open = openChannel;
  follow(["guild", "channel", "me"], draw);
}

const KINDS = { 0: "hash", 1: "mail", 2: "voice", 5: "news" };

function entry(channel, read) {
  const current = channel.id === state.look.channel;
  const unread = !current && later(channel.newest, read[channel.id]);
  const named = current ? 0 : channel.mentions.filter((id) => later(id, read[channel.id])).length;
  const direct = channel.kind === 1;
  const label = direct ? state.guild.bot.name : channel.name;
  const hints = [channel.private && !direct && "salon privé", unread && "messages non lus",
    named > 0 && `${named} mention${named > 1 ? "s" : ""}`].filter(Boolean);
  return el("li", null, el("button", {
    type: "button", class: `channel${unread ? " unread" : ""}`, "aria-current": current ? "page" : null,
    data: { channel: channel.id }, onclick: () => open(channel.id),
  },
  icon(channel.private && !direct ? "lock" : KINDS[channel.kind] ?? "hash"),
  el("span", { class: "name" }, label),
  hints.length > 0 && el("span", { class: "unseen" }, ` (${hints.join(", ")})`),
  named > 0 && el("span", { class: "count", "aria-hidden": "true" }, named)));
}

function draw() {
  const guild = state.guild;
  if (!guild || !state.me) return;
  const here = document.activeElement?.dataset?.channel;
  const read = lastRead();
  // What was there when this person was first looked at counts as read.
  if (!("*" in read)) {
    for (const channel of channels()) markRead(channel.id, channel.newest);
    markRead("*", "1");
  }
  if (state.channel?.id === state.look.channel) {
    markRead(state.channel.id, channels().find((one) => one.id === state.channel.id)?.newest);
  }
  const marks = lastRead();
  const list = (items) => el("ul", null, items.map((channel) => entry(channel, marks)));
  const categories = guild.categories.map((category) => {
    const key = category.id;
    const shut = folded.has(key);
    const shown = shut ? category.channels.filter((one) => one.id === state.look.channel || later(one.newest, marks[one.id])) : category.channels;
    return el("section", null,
      el("h3", null, el("button", {
        type: "button", class: "category", "aria-expanded": String(!shut), data: { channel: `c${key}` },
        onclick: () => {
          if (!folded.delete(key)) folded.add(key);
          draw();
        },
      }, icon("down"), el("span", null, category.name))),
      list(shown));
  });
  const scroll = $("sidebar").querySelector(".channels")?.scrollTop ?? 0;
  fill($("sidebar"),
    el("h2", { class: "server" }, guild.name),
    el("div", { class: "channels" },
      guild.direct && el("section", null, el("h3", { class: "category" }, "Messages privés"), list([guild.direct])),
      guild.channels.length > 0 && el("section", null, list(guild.channels)),
      categories,
      !state.me.member && el("p", { class: "faint" }, "Cette personne n’est pas sur le serveur : elle n’en voit rien.")));
  $("sidebar").querySelector(".channels").scrollTop = scroll;
  if (here) $("sidebar").querySelector(`[data-channel="${here}"]`)?.focus();
}

/** Draws anew, for what is not in the view: where this tab looks. */
export const redrawSidebar = draw;
