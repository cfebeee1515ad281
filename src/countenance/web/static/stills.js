// Three stills of the browser's camera, one a pose, in the order asked. They stay in this page until all are taken, and
// are sent once. Without a camera here, the fields take what the phone's own camera makes; it is made smaller first.
const SIDE = 1280;
const form = document.querySelector("form.stills");
const status = form.querySelector("[role=status]");
const steps = [...form.querySelectorAll("[data-pose]")];
const video = form.querySelector("video");
const taken = steps.map(() => null);
const again = document.querySelector("template[data-again]").content.cloneNode(true);
let now = 0;

if (navigator.mediaDevices?.getUserMedia) {
  for (const each of form.querySelectorAll("[data-scripted]")) each.hidden = false;
  form.querySelector("[data-begin]").addEventListener("click", begin);
  form.querySelector("[data-take]").addEventListener("click", async () => {
    keep(now, await still(video, video.videoWidth, video.videoHeight));
  });
} else {
  other();
}

for (const [number, step] of steps.entries()) {
  step.querySelector("input").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    try {
      const image = await createImageBitmap(file);
      keep(number, await still(image, image.width, image.height));
    } catch {
      status.textContent = status.dataset.unreadable;
    }
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (taken.includes(null)) { status.textContent = status.dataset.missing; return; }
  const data = new FormData();
  for (const name of ["token", "asking"]) data.set(name, form.elements[name].value);
  for (const [number, each] of taken.entries()) data.set(`still${number}`, each, `still${number}.jpg`);
  status.textContent = status.dataset.sending;
  form.setAttribute("aria-busy", "true");
  stop();
  try {
    const answer = await fetch(form.action, { method: "POST", body: data });
    if (answer.ok) { location.assign(form.dataset.page); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.querySelector("main").append(again);
    document.querySelector("main").focus();
  } catch {
    status.textContent = status.dataset.failed;
    form.removeAttribute("aria-busy");
  }
});

async function begin() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
  } catch {
    other();
    status.textContent = status.dataset.blocked;
    return;
  }
  form.querySelector("[data-begin]").hidden = true;
  form.querySelector(".live").hidden = false;
  await video.play();
  show();
}

// The fields of the phone's own camera.
function other() {
  for (const each of form.querySelectorAll("[data-scripted]")) each.hidden = true;
  for (const each of form.querySelectorAll("[data-other]")) each.hidden = false;
  form.querySelector("[data-send]").hidden = false;
}

function keep(number, made) {
  if (!made) return;
  taken[number] = made;
  steps[number].classList.add("done");
  now = taken.indexOf(null);
  if (now >= 0) { show(); return; }
  stop();
  status.textContent = status.dataset.ready;
  const send = form.querySelector("[data-send]");
  send.hidden = false;
  send.focus();
}

function show() {
  for (const [number, step] of steps.entries()) step.toggleAttribute("data-now", number === now);
  status.textContent = steps[now].querySelector("b").textContent;
}

function stop() {
  for (const each of video.srcObject?.getTracks() ?? []) each.stop();
  video.srcObject = null;
  form.querySelector(".live").hidden = true;
}

async function still(from, width, height) {
  const by = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * by);
  canvas.height = Math.round(height * by);
  canvas.getContext("2d").drawImage(from, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}
