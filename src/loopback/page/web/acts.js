// What happens around an act: waiting, silence, refusal, forms.

import { el, toast } from "./dom.js";
import { openForm } from "./form.js";
import { act } from "./net.js";
import { state, take } from "./state.js";

/** Acts under way or failed, shown at the foot of their channel: `{ id, channel, as, text, failed }`. */
export const echoes = [];
let next = 0;

function tellEchoes() {
  take({ channel: state.channel });
}

/** Types a command. */
export async function slash(line, options) {
  const echo = { id: next++, channel: state.look.channel, as: state.look.as, line, failed: "" };
  echoes.push(echo);
  tellEchoes();
  const answer = await act({ kind: "slash", channel: echo.channel, line, options });
  const failed = trouble(answer);
  if (failed) echo.failed = failed;
  else echoes.splice(echoes.indexOf(echo), 1);
  tellEchoes();
  if (answer.modal) await openForm(answer.modal);
  return !failed;
}

export function forget(echo) {
  echoes.splice(echoes.indexOf(echo), 1);
  tellEchoes();
}

/** Why nothing came of an act, as Discord would say it; nothing when it went well. */
export function trouble(answer) {
  if (answer.silence) return "L’application ne répond pas";
  if (answer.lost) return "Le bac à sable ne répond pas";
  if (answer.refused) return answer.refused;
  return "";
}

/** What was under way or went wrong under a message: by message. */
export const under = new Map();

/** Uses a component of a message. */
export async function use(message, deed) {
  under.set(message, { component: deed.component, failed: "" });
  tellEchoes();
  const answer = await act(deed);
  const failed = answer.silence ? "Échec de l’interaction" : trouble(answer);
  if (failed) under.set(message, { component: "", failed });
  else under.delete(message);
  tellEchoes();
  if (answer.modal) await openForm(answer.modal);
}

/** An act that needs no more than a remark when it fails. */
export async function simple(deed) {
  const answer = await act(deed);
  const failed = trouble(answer);
  if (failed) toast(failed);
  return !failed;
}

export function echoNodes() {
  const own = echoes.filter((echo) => echo.channel === state.look.channel && echo.as === state.look.as);
  return own.map((echo) => el("li", { class: `message echo${echo.failed ? " failed" : ""}`, data: { id: `e${echo.id}` } },
    el("div", { class: "body" },
      el("p", { class: "command-line" }, `/${echo.line}`),
      echo.failed
        ? el("p", { class: "failure", role: "alert" }, echo.failed, " ",
          el("button", { type: "button", class: "link", onclick: () => forget(echo) }, "Rejeter"))
        : el("p", { class: "faint waiting" }, "Envoi de la commande…"))));
}
