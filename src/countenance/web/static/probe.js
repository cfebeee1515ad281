// The photo to search with: chosen, dropped, pasted, or one still of the camera. It is kept in this page only, so that
// it can be sent again with the number of the face that was chosen.
let kept = null;

function start() {
  const form = document.querySelector("form.search");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const status = form.querySelector("[role=status]");
  for (const each of form.querySelectorAll("[data-scripted]")) each.hidden = false;
  const again = form.querySelector("[data-again]");
  if (again && kept) {
    again.hidden = true;
    input.required = false;
  }
  input?.addEventListener("change", () => take(input.files[0] ?? null));
  dropping(form.querySelector("[data-drop]"));
  camera(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, event.submitter);
  });

  function take(file) {
    kept = file;
    preview(form.querySelector("canvas.preview"), file);
    status.textContent = file && status.dataset.chosen ? status.dataset.chosen.replace("{name}", file.name) : "";
  }

  function dropping(place) {
    if (!place) return;
    for (const kind of ["dragenter", "dragover"]) {
      place.addEventListener(kind, (event) => { event.preventDefault(); place.classList.add("over"); });
    }
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("over");
      const file = [...event.dataTransfer.files].find((each) => each.type.startsWith("image/"));
      if (file) take(file);
    });
    document.onpaste = (event) => {
      const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
      if (file) take(file);
    };
  }

  function camera(within) {
    const dialog = within.querySelector("dialog.camera");
    if (!dialog) return;
    const video = dialog.querySelector("video");
    const stop = () => { for (const each of video.srcObject?.getTracks() ?? []) each.stop(); video.srcObject = null; };
    within.querySelector("[data-camera]").addEventListener("click", async () => {
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
      } catch {
        status.textContent = status.dataset.blocked;
        return;
      }
      dialog.showModal();
      await video.play();
    });
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", stop);
    dialog.querySelector("[data-take]").addEventListener("click", async () => {
      const still = document.createElement("canvas");
      still.width = video.videoWidth;
      still.height = video.videoHeight;
      still.getContext("2d").drawImage(video, 0, 0);
      dialog.close();
      const made = await new Promise((done) => still.toBlob(done, "image/jpeg", 0.92));
      if (made) take(new File([made], "still.jpg", { type: "image/jpeg" }));
    });
  }

  async function send(from, button) {
    const data = new FormData(from);
    if (button?.name) data.set(button.name, button.value);
    const sampled = data.has("sample");
    if (input && !sampled) {
      if (!kept) { status.textContent = status.dataset.none ?? ""; return; }
      data.set("photo", kept, kept.name);
    }
    status.textContent = status.dataset.searching;
    from.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(from.action, { method: "POST", body: data });
      show(await answer.text(), from.dataset.page ?? "/");
    } catch {
      status.textContent = status.dataset.failed;
      from.removeAttribute("aria-busy");
    }
  }
}

// The answer takes the place of the page; the photo stays in memory for "choose the face".
function show(text, at) {
  const page = new DOMParser().parseFromString(text, "text/html");
  history.pushState({}, "", at);
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.querySelector(".said").replaceWith(page.querySelector(".said"));
  document.onpaste = null;
  scrollTo(0, 0);
  document.querySelector("main").focus({ preventScroll: true });
  start();
}

async function preview(canvas, file) {
  if (!canvas) return;
  canvas.hidden = true;
  if (!file) return;
  let image;
  try { image = await createImageBitmap(file); } catch { return; }
  const by = Math.min(1, 640 / Math.max(image.width, image.height));
  canvas.width = Math.round(image.width * by);
  canvas.height = Math.round(image.height * by);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.hidden = false;
}

addEventListener("popstate", () => location.reload());
start();
