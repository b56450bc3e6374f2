// A slash command being filled in: one field for each option, as its type asks.

import { el, fill, fold, icon } from "./dom.js";
import { slash } from "./acts.js";
import { people, places, roles } from "./components.js";
import { act } from "./net.js";
import { state } from "./state.js";
import { suggesting } from "./suggestions.js";

const ENTITIES = { 6: ["user", people], 7: ["channel", places], 8: ["role", roles] };
const SUGGESTED = 25;

/** Reads a file as base64. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** The form of a command; `done()` gives the composer back. */
export function commandForm(command, done) {
  const fields = new Map();
  const rows = el("div", { class: "options" });
  const more = el("div", { class: "more" });
  const error = el("p", { class: "failure", role: "alert" });
  const send = el("button", { type: "submit", class: "round", "aria-label": "Envoyer la commande" }, icon("send"));

  const filled = () => [...fields.values()].filter((field) => field.value !== null).map((field) => ({ name: field.option.name, value: field.value }));

  const drawMore = () => {
    const left = command.options.filter((option) => !fields.has(option.name));
    fill(more, left.length > 0 && el("span", { class: "faint" }, "Options : "), left.map((option) => el("button", {
      type: "button", class: "chip", title: option.description, data: { option: option.name },
      onclick: () => {
        add(option).focus();
        drawMore();
      },
    }, `+ ${option.name}`)));
  };

  const add = (option) => {
    const field = { option, value: null };
    const id = `option-${option.name}`;
    fields.set(option.name, field);
    const { node, input } = control(field, id, command, filled);
    const remove = !option.required && el("button", {
      type: "button", class: "bare", "aria-label": `Retirer ${option.name}`,
      onclick: () => {
        fields.delete(option.name);
        row.remove();
        drawMore();
      },
    }, icon("close"));
    const row = el("div", { class: "option" },
      el("label", { for: id }, option.name, option.required && el("span", { class: "needed" }, " (obligatoire)")),
      node, remove, el("p", { class: "faint", id: `${id}-about` }, option.description));
    input.setAttribute("aria-describedby", `${id}-about`);
    rows.append(row);
    return input;
  };

  const submit = async (event) => {
    event.preventDefault();
    const missing = command.options.find((option) => option.required && (fields.get(option.name)?.value ?? null) === null);
    if (missing) {
      fill(error, `L’option « ${missing.name} » est obligatoire.`);
      document.getElementById(`option-${missing.name}`)?.focus();
      return;
    }
    const options = filled();
    done();
    await slash(command.line, options);
  };

  const first = command.options.filter((option) => option.required).map(add)[0];
  drawMore();
  const node = el("form", {
    class: "command", "aria-label": `Commande /${command.line}`, onsubmit: submit,
    onkeydown: (event) => {
      if (event.key === "Escape") done();
    },
  },
  el("div", { class: "command-head" },
    el("strong", { class: "command-name" }, `/${command.line}`), el("span", { class: "faint" }, command.description),
    el("button", { type: "button", class: "bare", "aria-label": "Abandonner la commande", onclick: done }, icon("close"))),
  rows, more, error, el("div", { class: "actions" }, send));
  return { node, focus: () => (first ?? send).focus() };
}

/** The control of one option: it writes `field.value`. */
function control(field, id, command, filled) {
  const { option } = field;
  const base = { id, type: "text", class: "input" };
  if (option.type === 11) {
    const input = el("input", {
      ...base, type: "file",
      onchange: async () => {
        const file = input.files[0];
        field.value = file ? { file: { name: file.name, bytes: await base64(file) } } : null;
      },
    });
    return { node: input, input };
  }
  const typed = (text) => {
    if (!text) return null;
    if (option.type === 4 || option.type === 10) {
      const number = Number(text.replace(",", "."));
      return Number.isFinite(number) ? { number } : { text };
    }
    return { text };
  };
  const fixed = offers(option);
  if (!fixed && !option.autocomplete) {
    const input = el("input", {
      ...base, inputmode: option.type === 4 ? "numeric" : null, maxlength: option.max_length ?? null, autocomplete: "off",
      oninput: () => { field.value = typed(input.value); },
    });
    return { node: input, input };
  }
  const find = fixed
    ? (text) => {
      const found = fixed.filter((item) => fold(`${item.label} ${item.description ?? ""}`).includes(fold(text)));
      return found.length > 0 ? found.slice(0, SUGGESTED) : "Aucun choix ne correspond.";
    }
    : async (text) => {
      const others = filled().filter((one) => one.name !== option.name && !one.value.file);
      const answer = await act({ kind: "complete", channel: state.look.channel, line: command.line, option: option.name, typed: text, options: others });
      if (answer.silence || answer.lost) return "Le chargement des options a échoué.";
      if (answer.refused) return answer.refused;
      if (answer.choices.length === 0) return "Aucune option ne correspond à votre recherche.";
      return answer.choices.map((choice) => ({
        label: choice.name, value: typeof choice.value === "number" ? { number: choice.value } : { text: choice.value },
      }));
    };
  const combo = suggesting(base, {
    find, delay: fixed ? 0 : 200,
    pick: (item) => {
      combo.input.value = item.label;
      field.value = fixed ? item.typed : item.value;
      combo.input.classList.add("picked");
    },
  });
  combo.input.addEventListener("input", () => {
    combo.input.classList.remove("picked");
    // What is typed counts where the bot reads text; where one of a list is asked for, only a choice does.
    const exact = fixed?.find((item) => fold(item.label) === fold(combo.input.value));
    field.value = fixed ? exact?.typed ?? null : typed(combo.input.value);
  });
  return { node: combo.node, input: combo.input };
}

/** The fixed list of an option, if it has one. */
function offers(option) {
  if (option.choices?.length) {
    return option.choices.map((choice) => ({
      label: choice.name, typed: typeof choice.value === "number" ? { number: choice.value } : { text: choice.value },
    }));
  }
  if (option.type === 5) return [{ label: "Vrai", typed: { yes: true } }, { label: "Faux", typed: { yes: false } }];
  if (option.type === 9) {
    return [...people().map((item) => ({ ...item, typed: { user: item.value } })), ...roles().map((item) => ({ ...item, typed: { role: item.value } }))];
  }
  const entity = ENTITIES[option.type];
  if (!entity) return null;
  const [kind, list] = entity;
  return list(kind === "channel" ? option.channel_types : undefined).map((item) => ({ ...item, typed: { [kind]: item.value } }));
}
