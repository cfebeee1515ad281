"use strict";
// Forms that a passkey answers: the browser is asked, and what it says goes into the form. Nothing is fetched.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (form) => (form.dataset.known || "").split(" ").filter(Boolean)
  .map((each) => ({ type: "public-key", id: bytes(each) }));

async function asserted(form) {
  const made = await navigator.credentials.get({ publicKey: {
    challenge: bytes(form.dataset.challenge), rpId: form.dataset.site, allowCredentials: listed(form),
    userVerification: "required", timeout: 120000,
  } });
  const said = made.response;
  return { id: text(made.rawId), authenticatorData: text(said.authenticatorData),
    clientDataJSON: text(said.clientDataJSON), signature: text(said.signature) };
}

async function created(form) {
  const made = await navigator.credentials.create({ publicKey: {
    challenge: bytes(form.dataset.challenge), rp: { id: form.dataset.site, name: "Countenance" },
    user: { id: bytes(form.dataset.user), name: form.dataset.name, displayName: form.dataset.name },
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })), excludeCredentials: listed(form),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none", timeout: 120000,
  } });
  return { id: text(made.rawId), clientDataJSON: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject) };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const says = form.querySelector("[role=status]");
  if (!window.PublicKeyCredential) {
    says.textContent = form.dataset.none;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      const answer = await (form.dataset.passkey === "create" ? created(form) : asserted(form));
      form.querySelector("[data-answer]").value = JSON.stringify(answer);
      form.submit();
    } catch {
      says.textContent = form.dataset.failed;
    }
  });
}
