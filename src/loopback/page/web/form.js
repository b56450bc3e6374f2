// Modals: the form that a bot opens.

import { el, fill } from "./dom.js";
import { act } from "./net.js";

/** Opens a form and goes on until it is sent or shut. */
export function openForm(form) {
  return new Promise((resolve) => {
    const error = el("p", { class: "failure", role: "alert" });
    const send = el("button", { class: "button primary", type: "submit" }, "Envoyer");
    const cancel = el("button", { class: "button secondary", type: "button", onclick: () => dialog.close() }, "Annuler");
    const rows = form.fields.map((field, rank) => {
      const id = `field-${form.interaction}-${rank}`;
      const input = el(field.long ? "textarea" : "input", {
        id, name: field.id, maxlength: field.max, placeholder: field.placeholder || null, autocomplete: "off",
        "aria-describedby": `${id}-error`, "aria-required": String(field.required),
        ...(field.long ? { rows: 6 } : { type: "text" }), value: field.value,
      });
      const fault = el("p", { class: "failure", id: `${id}-error` });
      const check = () => {
        const length = [...input.value].length;
        let why = "";
        if (field.required && !input.value.trim()) why = "Ce champ est obligatoire.";
        else if (length > 0 && length < field.min) why = `Il faut au moins ${field.min} caractères.`;
        else if (length > field.max) why = `${field.max} caractères au plus.`;
        fill(fault, why);
        input.setAttribute("aria-invalid", String(Boolean(why)));
        return !why;
      };
      input.addEventListener("input", () => fault.textContent && check());
      const node = el("div", { class: "field" },
        el("label", { for: id }, field.label, field.required && el("span", { class: "needed" }, " (obligatoire)")),
        input, fault);
      return { field, input, check, node };
    });
    const submit = async (event) => {
      event.preventDefault();
      const wrong = rows.filter((row) => !row.check());
      if (wrong.length > 0) {
        wrong[0].input.focus();
        return;
      }
      send.disabled = true;
      fill(error, "");
      const answer = await act({
        kind: "submit", interaction: form.interaction,
        fields: rows.map((row) => ({ id: row.field.id, text: row.input.value })),
      });
      send.disabled = false;
      if (answer.silence || answer.lost) fill(error, "Une erreur s’est produite. Réessayez.");
      else if (answer.refused) fill(error, answer.refused);
      else dialog.close();
    };
    const dialog = el("dialog", { class: "sheet form", "aria-labelledby": "form-title" },
      el("form", { novalidate: true, onsubmit: submit },
        el("h2", { id: "form-title" }, form.title),
        rows.map((row) => row.node),
        el("p", { class: "faint" }, "Ce formulaire sera envoyé au programme. Rien ici n’est réel : n’y mettez pas de vraies coordonnées."),
        error,
        el("div", { class: "actions" }, cancel, send)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
    rows[0]?.input.focus();
  });
}
