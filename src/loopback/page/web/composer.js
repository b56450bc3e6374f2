// Where one writes, and where commands begin.

import { el, fill, fold, icon, toast, $ } from "./dom.js";
import { simple } from "./acts.js";
import { size } from "./embeds.js";
import { base64, commandForm } from "./slash.js";
import { follow, state } from "./state.js";
import { suggesting } from "./suggestions.js";

const LARGEST = 10 * 1024 * 1024;
let place = "";
let files = [];
let command = null;
/** A command asked for before its channel has come. */
let wanted = "";

export function startComposer() {
  follow(["channel", "commands", "me"], draw);
}

/** Begins a command, from a mention of it. */
export function startCommand(line) {
  wanted = line;
  place = "";
  draw();
}

/** What the composer depends on: it is drawn anew only when that changes, or what was typed would be lost. */
function situation() {
  const { channel, me } = state;
  return JSON.stringify([state.look.as, state.look.channel, channel?.id, channel?.write, channel?.commands, channel?.attach,
    channel?.name, me?.member, me?.pending]);
}

function draw() {
  if (!state.me) return;
  if (command && !command.still()) command = null;
  if (situation() === place) return;
  place = situation();
  files = [];
  command = null;
  const { channel, me } = state;
  if (!channel || channel.id !== state.look.channel) {
    fill($("composer"), outside());
    return;
  }
  if (me.pending && !channel.direct) {
    fill($("composer"), el("p", { class: "closed" }, "Il reste à accepter le règlement du serveur. ",
      el("button", { type: "button", class: "button primary", onclick: () => simple({ kind: "accept" }) }, "Accepter le règlement")));
    return;
  }
  if (!channel.write) {
    fill($("composer"), el("p", { class: "closed" }, "Vous n’avez pas la permission d’envoyer des messages dans ce salon."));
    return;
  }
  writing();
  if (wanted) {
    const found = state.commands.find((one) => one.line === wanted);
    wanted = "";
    if (found) begin(found);
    else toast("Cette commande n’est pas proposée ici.");
  }
}

/** For those who see no channel. */
function outside() {
  if (state.me.member) return el("p", { class: "closed" }, "Choisissez un salon.");
  return el("p", { class: "closed" }, "Cette personne n’est pas sur le serveur. ",
    el("button", { type: "button", class: "button primary", onclick: () => simple({ kind: "join" }) }, "Rejoindre le serveur"));
}

function writing() {
  const { channel } = state;
  const chips = el("ul", { class: "files", "aria-label": "Fichiers joints" });
  const drawChips = () => fill(chips, files.map((file) => el("li", null, icon("file"), `${file.name} (${size(file.size)})`,
    el("button", {
      type: "button", class: "bare", "aria-label": `Retirer ${file.name}`,
      onclick: () => {
        files = files.filter((other) => other !== file);
        drawChips();
      },
    }, icon("close")))));
  const combo = suggesting({
    tag: "textarea", id: "text", rows: 1, maxlength: 2000, enterkeyhint: "send",
    "aria-label": channel.direct ? `Écrire à ${channel.name}` : `Écrire dans ${channel.name}`,
    placeholder: channel.direct ? `Écrire à ${channel.name}` : "Écrire, ou / pour une commande",
  }, {
    always: false,
    find: (text) => {
      if (!text.startsWith("/") || text.includes("\n")) return null;
      if (!channel.commands) return "Les commandes se tapent sur le serveur.";
      const words = fold(text.slice(1)).trimStart();
      const found = state.commands.filter((one) => fold(one.line).startsWith(words));
      const rest = state.commands.filter((one) => !found.includes(one) && fold(`${one.line} ${one.description}`).includes(words));
      const all = [...found, ...rest];
      return all.length > 0 ? all.map((one) => ({ label: `/${one.line}`, description: one.description, command: one })) : "Aucune commande ne correspond.";
    },
    pick: (item) => begin(item.command),
  });
  const { input } = combo;
  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 180)}px`;
  };
  const send = async () => {
    const text = input.value;
    if (!text.trim() && files.length === 0) return;
    if (text.startsWith("/") && files.length === 0 && channel.commands) {
      combo.refresh();
      return;
    }
    const uploads = await Promise.all(files.map(async (file) => ({ name: file.name, bytes: await base64(file) })));
    input.value = "";
    files = [];
    drawChips();
    grow();
    if (!await simple({ kind: "write", channel: channel.id, text, files: uploads }) && !input.value) {
      input.value = text;
      grow();
    }
  };
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  const picker = el("input", {
    type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-hidden": "true", id: "attach",
    onchange: () => {
      for (const file of picker.files) {
        if (file.size > LARGEST) toast(`« ${file.name} » dépasse 10 Mio.`);
        else if (files.length >= 10) toast("Un message porte dix fichiers au plus.");
        else files.push(file);
      }
      picker.value = "";
      drawChips();
      input.focus();
    },
  });
  fill($("composer"), el("form", {
    class: "write",
    onsubmit: (event) => {
      event.preventDefault();
      send();
    },
  }, chips, el("div", { class: "line" },
    channel.attach && el("button", { type: "button", class: "round quiet", "aria-label": "Joindre un fichier", onclick: () => picker.click() }, icon("plus")),
    picker, combo.node,
    el("button", { type: "submit", class: "round", "aria-label": "Envoyer" }, icon("send")))));
}

/** Fills in a command in place of the text. */
function begin(chosen) {
  const own = { channel: state.look.channel, as: state.look.as };
  const form = commandForm(chosen, () => {
    command = null;
    writing();
    $("text")?.focus();
  });
  command = { still: () => own.channel === state.look.channel && own.as === state.look.as };
  fill($("composer"), form.node);
  form.focus();
}
