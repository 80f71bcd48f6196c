"use strict";
// An invitation's code may come behind the # of a link: the browser sends that part to nobody.
const invitation = document.getElementById("invitation");
if (invitation && location.hash.length > 1) {
  invitation.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}

// Passkeys are made and shown by the browser; without it, a code does as well.
async function say(path, body, csrf) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch("/v1/passkeys" + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function show() {
  const { options } = await say("/question", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const shown = await navigator.credentials.get({ publicKey });
  await say("/show", { answer: shown.toJSON() });
}

async function make(place) {
  const csrf = place.dataset.csrf;
  const { options } = await say("/offer", {}, csrf);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  await say("", { label: place.querySelector("input").value, answer: made.toJSON() }, csrf);
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) continue;
  place.hidden = false;
  place.querySelector("button").addEventListener("click", async () => {
    const wrong = place.querySelector(".wrong");
    wrong.hidden = true;
    try {
      await (place.dataset.passkey === "make" ? make(place) : show());
      location.assign(place.dataset.then);
    } catch {
      wrong.hidden = false;
    }
  });
}
